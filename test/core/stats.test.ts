import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meanInterval, median, proportionInterval, quantile, sampleDeviation } from '../../src/core/stats.ts'

describe('stats', () => {
  it('interpolates quantiles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([1, 2, 3, 4])).toBe(2.5)
    expect(quantile([0, 10], 0.95)).toBeCloseTo(9.5, 12)
    expect(median([])).toBeNaN()
  })

  it('gives the textbook interval of five windows', () => {
    const { mean, interval95, n } = meanInterval([9, 10, 11, 10, 10])
    expect([mean, n]).toEqual([10, 5])
    expect(interval95![0]).toBeCloseTo(10 - 2.776445 * Math.sqrt(0.5 / 5), 6)
  })

  it('knows the deviation of a sample', () => {
    expect(sampleDeviation([9, 10, 11, 10, 10])).toBeCloseTo(Math.sqrt(0.5), 12)
    expect(sampleDeviation([1])).toBeNaN()
  })

  it('has no interval for one value', () => {
    expect(meanInterval([7]).interval95).toBeNull()
  })

  it("gives Wilson's interval of a proportion", () => {
    const [low, high] = proportionInterval(90, 100)
    expect(low).toBeCloseTo(0.8256, 3)
    expect(high).toBeCloseTo(0.9448, 3)
    expect(proportionInterval(0, 0)).toEqual([0, 1])
  })

  it('keeps quantiles between minimum and maximum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const value = quantile(values, q)
          expect(value).toBeGreaterThanOrEqual(Math.min(...values))
          expect(value).toBeLessThanOrEqual(Math.max(...values))
        },
      ),
    )
  })
})
