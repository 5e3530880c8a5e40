import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LayerRound, layersFromMarkers, solveLayers } from '../../src/energy/layers.ts'
import { leastSquares } from '../../src/energy/least-squares.ts'
import { bufferOf, perfect } from './support.ts'

describe('least squares', () => {
  it('solves what is solvable', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 }), (x) => {
        const rows = [
          [1, 0, 0],
          [1, 1, 0],
          [1, 1, 1],
          [0, 2, -1],
        ]
        const y = rows.map((row) => row.reduce((sum, value, at) => sum + value * x[at]!, 0))
        leastSquares(rows, y)!.forEach((value, at) => {
          expect(value).toBeCloseTo(x[at]!, 9)
        })
      }),
    )
  })

  it('is the mean where a value is read several times', () => {
    expect(leastSquares([[1], [1], [1]], [1, 2, 6])![0]).toBeCloseTo(3, 12)
  })

  it('says when columns are not independent, or rows are too few', () => {
    expect(
      leastSquares(
        [
          [1, 2],
          [2, 4],
          [3, 6],
        ],
        [1, 2, 3],
      ),
    ).toBeNull()
    expect(leastSquares([[1, 2]], [1])).toBeNull()
    expect(leastSquares([], [])).toBeNull()
  })
})

const options = { names: ['a', 'b'], instrument: perfect }
/** Layers of 3 and 1 µJ, a call of 0.1 µJ, all scaled. */
const round = (scale: number, repeats = 100): LayerRound => ({
  runs: [
    { counts: [0, 0], calls: repeats, energyJ: 0.1e-6 * repeats * scale },
    { counts: [repeats, 0], calls: repeats, energyJ: 3.1e-6 * repeats * scale },
    { counts: [repeats, repeats], calls: repeats, energyJ: 4.1e-6 * repeats * scale },
  ],
  wholeJ: 4.1e-6 * scale,
})

describe('layers from interleaved runs', () => {
  it('come out of single layers, prefixes and an empty call', () => {
    const solution = solveLayers([round(0.99), round(1.01), round(1)], options)
    if ('reason' in solution) throw new Error(solution.reason)
    expect(solution.layers.map(({ name, share }) => [name, share])).toEqual([
      ['a', expect.closeTo(0.75, 9)],
      ['b', expect.closeTo(0.25, 9)],
    ])
    expect(solution.layers[0]!.figure.valueJ).toBeCloseTo(3e-6, 12)
    expect(solution.callJ).toBeCloseTo(0.1e-6, 12)
    expect(solution.sum.valueJ).toBeCloseTo(4.1e-6, 12)
    expect(solution.sumAgainstWhole).toBeCloseTo(0, 9)
    const [low, high] = solution.layers[1]!.figure.intervalJ!
    expect([low < 1e-6, high > 1e-6, high - low < 0.06e-6]).toEqual([true, true, true])
  })

  it('have no interval in one round, and hold the gain of the instrument', () => {
    const once = solveLayers([round(1)], options)
    expect('reason' in once ? once.reason : once.layers[0]!.figure.intervalJ).toBeNull()
    const instrument = { ...perfect, gain: { value: 0.1, source: 'data sheet' } }
    const two = solveLayers([round(1), round(1)], { ...options, instrument })
    const figure = 'reason' in two ? null : two.layers[0]!.figure
    expect(figure!.intervalJ![1]).toBeGreaterThan(3e-6 * 1.09)
  })

  it('are refused where the design does not tell them apart', () => {
    const blind = { runs: [{ counts: [1, 1], calls: 1, energyJ: 1 }], wholeJ: 1 }
    expect(solveLayers([blind], options)).toEqual({ reason: 'the runs do not tell the layers apart' })
    expect(solveLayers([], options)).toEqual({ reason: 'there is no round' })
    const dead = { runs: [{ counts: [1, 0], calls: 1, energyJ: 0 }], wholeJ: 1 }
    expect(solveLayers([dead], options)).toMatchObject({ reason: expect.stringMatching(/took no energy/) })
  })
})

describe('layers from a marker line', () => {
  // Layer a 2 samples at 0.3 W, layer b 1 sample at 0.1 W, pause 1 sample.
  const powerW = Array.from({ length: 12 }, (_, at) => [0.3, 0.3, 0.1, 0.01][at % 4]!)
  const changes = [0, 2, 3, 4, 6, 7, 8, 10, 11]
  const between = (buffer: ReturnType<typeof bufferOf>) => (from: number, to: number) => {
    const { verdict, energyJ } = buffer.window(from, to)
    return verdict === 'complete' ? energyJ : null
  }

  it('are the stretches between its changes', () => {
    const solution = layersFromMarkers(changes, between(bufferOf(powerW)), options)
    if ('reason' in solution) throw new Error(solution.reason)
    expect(solution.rounds).toBe(3)
    expect(solution.layers.map(({ figure }) => figure.valueJ)).toEqual([
      expect.closeTo(0.6e-3, 8),
      expect.closeTo(0.1e-3, 8),
    ])
    expect(solution.sumAgainstWhole).toBeCloseTo(0, 9)
  })

  it('leave inferences with missing samples out', () => {
    const solution = layersFromMarkers(changes, between(bufferOf(powerW.with(5, null as never))), options)
    expect(solution).toMatchObject({ rounds: 2 })
    const none = layersFromMarkers(changes.slice(0, 3), between(bufferOf([null, 1, 1, 1])), options)
    expect(none).toEqual({ reason: 'no round of inferences is without missing samples' })
  })

  it('are refused where the changes do not fit', () => {
    expect(layersFromMarkers([0, 2], between(bufferOf(powerW)), options)).toMatchObject({
      reason: '2 changes of the line are no whole number of inferences of 3 changes',
    })
  })
})
