import type { Builder } from 'flatbuffers'
import { MilliwattError } from '../../core/errors.ts'
import { type AttributeValue, type DataType, type Graph, type Node, numberAttribute } from '../../graph/graph.ts'
import { activations, type Option, optionsTables } from './options.ts'
import { isWindowed, samePadding, windowAxes } from './padding.ts'
import { dataTypeCode } from './types.ts'

/** Says what TFLite cannot hold. */
export function cannotWrite(node: Node, what: string): MilliwattError {
  return new MilliwattError('OP_UNSUPPORTED', node.name || node.op, `TFLite writer: ${node.op} ${what}.`)
}

/** The rule that gives a node's explicit pads; null when neither SAME nor VALID does. */
export function paddingRule(node: Node, graph: Graph): 'same' | 'valid' | null {
  if (node.attributes.padding === 'same' || node.attributes.padding === 'valid') return node.attributes.padding
  const pads = ['padTop', 'padBottom', 'padLeft', 'padRight'].map((name) => numberAttribute(node, name, 0))
  if (pads.every((pad) => pad === 0)) return 'valid'
  const same = windowAxes(node, graph.tensors)?.flatMap(samePadding)
  return same?.every((pad, side) => pad === pads[side]) ? 'same' : null
}

/** What is written before the table: lists and text lie outside of it. */
function vectorOf(builder: Builder, node: Node, option: Option): number {
  const value = node.attributes[option.name]
  if (option.kind === 'text') return builder.createString(typeof value === 'string' ? value : '')
  if (option.kind !== 'ints' || !Array.isArray(value)) return 0
  return int32Vector(builder, value as readonly number[])
}

/** A vector of int32. */
export function int32Vector(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4)
  for (const value of values.toReversed()) builder.addInt32(value)
  return builder.endVector()
}

function indexIn(names: readonly string[], value: AttributeValue | undefined, node: Node, option: Option): number {
  const index = value === undefined ? 0 : names.indexOf(String(value))
  if (index === -1) throw cannotWrite(node, `has the ${option.name} ${String(value)}, which TFLite has not got`)
  return index
}

function typeCode(value: AttributeValue | undefined, node: Node, option: Option): number {
  const code = value === undefined ? 0 : dataTypeCode(value as DataType)
  if (code === null) throw cannotWrite(node, `has the ${option.name} ${String(value)}, which TFLite has not got`)
  return code
}

type Add = (builder: Builder, node: Node, option: Option, vector: number, graph: Graph) => void

const byte =
  (codeOf: (value: AttributeValue | undefined, node: Node, option: Option) => number): Add =>
  (builder, node, option) =>
    builder.addFieldInt8(option.field, codeOf(node.attributes[option.name], node, option), 0)

const vector: Add = (builder, _node, { field }, at) => builder.addFieldOffset(field, at, 0)

const writers: Readonly<Record<Option['kind'], Add>> = {
  int: (builder, node, { name, field, fallback }) =>
    builder.addFieldInt32(field, numberAttribute(node, name, fallback), fallback),
  bool: (builder, node, { name, field, fallback }) =>
    builder.addFieldInt8(field, numberAttribute(node, name, fallback), fallback),
  float: (builder, node, { name, field, fallback }) =>
    builder.addFieldFloat32(field, numberAttribute(node, name, fallback), fallback),
  ints: vector,
  text: vector,
  type: byte(typeCode),
  activation: byte((value, node, option) => indexIn(activations, value, node, option)),
  mirror: byte((value, node, option) => indexIn(['reflect', 'symmetric'], value, node, option)),
  padding: (builder, node, { field }, _vector, graph) => {
    const rule = paddingRule(node, graph)
    if (!rule) throw cannotWrite(node, 'has pads that neither SAME nor VALID gives')
    builder.addFieldInt8(field, rule === 'same' ? 0 : 1, 0)
  },
  subgraph: (builder, node, { name, field }) => {
    if (node.op !== 'call_once') throw cannotWrite(node, 'refers to another subgraph')
    builder.addFieldInt32(field, numberAttribute(node, name, 0), 0)
  },
}

/**
 * Writes a node's options table.
 * @returns its number in the union and its offset, both 0 for operators without options
 * @throws MilliwattError OP_UNSUPPORTED for attributes that TFLite cannot hold
 */
export function writeOptions(
  builder: Builder,
  node: Node,
  graph: Graph,
): { readonly type: number; readonly at: number } {
  const table = optionsTables[node.op]
  if (!table) {
    if (node.attributes.builtinOptions) throw cannotWrite(node, 'has options that milliwatt does not know')
    return { type: 0, at: 0 }
  }
  if (isWindowed(node.op) && !paddingRule(node, graph)) throw cannotWrite(node, 'has pads that no rule gives')
  const vectors = table.options.map((option) => vectorOf(builder, node, option))
  builder.startObject(Math.max(0, ...table.options.map((option) => option.field + 1)))
  table.options.forEach((option, index) => {
    writers[option.kind](builder, node, option, vectors[index]!, graph)
  })
  return { type: table.type, at: builder.endObject() }
}
