import type { AttributeValue, Graph, Tensor } from '../../src/graph/graph.ts'
import { randomNumbers } from '../formats/convert-support.ts'
import { canonicalGraph, node, perTensor, tensor } from './tflite-graphs.ts'

const random = randomNumbers(7)
/** Random floats. */
export const floats = (length: number, range: number): Float32Array =>
  Float32Array.from({ length }, () => (2 * random() - 1) * range)
/** Random int8. */
export const bytes = (length: number): Int8Array => Int8Array.from({ length }, () => Math.floor(random() * 255) - 127)

/** Lengths of a recurrent layer. */
export interface Sizes {
  readonly batches: number
  readonly steps: number
  readonly depth: number
  readonly units: number
  readonly timeMajor: 0 | 1
}

/** Layers that tests run. */
export const sizes: readonly Sizes[] = [
  { batches: 1, steps: 5, depth: 3, units: 4, timeMajor: 0 },
  { batches: 2, steps: 3, depth: 5, units: 8, timeMajor: 0 },
  { batches: 2, steps: 4, depth: 4, units: 3, timeMajor: 1 },
]

/** Shape of a sequence of rows. */
const sequence = ({ batches, steps, timeMajor }: Sizes, length: number): readonly number[] =>
  timeMajor === 1 ? [steps, batches, length] : [batches, steps, length]

function lstmGraph(size: Sizes, more: readonly Tensor[], attributes: Readonly<Record<string, AttributeValue>>): Graph {
  const gates = [0, 1, 2, 3]
  const inputs = ['x', ...gates.map((g) => `w${g}`), ...gates.map((g) => `r${g}`), '', '', '']
  inputs.push(...gates.map((g) => `b${g}`), '', '', 'h', 'c', '', '', '', '')
  const options = { activation: 'tanh', projClip: 0, timeMajor: size.timeMajor, asymmetricQuantizeInputs: 0 }
  const all = { ...options, diagonalRecurrentTensors: 0, ...attributes }
  return canonicalGraph(more, [node('unidirectional_sequence_lstm', inputs, ['y'], all)], ['x'], ['y'])
}

/** An LSTM of floats with variables as state. */
export function floatLstm(size: Sizes, cellClip: number): Graph {
  const { batches, depth, units } = size
  const constant = (name: string, shape: readonly number[]) =>
    tensor(name, 'float32', shape, {
      values: floats(
        shape.reduce((a, b) => a * b),
        1,
      ),
    })
  const state = (name: string): Tensor => ({ ...tensor(name, 'float32', [batches, units]), variable: true })
  const gates = [0, 1, 2, 3].flatMap((gate) => [
    constant(`w${gate}`, [units, depth]),
    constant(`r${gate}`, [units, units]),
    constant(`b${gate}`, [units]),
  ])
  const borders = [tensor('x', 'float32', sequence(size, depth)), tensor('y', 'float32', sequence(size, units))]
  return lstmGraph(size, [...borders, ...gates, state('h'), state('c')], { cellClip, version: 1 })
}

/** An LSTM of int8. TensorFlow Lite takes the zero point of the last intermediate off where it should add it: 0 here. */
export function int8Lstm(size: Sizes, cellClip: number, power: number): Graph {
  const { batches, depth, units } = size
  const [inputScale, hidden] = [0.03, perTensor(1 / 128)]
  const weights = (name: string, shape: readonly number[], scale: number) =>
    tensor(name, 'int8', shape, { quantization: perTensor(scale), values: bytes(shape.reduce((a, b) => a * b)) })
  const gates = [0, 1, 2, 3].flatMap((gate) => [
    weights(`w${gate}`, [units, depth], 0.007 + 0.001 * gate),
    weights(`r${gate}`, [units, units], 0.006),
    tensor(`b${gate}`, 'int32', [units], {
      quantization: perTensor(inputScale * (0.007 + 0.001 * gate)),
      values: Int32Array.from({ length: units }, () => Math.floor(random() * 4000) - 2000),
    }),
  ])
  const inside = [0, 1, 2, 3, 4].map((index) =>
    tensor(`inside${index}`, index < 4 ? 'int16' : 'int8', [1], {
      quantization: index < 4 ? perTensor(2 ** -12) : hidden,
    }),
  )
  const tensors = [
    tensor('x', 'int8', sequence(size, depth), { quantization: perTensor(inputScale, 5) }),
    tensor('y', 'int8', sequence(size, units), { quantization: hidden }),
    { ...tensor('h', 'int8', [batches, units], { quantization: hidden }), variable: true as const },
    { ...tensor('c', 'int16', [batches, units], { quantization: perTensor(2 ** power) }), variable: true as const },
  ]
  return lstmGraph(size, [...tensors, ...gates, ...inside], {
    cellClip,
    version: 3,
    intermediates: inside.map(({ name }) => name),
  })
}

/** An RNN of floats over a sequence. */
export function floatRnn(size: Sizes): Graph {
  const { batches, depth, units, timeMajor } = size
  const constant = (name: string, shape: readonly number[]) =>
    tensor(name, 'float32', shape, {
      values: floats(
        shape.reduce((a, b) => a * b),
        1,
      ),
    })
  return canonicalGraph(
    [
      tensor('x', 'float32', sequence(size, depth)),
      constant('w', [units, depth]),
      constant('r', [units, units]),
      constant('b', [units]),
      { ...tensor('h', 'float32', [batches, units]), variable: true },
      tensor('y', 'float32', sequence(size, units)),
    ],
    [node('unidirectional_sequence_rnn', ['x', 'w', 'r', 'b', 'h'], ['y'], { activation: 'relu6', timeMajor })],
    ['x'],
    ['y'],
  )
}
