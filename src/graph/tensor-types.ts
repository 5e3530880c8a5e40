import { type DataType, type Graph, type Node, numberAttribute } from './graph.ts'

/** Element types by their numbers in ONNX (TensorProto.DataType of the public onnx.proto). */
const numbered: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
}

/** Operators of the standard set whose output has one type whatever goes in. */
const fixed: Readonly<Record<string, DataType>> = {
  ArgMax: 'int64',
  ArgMin: 'int64',
  Shape: 'int64',
  Size: 'int64',
  NonZero: 'int64',
  ConvInteger: 'int32',
  MatMulInteger: 'int32',
  Equal: 'bool',
  Less: 'bool',
  LessOrEqual: 'bool',
  Greater: 'bool',
  GreaterOrEqual: 'bool',
  And: 'bool',
  Or: 'bool',
  Not: 'bool',
}

/** Which input gives the output its type, where that is not the first: zero points, scales, choices, values. */
const typedBy: Readonly<Record<string, number>> = {
  QuantizeLinear: 2,
  DequantizeLinear: 1,
  QLinearConv: 7,
  QLinearMatMul: 7,
  Where: 1,
  OneHot: 2,
}

function madeType(node: Node, typeOf: (name: string) => DataType): DataType {
  if (node.op === 'Cast') return numbered[numberAttribute(node, 'to', 1)] ?? 'float32'
  const name = node.inputs[typedBy[node.op] ?? 0]
  if (!name) return node.op === 'QuantizeLinear' ? 'uint8' : 'float32'
  return fixed[node.op] ?? typeOf(name)
}

/**
 * Element types of all tensors: as the file declares them, else by the rules of ONNX's operators (most keep the type of
 * their first input). Files need not declare what nodes make.
 */
export function tensorTypes(graph: Graph): ReadonlyMap<string, DataType> {
  const types = new Map([...graph.tensors.values()].map(({ name, dtype }) => [name, dtype] as const))
  const typeOf = (name: string) => types.get(name) ?? 'float32'
  for (const node of graph.nodes)
    for (const output of node.outputs) if (!types.has(output)) types.set(output, madeType(node, typeOf))
  return types
}
