import type { DataType, Graph, Node, Tensor } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import { randomNumbers, randomValues } from '../formats/convert-support.ts'
import { canonicalGraph, node, perChannel, perTensor, tensor } from '../support/tflite-graphs.ts'

/** A graph of one operator, in integers or in floats. */
export interface OpCase {
  readonly op: string
  readonly dtype: 'int8' | 'float32'
  readonly graph: Graph
}

type Kind = OpCase['dtype']

const random = randomNumbers(11)

/** An activation; in floats without scale. */
function activation(kind: Kind, name: string, shape: readonly number[], quantization: Quantization): Tensor {
  return tensor(name, kind, shape, kind === 'int8' ? { quantization } : {})
}

function constant(name: string, dtype: DataType, shape: readonly number[], quantization?: Quantization): Tensor {
  const length = shape.reduce((a, b) => a * b, 1)
  const bias = Int32Array.from({ length }, () => Math.round((random() - 0.5) * 4000))
  const values = dtype === 'int32' ? bias : randomValues({ name, dtype, shape }, random, 0.5)
  return tensor(name, dtype, shape, { values, ...(quantization ? { quantization } : {}) })
}

const weightScales = (count: number) => Array.from({ length: count }, (_, index) => 0.004 + 0.001 * (index % 5))
const input = perTensor(0.05, 3)

/** Weights and bias of a layer with `count` outputs: one scale an output, or one for all as dense layers have. */
function parameters(kind: Kind, shape: readonly number[], count: number, axis: number | null): readonly Tensor[] {
  if (kind === 'float32') return [constant('w', kind, shape), constant('b', kind, [count])]
  const scales = weightScales(axis === null ? 1 : count)
  const biases = scales.map((scale) => Math.fround(Math.fround(0.05) * Math.fround(scale)))
  const per = (values: readonly number[], along: number | null) =>
    along === null ? perTensor(values[0]!) : perChannel(values, along)
  const bias = per(biases, axis === null ? null : 0)
  return [constant('w', kind, shape, per(scales, axis)), constant('b', 'int32', [count], bias)]
}

const window = { padTop: 1, padBottom: 1, padLeft: 1, padRight: 1, strideH: 1, strideW: 1 }
const dilation = { dilationH: 1, dilationW: 1 }

function conv(kind: Kind): Graph {
  const x = activation(kind, 'x', [1, 7, 6, 8], input)
  const y = activation(kind, 'y', [1, 7, 6, 5], perTensor(0.08, -128))
  const attributes = { ...window, ...dilation, activation: 'relu' }
  const made = node('conv_2d', ['x', 'w', 'b'], ['y'], attributes)
  return canonicalGraph([x, ...parameters(kind, [5, 3, 3, 8], 5, 0), y], [made], ['x'], ['y'])
}

function depthwise(kind: Kind): Graph {
  const x = activation(kind, 'x', [1, 7, 6, 8], input)
  const y = activation(kind, 'y', [1, 7, 6, 8], perTensor(0.04, -9))
  const attributes = { ...window, ...dilation, activation: 'none', depthMultiplier: 1 }
  const made = node('depthwise_conv_2d', ['x', 'w', 'b'], ['y'], attributes)
  return canonicalGraph([x, ...parameters(kind, [1, 3, 3, 8], 8, 3), y], [made], ['x'], ['y'])
}

function dense(kind: Kind): Graph {
  const x = activation(kind, 'x', [1, 40], input)
  const y = activation(kind, 'y', [1, 12], perTensor(0.06, 5))
  const attributes = { activation: 'none', weightsFormat: 0, keepNumDims: 0, asymmetricQuantizeInputs: 0 }
  const made = node('fully_connected', ['x', 'w', 'b'], ['y'], attributes)
  return canonicalGraph([x, ...parameters(kind, [12, 40], 12, null), y], [made], ['x'], ['y'])
}

function pool(op: string): (kind: Kind) => Graph {
  return (kind) => {
    const x = activation(kind, 'x', [1, 8, 6, 8], input)
    const y = activation(kind, 'y', [1, 4, 3, 8], input)
    const pads = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }
    const attributes = { ...pads, strideH: 2, strideW: 2, filterH: 2, filterW: 2, activation: 'none' }
    return canonicalGraph([x, y], [node(op, ['x'], ['y'], attributes)], ['x'], ['y'])
  }
}

function add(kind: Kind): Graph {
  const [a, b] = [activation(kind, 'a', [1, 5, 4, 8], input), activation(kind, 'b', [1, 5, 4, 8], perTensor(0.03, -7))]
  const y = activation(kind, 'y', [1, 5, 4, 8], perTensor(0.07, 2))
  const made = node('add', ['a', 'b'], ['y'], { activation: 'none', potScaleInt16: 1 })
  return canonicalGraph([a, b, y], [made], ['a', 'b'], ['y'])
}

function softmax(kind: Kind): Graph {
  const x = activation(kind, 'x', [1, 12], input)
  const y = activation(kind, 'y', [1, 12], perTensor(1 / 256, -128))
  return canonicalGraph([x, y], [node('softmax', ['x'], ['y'], { beta: 1 })], ['x'], ['y'])
}

/** A sum, product or choice of two tensors; those that choose share their quantisation. */
function pair(op: string, output: Quantization, attributes: Node['attributes'] = {}): (kind: Kind) => Graph {
  return (kind) => {
    const shared = op === 'maximum' || op === 'minimum'
    const a = activation(kind, 'a', [1, 5, 4, 8], input)
    const b = activation(kind, 'b', [1, 5, 4, 8], shared ? input : perTensor(0.03, -7))
    const y = activation(kind, 'y', [1, 5, 4, 8], shared ? input : output)
    return canonicalGraph([a, b, y], [node(op, ['a', 'b'], ['y'], attributes)], ['a', 'b'], ['y'])
  }
}

/** A function of every element. */
function unary(op: string, output: Quantization, attributes: Node['attributes'] = {}): (kind: Kind) => Graph {
  return (kind) => {
    const [x, y] = [activation(kind, 'x', [1, 4, 6], input), activation(kind, 'y', [1, 4, 6], output)]
    return canonicalGraph([x, y], [node(op, ['x'], ['y'], attributes)], ['x'], ['y'])
  }
}

const integers = (name: string, shape: readonly number[], ...values: readonly number[]) =>
  tensor(name, 'int32', shape, { values: Int32Array.from(values) })

/** An operator with one computed input and a constant list beside it. */
function beside(op: string, list: Tensor, from: readonly number[], to: readonly number[]): (kind: Kind) => Graph {
  return (kind) => {
    const [x, y] = [activation(kind, 'x', from, input), activation(kind, 'y', to, input)]
    return canonicalGraph([x, list, y], [node(op, ['x', list.name], ['y'], { keepDims: 0 })], ['x'], ['y'])
  }
}

function concatenation(kind: Kind): Graph {
  const [a, b] = [activation(kind, 'a', [1, 3, 4], input), activation(kind, 'b', [1, 3, 6], input)]
  const y = activation(kind, 'y', [1, 3, 10], input)
  const made = node('concatenation', ['a', 'b'], ['y'], { axis: 2, activation: 'none' })
  return canonicalGraph([a, b, y], [made], ['a', 'b'], ['y'])
}

const makers = {
  conv_2d: conv,
  depthwise_conv_2d: depthwise,
  fully_connected: dense,
  average_pool_2d: pool('average_pool_2d'),
  max_pool_2d: pool('max_pool_2d'),
  add,
  sub: pair('sub', perTensor(0.07, 2), { activation: 'none', potScaleInt16: 1 }),
  mul: pair('mul', perTensor(0.06, -4), { activation: 'none' }),
  maximum: pair('maximum', input),
  minimum: pair('minimum', input),
  relu: unary('relu', input),
  leaky_relu: unary('leaky_relu', perTensor(0.05, 9), { alpha: 0.125 }),
  logistic: unary('logistic', perTensor(1 / 256, -128)),
  tanh: unary('tanh', perTensor(1 / 128)),
  concatenation,
  transpose: beside('transpose', integers('p', [3], 0, 2, 1), [1, 4, 6], [1, 6, 4]),
  pad: beside('pad', integers('p', [4, 2], 0, 0, 1, 2, 0, 1, 0, 0), [1, 4, 6, 3], [1, 7, 7, 3]),
  mean: beside('mean', integers('axes', [2], 1, 2), [1, 4, 6, 8], [1, 8]),
  softmax,
} as const

/** Operators that every backend is tried on. */
export const opCases: readonly OpCase[] = Object.entries(makers).flatMap(([op, make]) =>
  (['int8', 'float32'] as const).map((dtype) => ({ op, dtype, graph: make(dtype) })),
)
