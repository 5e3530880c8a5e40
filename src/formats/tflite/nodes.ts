import type { AttributeValue, Node, Tensor } from '../../graph/graph.ts'
import { readCustomOptions } from './custom-options.ts'
import { IllegalModel } from './faults.ts'
import { customOperator, operatorName } from './operators.ts'
import { explicitPadding, isWindowed } from './padding.ts'
import { readOptions } from './read-options.ts'
import { readInt8, readInt32, readUint32, type Table } from './table.ts'
import { readBytes, readInt32s, readString } from './vectors.ts'

/** No builtin operator of the public schema has come as far as this version. */
const newestVersion = 20

/** What an operator code stands for. */
export interface OperatorCode {
  readonly op: string
  readonly custom: boolean
  readonly version: number
}

/** Reads an operator code; older files use only the one-byte field. */
export function readOperatorCode(table: Table): OperatorCode {
  const number = Math.max(readInt8(table, 0), readInt32(table, 3))
  if (number < 0) throw new IllegalModel(`operator code ${number} is not known`)
  const custom = number === customOperator
  const op = custom ? readString(table, 1) : operatorName(number)
  if (op === '') throw new IllegalModel('a custom operator has no name')
  const version = readInt32(table, 2, 1)
  if (version < 1 || (!custom && version > newestVersion))
    throw new IllegalModel(`operator ${op} has version ${version}; milliwatt knows those up to ${newestVersion}`)
  return { op, custom, version }
}

function nameAt(names: readonly string[], index: number, op: string): string {
  const name = names[index]
  if (name === undefined) throw new IllegalModel(`an operator ${op} names tensor ${index} of ${names.length}`)
  return name
}

function customAttributes(table: Table, op: string): Readonly<Record<string, AttributeValue>> {
  const options = readBytes(table, 5)
  const bytes = options && options.length > 0 ? { customOptions: [...options] } : {}
  return { ...readCustomOptions(op, options), custom: 1, ...bytes }
}

function builtinAttributes(
  table: Table,
  node: Omit<Node, 'attributes'>,
  tensors: ReadonlyMap<string, Tensor>,
): Readonly<Record<string, AttributeValue>> {
  const options = readOptions(table, node.op)
  if (!isWindowed(node.op)) return options
  const { padding, ...attributes } = options
  return { ...attributes, ...explicitPadding({ ...node, attributes }, padding as 'same' | 'valid', tensors) }
}

/**
 * Reads an operator. The operator's version stands in the attribute `version`, names of the tensors that only tell the
 * quantisation inside it in `intermediates`.
 * @throws IllegalModel for unknown codes and tensors
 */
export function readNode(
  table: Table,
  index: number,
  codes: readonly OperatorCode[],
  names: readonly string[],
  tensors: ReadonlyMap<string, Tensor>,
): Node {
  const number = readUint32(table, 0)
  const code = codes[number]
  if (!code) throw new IllegalModel(`operator ${index} has code ${number} of ${codes.length}`)
  const { op } = code
  const inputs = (readInt32s(table, 1) ?? []).map((input) => (input === -1 ? '' : nameAt(names, input, op)))
  const outputs = (readInt32s(table, 2) ?? []).map((output) => nameAt(names, output, op))
  const node = { name: `${op}#${index}`, op, domain: 'tflite', inputs, outputs }
  const attributes = code.custom ? customAttributes(table, op) : builtinAttributes(table, node, tensors)
  const inside = (readInt32s(table, 8) ?? []).map((index) => nameAt(names, index, op))
  const intermediates = inside.length > 0 ? { intermediates: inside } : {}
  return { ...node, attributes: { ...attributes, ...intermediates, version: code.version } }
}
