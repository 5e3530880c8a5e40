import { describe, expect, it } from 'vitest'
import { openTflite } from '../../../src/backends/tfjs-tflite-module.ts'
import { readModel } from '../../../src/formats/list.ts'
import { writeTflite } from '../../../src/formats/tflite/writer.ts'
import type { AttributeValue, Graph, Tensor } from '../../../src/graph/graph.ts'
import { logistic16, sigmoidTable, tableInput, tanh16 } from '../../../src/graph/reference/int16-tables.ts'
import { interpret, type State } from '../../../src/graph/reference/interpret.ts'
import type { Values } from '../../../src/graph/reference/values.ts'
import { host } from '../../conformance/compare.ts'
import { largestDifference, randomNumbers } from '../../formats/convert-support.ts'
import { canonicalGraph, node, perTensor, tensor } from '../../support/tflite-graphs.ts'

const random = randomNumbers(7)
const floats = (length: number, range: number) => Float32Array.from({ length }, () => (2 * random() - 1) * range)
const bytes = (length: number) => Int8Array.from({ length }, () => Math.floor(random() * 255) - 127)

interface Sizes {
  readonly batches: number
  readonly steps: number
  readonly depth: number
  readonly units: number
  readonly timeMajor: 0 | 1
}

const sizes: readonly Sizes[] = [
  { batches: 1, steps: 5, depth: 3, units: 4, timeMajor: 0 },
  { batches: 2, steps: 3, depth: 5, units: 8, timeMajor: 0 },
  { batches: 2, steps: 4, depth: 4, units: 3, timeMajor: 1 },
]

const sequence = ({ batches, steps, timeMajor }: Sizes, length: number) =>
  timeMajor === 1 ? [steps, batches, length] : [batches, steps, length]

function lstmGraph(size: Sizes, more: readonly Tensor[], attributes: Readonly<Record<string, AttributeValue>>): Graph {
  const gates = [0, 1, 2, 3]
  const inputs = ['x', ...gates.map((g) => `w${g}`), ...gates.map((g) => `r${g}`), '', '', '']
  inputs.push(...gates.map((g) => `b${g}`), '', '', 'h', 'c', '', '', '', '')
  const options = { activation: 'tanh', projClip: 0, timeMajor: size.timeMajor, asymmetricQuantizeInputs: 0 }
  const all = { ...options, diagonalRecurrentTensors: 0, ...attributes }
  return canonicalGraph(more, [node('unidirectional_sequence_lstm', inputs, ['y'], all)], ['x'], ['y'])
}

function floatLstm(size: Sizes, cellClip: number): Graph {
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

/** TensorFlow Lite takes the zero point of the last intermediate off where it should add it: 0 here. */
function int8Lstm(size: Sizes, cellClip: number, power: number): Graph {
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

/** Runs a file here and in TensorFlow Lite, several times on; the largest difference, null where it is not installed. */
async function differenceFromTflite(file: Uint8Array, inputs: readonly Values[]): Promise<number | null> {
  const model = await openTflite(host, file, 'test')
  if (!model) return null
  const graph = readModel(file, 'test').graph
  const state: State = new Map()
  try {
    let worst = 0
    for (const values of inputs) {
      model.inputs[0]!.write(values)
      await model.infer()
      const ours = interpret(graph, [values], 'tflm', state).get('y')!
      const theirs = ours.slice()
      model.outputs[0]!.read(theirs)
      worst = Math.max(worst, largestDifference(ours, theirs))
    }
    return worst
  } finally {
    model.free()
  }
}

const installed = (await openTflite(host, writeTflite(floatLstm(sizes[0]!, 0)), 'test')) !== null

describe.runIf(installed)('recurrent layers beside TensorFlow Lite (needs @tensorflow/tfjs-tflite)', () => {
  it.each(sizes)('LSTM of floats, $batches × $steps, keeps its state', async (size) => {
    const length = size.batches * size.steps * size.depth
    for (const clip of [0, 0.5]) {
      const inputs = [1, 2, 3].map(() => floats(length, 2))
      expect(await differenceFromTflite(writeTflite(floatLstm(size, clip)), inputs)).toBeLessThan(1e-6)
    }
  })

  // Its 16-bit logistic function is another one than that of TensorFlow Lite Micro.
  it.each(sizes)('LSTM of int8, $batches × $steps, within 2 steps', async (size) => {
    const length = size.batches * size.steps * size.depth
    for (const power of [-9, -12, -13]) {
      const inputs = [1, 2, 3].map(() => bytes(length))
      const file = writeTflite(int8Lstm(size, power === -9 ? 0.6 : 0, power))
      expect(await differenceFromTflite(file, inputs)).toBeLessThanOrEqual(2)
    }
  })

  it.each(sizes)('RNN of floats over a sequence, $batches × $steps, keeps its state', async (size) => {
    const { batches, steps, depth, units, timeMajor } = size
    const graph = canonicalGraph(
      [
        tensor('x', 'float32', sequence(size, depth)),
        tensor('w', 'float32', [units, depth], { values: floats(units * depth, 1) }),
        tensor('r', 'float32', [units, units], { values: floats(units * units, 1) }),
        tensor('b', 'float32', [units], { values: floats(units, 1) }),
        { ...tensor('h', 'float32', [batches, units]), variable: true },
        tensor('y', 'float32', sequence(size, units)),
      ],
      [node('unidirectional_sequence_rnn', ['x', 'w', 'r', 'b', 'h'], ['y'], { activation: 'relu6', timeMajor })],
      ['x'],
      ['y'],
    )
    const inputs = [1, 2, 3].map(() => floats(batches * steps * depth, 1))
    expect(await differenceFromTflite(writeTflite(graph), inputs)).toBeLessThan(1e-5)
  })
})

describe('LSTM by hand', () => {
  const one = { batches: 1, steps: 1, depth: 1, units: 1, timeMajor: 0 } as const

  it('of int8: forget · cell + input · fresh, then tanh, in steps', () => {
    const graph = int8Lstm(one, 0, -11)
    const weight = (name: string, q: number) => [name, { ...graph.tensors.get(name)!, data: Uint8Array.of(q) }] as const
    const zero = [0, 1, 2, 3].flatMap((gate) => [
      weight(`w${gate}`, gate === 2 ? 100 : 0),
      weight(`r${gate}`, 0),
      [`b${gate}`, { ...graph.tensors.get(`b${gate}`)!, data: new Uint8Array(4) }] as const,
    ])
    const plain = { ...graph, tensors: new Map([...graph.tensors, ...zero]) }
    const state: State = new Map()
    const y = [1, 2].map(() => (interpret(plain, [Int8Array.of(105)], 'tflm', state).get('y') as Int8Array)[0])
    // Gates at a half; fresh = tanh(100 · 0.03 · 0.9) = 0.991: the cell is 0.496 (1015 steps), then half of it more.
    expect(y).toEqual([Math.round(128 * 0.5 * Math.tanh(0.4955)), Math.round(128 * 0.5 * Math.tanh(0.7433))])
    expect([...state.get('c')!]).toEqual([1015 + 508])
  })

  it('names what is missing', () => {
    const refused = (graph: Graph) => () => interpret(graph, [floats(1, 1)], 'tflm')
    const graph = floatLstm(one, 0)
    const changed = (index: number, name: string) => ({
      ...graph,
      nodes: graph.nodes.map((each) => ({ ...each, inputs: each.inputs.with(index, name) })),
    })
    expect(refused(changed(9, 'b0'))).toThrow(/peepholes is missing/)
    expect(refused(changed(16, 'w0'))).toThrow(/projection is missing/)
    expect(refused(changed(1, ''))).toThrow(/coupled/)
  })
})

describe('16-bit tables', () => {
  it('are those of TensorFlow Lite', () => {
    expect(sigmoidTable.slice(0, 8)).toEqual([32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513])
    expect(sigmoidTable.slice(-4)).toEqual([65534, 65534, 65534, 65535])
    expect(sigmoidTable.reduce((a, b) => a + b)).toBe(15670629)
  })

  it.each([2 ** -12, 2 ** -11, 0.0003, 0.001])('give logistic and tanh of steps of %d', (scale) => {
    const inputs = { logistic: tableInput(scale, 0), tanh: tableInput(scale, 1) }
    for (let steps = -32768; steps < 32768; steps += 37) {
      const x = steps * scale
      expect(Math.abs(logistic16(steps, inputs.logistic) - 32768 / (1 + Math.exp(-x)))).toBeLessThan(25)
      expect(Math.abs(tanh16(steps, inputs.tanh) - 32768 * Math.tanh(x))).toBeLessThan(8)
    }
  })
})
