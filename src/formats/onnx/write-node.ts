import type { BinaryWriter } from '@bufbuild/protobuf/wire'
import { MilliwattError } from '../../core/errors.ts'
import type { AttributeValue, Node } from '../../graph/graph.ts'
import { writeTensor } from './write-tensor.ts'
import { writeFloat, writeInteger, writeMessage, writeText } from './write-wire.ts'

/** Attributes that are floats in every operator of the standard set and of onnxruntime's, whole numbers or not. */
const floatAttributes = new Set(
  [
    'activation_alpha activation_beta alpha beta bias clip cubic_coeff_a epsilon extrapolation_value gamma high',
    'lambd low max mean min momentum ratio scale scales seed softcap spatial_scale threshold value_float value_floats',
  ].flatMap((line) => line.split(' ')),
)

/** AttributeProto.AttributeType of the public schema. */
const types = { float: 1, integer: 2, text: 3, tensor: 4, floats: 6, integers: 7, texts: 8 } as const

function writeNumbers(writer: BinaryWriter, name: string, values: readonly number[]): number {
  const float = values.length > 0 && (floatAttributes.has(name) || !values.every(Number.isSafeInteger))
  for (const value of values) float ? writeFloat(writer, 7, value) : writeInteger(writer, 8, value)
  return float ? types.floats : types.integers
}

function writeNumber(writer: BinaryWriter, name: string, value: number): number {
  const float = floatAttributes.has(name) || !Number.isSafeInteger(value)
  if (float) writeFloat(writer, 2, value)
  else writeInteger(writer, 3, value)
  return float ? types.float : types.integer
}

function writeTexts(writer: BinaryWriter, values: readonly string[]): number {
  for (const value of values) writeText(writer, 9, value)
  return types.texts
}

function writeValue(writer: BinaryWriter, node: Node, name: string, value: AttributeValue): number {
  if (typeof value === 'number') return writeNumber(writer, name, value)
  if (typeof value === 'string') {
    writeText(writer, 4, value)
    return types.text
  }
  if (Array.isArray(value))
    return typeof value[0] === 'string'
      ? writeTexts(writer, value as readonly string[])
      : writeNumbers(writer, name, value as readonly number[])
  if ('tensor' in value) {
    writeMessage(writer, 5, (inner) => writeTensor(inner, value.tensor))
    return types.tensor
  }
  const what = 'unsupported' in value ? value.unsupported : 'value'
  throw new MilliwattError('OP_UNSUPPORTED', node.name || node.op, `Attribute "${name}" is a ${what}.`)
}

/** Fills a NodeProto. @throws MilliwattError OP_UNSUPPORTED for attributes that the reader could not keep */
export function writeNode(writer: BinaryWriter, node: Node): void {
  for (const input of node.inputs) writeText(writer, 1, input)
  for (const output of node.outputs) writeText(writer, 2, output)
  if (node.name) writeText(writer, 3, node.name)
  writeText(writer, 4, node.op)
  for (const [name, value] of Object.entries(node.attributes))
    writeMessage(writer, 5, (attribute) => {
      writeText(attribute, 1, name)
      writeInteger(attribute, 20, writeValue(attribute, node, name, value))
    })
  if (node.domain) writeText(writer, 7, node.domain)
}
