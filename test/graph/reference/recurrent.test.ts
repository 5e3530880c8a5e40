import { describe, expect, it } from 'vitest'
import { openTflite } from '../../../src/backends/tfjs-tflite-module.ts'
import { readModel } from '../../../src/formats/list.ts'
import { writeTflite } from '../../../src/formats/tflite/writer.ts'
import type { Graph } from '../../../src/graph/graph.ts'
import { logistic16, sigmoidTable, tableInput, tanh16 } from '../../../src/graph/reference/int16-tables.ts'
import { interpret, type State } from '../../../src/graph/reference/interpret.ts'
import type { Values } from '../../../src/graph/reference/values.ts'
import { host } from '../../conformance/compare.ts'
import { largestDifference } from '../../formats/convert-support.ts'
import { bytes, floatLstm, floatRnn, floats, int8Lstm, sizes } from '../../support/recurrent-graphs.ts'

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
    const inputs = [1, 2, 3].map(() => floats(size.batches * size.steps * size.depth, 1))
    expect(await differenceFromTflite(writeTflite(floatRnn(size)), inputs)).toBeLessThan(1e-5)
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
