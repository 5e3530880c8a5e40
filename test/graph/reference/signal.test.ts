import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributeValue, DataType, Graph } from '../../../src/graph/graph.ts'
import { interpret, type State } from '../../../src/graph/reference/interpret.ts'
import { logarithmTable, scaledLogarithm } from '../../../src/graph/reference/signal/logarithm.ts'
import { roundedSquareRoot } from '../../../src/graph/reference/signal/square-root.ts'
import type { Values } from '../../../src/graph/reference/values.ts'
import { canonicalGraph, node, tensor } from '../../support/tflite-graphs.ts'

type Out = readonly [DataType, readonly number[]]

/** One custom operator on one input; outputs are y0, y1. */
function alone(
  op: string,
  [dtype, shape]: Out,
  outs: readonly Out[],
  attributes: Readonly<Record<string, AttributeValue>>,
): Graph {
  const names = outs.map((_, index) => `y${index}`)
  return canonicalGraph(
    [tensor('x', dtype, shape), ...outs.map(([type, lengths], index) => tensor(names[index]!, type, lengths))],
    [node(op, ['x'], names, { ...attributes, custom: 1 })],
    ['x'],
    names,
  )
}

const read = (graph: Graph, values: Values, state?: State) => {
  const all = interpret(graph, [values], 'tflm', state)
  return graph.outputs.map((name) => Array.from(all.get(name) as ArrayLike<number>))
}

const samples = (length: number, values: Readonly<Record<number, number>>) =>
  Array.from({ length }, (_, at) => values[at] ?? 0)

describe('real transforms', () => {
  // Inputs and outputs of the public fft_test.cc of TensorFlow Lite Micro.
  it('give what the tests of TensorFlow Lite Micro give', () => {
    const flat = samples(66, {}).map((_, at) => (at % 2 === 0 ? 256 : 0))
    const between = (op: string, from: number, to: number) => (dtype: DataType) =>
      alone(op, [dtype, [1, from]], [[dtype, [1, to]]], { fftLength: 64 })
    const [forth, back] = [between('SignalRfft', 64, 66), between('SignalIrfft', 66, 64)]
    const impulse = samples(64, { 0: 16384 })
    expect(read(forth('int16'), Int16Array.from(impulse))).toEqual([flat])
    expect(read(forth('int32'), Int32Array.from(impulse))).toEqual([flat])
    expect(read(back('int16'), Int16Array.from(flat))).toEqual([samples(64, { 0: 256 })])
    expect(read(back('int32'), Int32Array.from(flat))).toEqual([samples(64, { 0: 256 })])
    expect(read(back('float32'), Float32Array.from(flat))).toEqual([samples(64, { 0: 256 })])
  })

  it('are near the sums of cosines and sines, padded with zeros', () => {
    const samplesIn: Readonly<Record<string, (waves: readonly number[]) => Values>> = {
      int16: (waves) => Int16Array.from(waves, (wave) => 20000 * wave),
      int32: (waves) => Int32Array.from(waves, (wave) => 2e9 * wave),
      float32: (waves) => Float32Array.from(waves),
    }
    for (const [dtype, samplesOf] of Object.entries(samplesIn))
      for (const length of [4, 8, 32]) {
        const given = samplesOf(Array.from({ length: length - 1 }, (_, i) => Math.sin(1 + i * i)))
        const graph = alone('SignalRfft', [dtype as DataType, [length - 1]], [[dtype as DataType, [length + 2]]], {
          fftLength: length,
        })
        const [spectrum] = read(graph, given)
        const by = dtype === 'float32' ? 1 : length
        spectrum!.forEach((value, at) => {
          const angle = (i: number) => (-2 * Math.PI * i * Math.floor(at / 2)) / length
          const wave = at % 2 === 0 ? Math.cos : Math.sin
          const exact = Array.from(given as ArrayLike<number>).reduce((sum, x, i) => sum + x * wave(angle(i)), 0) / by
          expect(Math.abs(value - exact)).toBeLessThan(dtype === 'float32' ? 1e-5 : 8)
        })
      }
  })

  it('come back: irfft of rfft are the samples', () => {
    const given = Float32Array.from({ length: 16 }, (_, i) => Math.cos(i * i))
    const [spectrum] = read(alone('SignalRfft', ['float32', [16]], [['float32', [18]]], { fftLength: 16 }), given)
    const inverse = alone('SignalIrfft', ['float32', [18]], [['float32', [16]]], { fftLength: 16 })
    read(inverse, Float32Array.from(spectrum!))[0]!.forEach((value, at) => {
      expect(value).toBeCloseTo(given[at]!, 5)
    })
  })

  it('name lengths and types that are missing', () => {
    const run = (dtype: DataType, fftLength: number) =>
      read(alone('SignalRfft', [dtype, [8]], [[dtype, [fftLength + 2]]], { fftLength }), new Int16Array(8))
    expect(() => run('int16', 12)).toThrow(/powers of two/)
    expect(() =>
      read(alone('SignalRfft', ['uint8', [8]], [['uint8', [10]]], { fftLength: 8 }), new Uint8Array(8)),
    ).toThrow(/uint8 is missing/)
  })

  it('scale samples up as far as the largest allows', () => {
    const scaled = (...x: readonly number[]) =>
      read(
        alone(
          'SignalFftAutoScale',
          ['int16', [x.length]],
          [
            ['int16', [x.length]],
            ['int32', []],
          ],
          {},
        ),
        Int16Array.from(x),
      )
    expect(scaled(238, 113, -88, -243, -5, -130, 159, -70)).toEqual([
      [30464, 14464, -11264, -31104, -640, -16640, 20352, -8960],
      [7],
    ])
    expect(scaled(0, 0)).toEqual([[0, 0], [15]])
    // The magnitude of −32768 does not fit int16 and counts as negative.
    expect(scaled(-32768)).toEqual([[-32768], [0]])
  })
})

describe('fixed-point functions of the filter bank', () => {
  it('the logarithm is near ln x · scale for every x', () => {
    expect(logarithmTable.slice(0, 9)).toEqual([0, 224, 442, 654, 861, 1063, 1259, 1450, 1636])
    expect(logarithmTable.slice(56, 62)).toEqual([5640, 5641, 5638, 5633, 5626, 5615])
    expect(logarithmTable.reduce((a, b) => a + b)).toBe(480678)
    expect(logarithmTable.slice(-3)).toEqual([142, 0, 0])
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 32 - 1 }), (x) => {
        expect(Math.abs(scaledLogarithm(x, 1600) - 1600 * Math.log(x))).toBeLessThan(16)
      }),
    )
  })

  it('the root is rounded, and stays in 16 bits below 2^32', () => {
    expect([0n, 1n, 2n, 3n, 6n, 7n, 2n ** 32n - 1n, 2n ** 64n - 1n].map(roundedSquareRoot)).toEqual([
      0,
      1,
      1,
      2,
      2,
      3,
      65535,
      2 ** 32 - 1,
    ])
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 32n, max: 2n ** 64n - 2n ** 34n }), (x) => {
        const root = BigInt(roundedSquareRoot(x))
        expect(x > root * root - root && x <= root * root + root).toBe(true)
      }),
    )
  })
})

describe('streams', () => {
  it('a delay gives samples back later', () => {
    const graph = alone('SignalDelay', ['int16', [2, 3]], [['int16', [2, 3]]], { delayLength: 4 })
    const state: State = new Map()
    const step = (...x: readonly number[]) => read(graph, Int16Array.from(x), state)[0]
    expect(step(1, 2, 3, 10, 20, 30)).toEqual([0, 0, 0, 0, 0, 0])
    expect(step(4, 5, 6, 40, 50, 60)).toEqual([0, 1, 2, 0, 10, 20])
    expect(step(7, 8, 9, 70, 80, 90)).toEqual([3, 4, 5, 30, 40, 50])
  })

  it('a framer overlaps frames and tells whether they are full', () => {
    const framer = (prefill: number) =>
      alone(
        'SignalFramer',
        ['int16', [4]],
        [
          ['int16', [2, 3]],
          ['bool', []],
        ],
        { frameSize: 3, frameStep: 2, prefill },
      )
    const state: State = new Map()
    const step = (...x: readonly number[]) => read(framer(0), Int16Array.from(x), state)
    expect(step(1, 2, 3, 4)).toEqual([[0, 0, 0, 1, 2, 3], [0]])
    expect(step(5, 6, 7, 8)).toEqual([[3, 4, 5, 5, 6, 7], [1]])
    expect(read(framer(1), Int16Array.of(1, 2, 3, 4))).toEqual([[0, 1, 2, 2, 3, 4], [1]])
  })

  it('a stacker joins frames with those before and after', () => {
    const graph = alone(
      'SignalStacker',
      ['int16', [1]],
      [
        ['int16', [3]],
        ['bool', []],
      ],
      {
        numChannels: 1,
        stackerLeftContext: 1,
        stackerRightContext: 1,
        stackerStep: 2,
      },
    )
    const state: State = new Map()
    const step = (x: number) => read(graph, Int16Array.of(x), state)
    expect([step(1), step(2), step(3), step(4)]).toEqual([
      [[0, 0, 0], [0]],
      [[1, 1, 2], [1]],
      [[0, 0, 0], [0]],
      [[2, 3, 4], [1]],
    ])
  })

  it('frames that overlap are added, saturated to int16', () => {
    const graph = alone('SignalOverlapAdd', ['int16', [2, 3]], [['int16', [4]]], { frameStep: 2 })
    const state: State = new Map()
    const step = (...x: readonly number[]) => read(graph, Int16Array.from(x), state)[0]
    expect(step(1, 2, 3, 10, 20, 30)).toEqual([1, 2, 13, 20])
    expect(step(32767, 5, 6, 7, 8, 9)).toEqual([32767, 5, 13, 8])
  })
})
