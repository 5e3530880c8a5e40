import type { AttributeValue, DataType, Graph } from '../../../src/graph/graph.ts'
import { canonicalGraph, node, perTensor, tensor } from '../../support/tflite-graphs.ts'

type Attributes = Readonly<Record<string, AttributeValue>>

const quantizations = { a: perTensor(0.05, -3), b: perTensor(0.03, 11), y: perTensor(0.07, 5) }

/** A value; integers are quantised. */
function value(name: 'a' | 'b' | 'y', dtype: DataType, shape: readonly number[], scale?: number, zero = 0) {
  const quantization = scale === undefined ? quantizations[name] : perTensor(scale, zero)
  return tensor(name, dtype, shape, dtype === 'float32' ? {} : { quantization })
}

const integers = (name: string, ...values: readonly number[]) =>
  tensor(name, 'int32', [values.length], { values: Int32Array.from(values) })

function unary(op: string, dtype: DataType, attributes: Attributes = {}): Graph {
  const shape = [2, 3, 7]
  return canonicalGraph(
    [value('a', dtype, shape), value('y', dtype, shape)],
    [node(op, ['a'], ['y'], attributes)],
    ['a'],
    ['y'],
  )
}

function pair(op: string, dtype: DataType, a: readonly number[], b: readonly number[], y: readonly number[]): Graph {
  const made = node(op, ['a', 'b'], ['y'], { activation: 'none' })
  return canonicalGraph([value('a', dtype, a), value('b', dtype, b), value('y', dtype, y)], [made], ['a', 'b'], ['y'])
}

function convert(op: string, from: DataType, to: DataType): Graph {
  const zero = from === 'int16' || to === 'int16' ? 0 : 33
  const tensors = [value('a', from, [3, 13], 2 / 3, zero), value('y', to, [3, 13], 2 / 3, zero)]
  return canonicalGraph(tensors, [node(op, ['a'], ['y'])], ['a'], ['y'])
}

function reduce(op: string, dtype: DataType, axes: readonly number[], y: readonly number[]): Graph {
  const same = op.startsWith('reduce')
  const tensors = [
    value('a', dtype, [2, 5, 3, 8]),
    integers('axes', ...axes),
    value('y', dtype, y, same ? 0.05 : 0.02, same ? -3 : 7),
  ]
  return canonicalGraph(tensors, [node(op, ['a', 'axes'], ['y'], { keepDims: 0 })], ['a'], ['y'])
}

function softmax(dtype: DataType): Graph {
  const tensors = [value('a', dtype, [4, 12]), value('y', dtype, [4, 12], 1 / 256, -128)]
  return canonicalGraph(tensors, [node('softmax', ['a'], ['y'], { beta: 1 })], ['a'], ['y'])
}

function pad(dtype: DataType): Graph {
  const paddings = tensor('p', 'int32', [3, 2], { values: Int32Array.of(1, 0, 2, 1, 0, 3) })
  const tensors = [value('a', dtype, [3, 4, 2]), paddings, value('y', dtype, [4, 7, 5], 0.05, -3)]
  return canonicalGraph(tensors, [node('pad', ['a', 'p'], ['y'])], ['a'], ['y'])
}

function transpose(dtype: DataType): Graph {
  const tensors = [value('a', dtype, [2, 3, 4]), integers('p', 2, 0, 1), value('y', dtype, [4, 2, 3], 0.05, -3)]
  return canonicalGraph(tensors, [node('transpose', ['a', 'p'], ['y'])], ['a'], ['y'])
}

function reshape(): Graph {
  const tensors = [value('a', 'int8', [3, 4]), integers('shape', 2, 6), value('y', 'int8', [2, 6], 0.05, -3)]
  return canonicalGraph(tensors, [node('reshape', ['a', 'shape'], ['y'])], ['a'], ['y', 'a'])
}

const floatUnaries = 'relu relu6 hard_swish abs neg square floor ceil exp elu logistic tanh'.split(' ')
const pairs = 'add sub mul div maximum minimum prelu'.split(' ')
const [whole, channels] = [[2, 3, 8], [8]] as const

/** Graphs of one operator for every kind of step but int8 layers, by name. */
export const opGraphs: Readonly<Record<string, Graph>> = {
  ...Object.fromEntries(floatUnaries.map((op) => [`${op} float32`, unary(op, 'float32')])),
  'leaky_relu float32': unary('leaky_relu', 'float32', { alpha: 0.1 }),
  'tanh int8': unary('tanh', 'int8'),
  'hard_swish int8': unary('hard_swish', 'int8'),
  ...Object.fromEntries(pairs.map((op) => [`${op} float32`, pair(op, 'float32', whole, channels, whole)])),
  'sub float32, channels first': pair('sub', 'float32', [1, 8], whole, whole),
  'div float32, rows': pair('div', 'float32', whole, [3, 1], whole),
  'mul float32, one number': pair('mul', 'float32', whole, [1], whole),
  'add int8': pair('add', 'int8', whole, whole, whole),
  'add int8, 130': pair('add', 'int8', [130], [130], [130]),
  'add int8, broadcast': pair('add', 'int8', whole, [3, 1], whole),
  'mul int8, broadcast': pair('mul', 'int8', whole, channels, whole),
  ...Object.fromEntries(
    (['int8', 'uint8', 'int16'] as const).flatMap((type) => [
      [`quantize to ${type}`, convert('quantize', 'float32', type)],
      [`dequantize ${type}`, convert('dequantize', type, 'float32')],
    ]),
  ),
  'quantize uint8 to int8': convert('quantize', 'uint8', 'int8'),
  ...Object.fromEntries(
    (['int8', 'uint8', 'float32'] as const).flatMap((type) => [
      [`mean ${type}`, reduce('mean', type, [1, 2], [2, 8])],
      [`sum ${type}`, reduce('sum', type, [3], [2, 5, 3])],
      [`reduce_max ${type}`, reduce('reduce_max', type, [0, 2], [5, 8])],
      [`reduce_min ${type}`, reduce('reduce_min', type, [1], [2, 3, 8])],
    ]),
  ),
  'softmax int8': softmax('int8'),
  'softmax float32': softmax('float32'),
  'pad int8': pad('int8'),
  'pad float32': pad('float32'),
  'transpose int8': transpose('int8'),
  'transpose float32': transpose('float32'),
  reshape: reshape(),
}
