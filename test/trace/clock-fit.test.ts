import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClockFit, hostAlignmentBoundS } from '../../src/trace/clock-fit.ts'

const rate = 100_000

/** Feeds 1 ms blocks whose delay is never below `floorS`; every tenth meets the floor. */
function simulate(ppm: number, floorS: number, jitter: readonly number[], seconds: number) {
  const fit = new ClockFit({ sampleRateHz: rate })
  const startS = 1_800_000_000
  const trueRate = rate * (1 + ppm * 1e-6)
  for (let k = 1; k <= seconds * 1000; k++) {
    const end = k * 100
    const delayS = floorS + (k % 10 === 0 ? 0 : jitter[k % jitter.length]!)
    fit.add(end, startS + end / trueRate + delayS)
  }
  return { fit, startS, trueRate }
}

describe('ClockFit', () => {
  test('finds the offset under jitter to within the shortest delay and the drift', () => {
    const delays = fc.array(fc.double({ min: 0, max: 0.01, noNaN: true }), { minLength: 7, maxLength: 97 })
    const ppms = fc.double({ min: -100, max: 100, noNaN: true })
    fc.assert(
      fc.property(ppms, fc.double({ min: 0, max: 0.001, noNaN: true }), delays, (ppm, floorS, jitter) => {
        const { fit, startS, trueRate } = simulate(ppm, floorS, jitter, 14)
        const hostS = startS + 13.5
        const trueIndex = 13.5 * trueRate
        expect(Math.abs(fit.indexAt(hostS) - trueIndex) / rate).toBeLessThanOrEqual(floorS + 0.00105)
        expect(fit.uncertaintyS).toBeGreaterThanOrEqual(hostAlignmentBoundS)
        expect(fit.uncertaintyS).toBeLessThan(0.005)
      }),
      { numRuns: 20 },
    )
  })

  test('indexAt and timeAt are inverse', () => {
    const { fit } = simulate(30, 0.0005, [0.001, 0.002], 2)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (index) => {
        expect(Math.abs(fit.indexAt(fit.timeAt(index)) - index)).toBeLessThan(0.1)
      }),
    )
  })

  test('forgets what is older than its window', () => {
    const fit = new ClockFit({ sampleRateHz: rate, windowS: 10 })
    fit.add(100_000, 100)
    fit.add(100_000 + 20 * rate, 120.5)
    expect(fit.offsetS).toBeCloseTo(99.5, 9)
  })

  test('a late block never moves the envelope', () => {
    const fit = new ClockFit({ sampleRateHz: rate })
    fit.add(1000, 50.01)
    const before = fit.offsetS
    fit.add(1100, 50.9)
    expect(fit.offsetS).toBe(before)
  })

  test('an envelope that spreads widens the uncertainty beyond the documented bound', () => {
    const fit = new ClockFit({ sampleRateHz: rate })
    for (let k = 1; k <= 9; k++) fit.add(k * rate, 100 + k + (k === 4 ? 0 : 0.02))
    expect(fit.uncertaintyS).toBeCloseTo(0.02, 6)
  })

  test('knows nothing before the first block and takes no NaN', () => {
    const fit = new ClockFit({ sampleRateHz: rate })
    fit.add(Number.NaN, 1)
    expect(fit.indexAt(1)).toBeNaN()
    expect(fit.timeAt(1)).toBeNaN()
    expect(fit.uncertaintyS).toBe(Number.POSITIVE_INFINITY)
    expect(() => new ClockFit({ sampleRateHz: 0 })).toThrow(RangeError)
  })
})
