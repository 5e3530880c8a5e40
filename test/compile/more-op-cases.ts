import type { AttributeValue, DataType, Graph, Tensor } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { floatLstm, floatRnn, int8Lstm, sizes } from '../support/recurrent-graphs.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'
import { randomElements } from './op-cases.ts'

type Shape = readonly number[]

interface Case {
  readonly op: string
  readonly title: string
  readonly graph: Graph
}

const quantized = (dtype: DataType): { quantization?: Quantization } =>
  dtype === 'int8' || dtype === 'uint8' ? { quantization: perTensor(0.05, 3) } : {}
const value = (name: string, dtype: DataType, shape: Shape): Tensor => tensor(name, dtype, shape, quantized(dtype))
const ints = (name: string, values: readonly number[], shape: Shape = [values.length]): Tensor => ({
  ...tensor(name, 'int32', shape, { values: Int32Array.from(values) }),
})
const filled = (name: string, dtype: DataType, shape: Shape): Tensor => {
  const values: Values = randomElements(
    dtype,
    Math.max(
      1,
      shape.reduce((a, b) => a * b, 1),
    ),
  )
  return { ...value(name, dtype, shape), data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }
}

function one(
  op: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Case {
  const names = (list: readonly Tensor[]) => list.map(({ name }) => name)
  const open = inputs.filter(({ data }) => !data)
  const made = node(op, names(inputs), names(outputs), { activation: 'none', ...attributes })
  const title = `${inputs[0]!.dtype} to ${outputs.map(({ dtype, shape }) => `${dtype} [${shape}]`)}`
  return { op, title, graph: canonicalGraph([...inputs, ...outputs], [made], names(open), names(outputs)) }
}

const anyType = ['float32', 'int8', 'int16', 'int32', 'int64', 'bool'] as const

const moves = anyType.flatMap((dtype) => {
  const x = (shape: Shape) => value('x', dtype, shape)
  const y = (shape: Shape) => value('y', dtype, shape)
  return [
    one('tile', [x([2, 3]), ints('times', [2, 3])], [y([4, 9])]),
    one('broadcast_to', [x([2, 1]), ints('shape', [3, 2, 4])], [y([3, 2, 4])]),
    one('reverse_v2', [x([2, 3, 4]), ints('axes', [1, 2])], [y([2, 3, 4])]),
    one('gather_nd', [x([3, 4, 2]), ints('places', [0, 1, 2, 3, 1, 0], [3, 2])], [y([3, 2])]),
    one(
      'space_to_batch_nd',
      [x([2, 5, 6, 3]), ints('blocks', [2, 3]), ints('pads', [1, 0, 0, 0], [2, 2])],
      [y([12, 3, 2, 3])],
    ),
    one(
      'batch_to_space_nd',
      [x([12, 3, 2, 3]), ints('blocks', [2, 3]), ints('crops', [1, 0, 0, 0], [2, 2])],
      [y([2, 5, 6, 3])],
    ),
    one('fill', [ints('shape', [3, 2]), value('x', dtype, [])], [y([3, 2])]),
    one('zeros_like', [x([3, 2])], [y([3, 2])]),
    one('select', [value('c', 'bool', [3, 2]), x([3, 2]), value('z', dtype, [3, 2])], [y([3, 2])]),
    one('select', [value('c', 'bool', [3]), x([3, 2]), value('z', dtype, [3, 2])], [y([3, 2])]),
    one('select_v2', [value('c', 'bool', [3, 1]), x([2]), filled('z', dtype, [])], [y([3, 2])]),
    one('shape', [x([3, 2])], [value('y', 'int32', [2])]),
    one('shape', [x([3, 2])], [value('y', 'int64', [2])]),
    ...[-1, 0].map((axis) =>
      one(
        'one_hot',
        [value('i', 'int32', [2, 3]), ints('depth', [4], []), filled('on', dtype, []), filled('off', dtype, [])],
        [y(axis === 0 ? [4, 2, 3] : [2, 3, 4])],
        { axis },
      ),
    ),
    one('topk_v2', [x([3, 7]), ints('k', [3], [])], [y([3, 3]), value('places', 'int32', [3, 3])]),
  ]
})

const sums = (['float32', 'int32'] as const).flatMap((dtype) => [
  ...[
    { exclusive: 0, reverse: 0 },
    { exclusive: 1, reverse: 1 },
  ].map((attributes) =>
    one('cumsum', [value('x', dtype, [3, 4, 2]), ints('axis', [-2], [])], [value('y', dtype, [3, 4, 2])], attributes),
  ),
  one('reduce_prod', [value('x', dtype, [2, 3, 4]), ints('axes', [1])], [value('y', dtype, [2, 4])], { keepDims: 0 }),
  ...['floor_div', 'floor_mod', 'pow', 'squared_difference'].map((op) =>
    one(op, [value('a', dtype, [3, 4]), value('b', dtype, [4])], [value('y', dtype, [3, 4])]),
  ),
])

const bools = ['reduce_any', 'reduce_all'].map((op) =>
  one(op, [value('x', 'bool', [6, 3]), ints('axes', [1])], [value('y', 'bool', [6])], { keepDims: 0 }),
)

const singles = [
  ...['round', 'sign'].map((op) => one(op, [value('x', 'float32', [3, 7])], [value('y', 'float32', [3, 7])])),
  ...[0, 1].flatMap((approximate) =>
    (['float32', 'int8'] as const).map((dtype) =>
      one('gelu', [value('x', dtype, [3, 70])], [value('y', dtype, [3, 70])], { approximate }),
    ),
  ),
  ...['exp', 'elu', 'log'].map((op) => one(op, [value('x', 'int8', [3, 70])], [value('y', 'int8', [3, 70])])),
  one('logical_not', [value('x', 'bool', [9])], [value('y', 'bool', [9])]),
  one('squared_difference', [value('a', 'int8', [3, 4]), value('b', 'int8', [4])], [value('y', 'int8', [3, 4])]),
  one('l2_normalization', [value('x', 'float32', [3, 5])], [value('y', 'float32', [3, 5])]),
  one('local_response_normalization', [value('x', 'float32', [1, 2, 2, 6])], [value('y', 'float32', [1, 2, 2, 6])], {
    radius: 2,
    bias: 1.5,
    alpha: 0.25,
    beta: 0.5,
  }),
  one('l2_pool_2d', [value('x', 'float32', [1, 5, 4, 3])], [value('y', 'float32', [1, 3, 2, 3])], {
    ...{ strideH: 2, strideW: 2, filterH: 2, filterW: 2, padTop: 0, padBottom: 1, padLeft: 0, padRight: 0 },
    activation: 'relu6',
  }),
  one(
    'softmax',
    [tensor('x', 'int16', [4, 30], { quantization: perTensor(0.0004) })],
    [tensor('y', 'int16', [4, 30], { quantization: perTensor(2 ** -15) })],
    { beta: 0.7 },
  ),
  ...(['int8', 'uint8'] as const).flatMap((dtype) => [
    one(
      'concatenation',
      [tensor('a', dtype, [2, 3], { quantization: perTensor(0.02, 4) }), filled('b', dtype, [2, 2])],
      [tensor('y', dtype, [2, 5], { quantization: perTensor(0.031, 12) })],
      { axis: 1 },
    ),
    one(
      'div',
      [value('a', dtype, [3, 4]), value('b', dtype, [4])],
      [tensor('y', dtype, [3, 4], { quantization: perTensor(0.1, 7) })],
    ),
    one(
      'less',
      [value('a', dtype, [30, 4]), tensor('b', dtype, [4], { quantization: perTensor(0.03, 9) })],
      [value('y', 'bool', [30, 4])],
    ),
    one(
      'maximum',
      [value('a', dtype, [30, 4]), tensor('b', dtype, [4], { quantization: perTensor(0.03, 9) })],
      [value('y', dtype, [30, 4])],
    ),
  ]),
]

const range = one(
  'range',
  [ints('from', [5], []), ints('to', [-2], []), ints('by', [-3], [])],
  [value('y', 'int32', [3])],
)

const gru = (linearBeforeReset: number): Case =>
  one(
    'unidirectional_sequence_gru',
    [
      value('x', 'float32', [3, 2, 4]),
      filled('w', 'float32', [9, 4]),
      filled('r', 'float32', [9, 3]),
      filled('b', 'float32', [9]),
      filled('d', 'float32', [9]),
      value('h', 'float32', [2, 3]),
    ],
    [value('y', 'float32', [3, 2, 3]), value('last', 'float32', [2, 3])],
    { timeMajor: 1, linearBeforeReset },
  )

const rnn = one(
  'rnn',
  [
    value('x', 'float32', [2, 4]),
    filled('w', 'float32', [3, 4]),
    filled('r', 'float32', [3, 3]),
    filled('b', 'float32', [3]),
    { ...value('h', 'float32', [2, 3]), variable: true },
  ],
  [value('y', 'float32', [2, 3])],
  { activation: 'tanh' },
)
const state = (made: Case): Case => ({ ...made, graph: { ...made.graph, inputs: ['x'] } })

const recurrent: readonly Case[] = [
  state(rnn),
  gru(0),
  gru(1),
  ...sizes.flatMap((size): readonly Case[] => [
    { op: 'unidirectional_sequence_rnn', title: 'float32', graph: floatRnn(size) },
    { op: 'unidirectional_sequence_lstm', title: 'float32', graph: floatLstm(size, 0) },
    { op: 'unidirectional_sequence_lstm', title: 'int8', graph: int8Lstm(size, 0.8, -11) },
  ]),
]

/** Operators that repeat, choose, count, normalise and remember. */
export const moreOpCases: readonly Case[] = [...moves, ...sums, ...bools, ...singles, range, ...recurrent]
