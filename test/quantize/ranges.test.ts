import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/core/random.ts'
import { count, emptyHistogram, histogramQuantile } from '../../src/quantize/histogram.ts'
import { chooseRange } from '../../src/quantize/ranges.ts'
import { rangeMethods } from '../../src/quantize/recipe.ts'
import { int8Parameters } from '../../src/quantize/scales.ts'

function histogramOf(values: readonly number[]) {
  const histogram = emptyHistogram(Math.min(...values), Math.max(...values))
  count(histogram, values)
  return histogram
}

const finite = fc.double({ min: -1e4, max: 1e4, noNaN: true })

describe('ranges of tensors', () => {
  it('hold 0 and never reach beyond what was seen', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 2, maxLength: 200 }),
        fc.constantFrom(...rangeMethods),
        (values, method) => {
          const [low, high] = chooseRange(histogramOf(values), method, 255)
          const constant = Math.max(...values, 0) - Math.min(...values, 0) < 1e-29
          expect(low).toBeLessThanOrEqual(0)
          expect(high).toBeGreaterThanOrEqual(0)
          expect(high).toBeGreaterThan(low)
          if (constant) return
          expect(low).toBeGreaterThanOrEqual(Math.min(...values, 0) - 1e-9)
          expect(high).toBeLessThanOrEqual(Math.max(...values, 0) + 1e-9)
        },
      ),
    )
  })

  it('by min-max are the ends', () => {
    expect(chooseRange(histogramOf([-3, 0.5, 7]), 'min-max', 255)).toEqual([-3, 7])
    expect(chooseRange(histogramOf([2, 7]), 'min-max', 255)).toEqual([0, 7])
  })

  it.each(['percentile', 'entropy'] as const)('by %s leave out what is rare and far', (method) => {
    const draw = random(1)
    const values = Array.from({ length: 30_000 }, () => draw.normal())
    const [low, high] = chooseRange(histogramOf([...values, -40, 40]), method, 255)
    expect(high).toBeLessThan(20)
    expect(low).toBeGreaterThan(-20)
    expect(high).toBeGreaterThan(2)
    expect(low).toBeLessThan(-2)
  })

  it('of least squared error beat the whole range on values with a long tail', () => {
    const draw = random(2)
    const values = Array.from({ length: 20_000 }, () => draw.normal() ** 3)
    const errorOf = (method: 'min-max' | 'mse') => {
      const { scale, zeroPoint } = int8Parameters(chooseRange(histogramOf(values), method, 255))
      return values.reduce((sum, value) => {
        const q = Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint))
        return sum + (scale * (q - zeroPoint) - value) ** 2
      }, 0)
    }
    expect(errorOf('mse')).toBeLessThan(errorOf('min-max'))
  })

  it('give int8 that is at most half a step off inside, with 0 exact', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 0, noNaN: true }),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (low, high, share) => {
          const { scale, zeroPoint } = int8Parameters([low, high])
          const value = low + share * (high - low)
          const q = Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint))
          // The zero point is rounded, so that an end may lie half a step outside.
          expect(Math.abs(scale * (q - zeroPoint) - value)).toBeLessThanOrEqual(scale * 1.001)
          expect(Number.isInteger(zeroPoint)).toBe(true)
          expect(zeroPoint).toBeGreaterThanOrEqual(-128)
          expect(zeroPoint).toBeLessThanOrEqual(127)
        },
      ),
    )
  })

  it('know quantiles to a bin', () => {
    const values = Array.from({ length: 1001 }, (_, at) => at)
    expect(histogramQuantile(histogramOf(values), 0.5)).toBeCloseTo(500, -1)
    expect(histogramQuantile(histogramOf(values), 1)).toBeCloseTo(1000, 0)
  })
})
