import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  multiplyByQuantizedMultiplier,
  multiplyWideByQuantizedMultiplier,
  quantizeMultiplier,
  roundHalfAway,
  roundHalfEven,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from '../../../src/graph/reference/fixed-point.ts'
import { expOnNegativeValues, logisticFixedPoint, tanhFixedPoint } from '../../../src/graph/reference/gemmlowp.ts'

const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0, -1, 1, 2 ** 30, -(2 ** 30)),
)

/** Division towards zero, as C's, in arbitrary precision. */
const high = (a: bigint, b: bigint) => {
  const product = a * b
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n)
  return (product + nudge) / (1n << 31n)
}

describe('fixed-point arithmetic', () => {
  it('multiplies high halves as the definition in arbitrary precision', () => {
    fc.assert(
      fc.property(int32, int32, (a, b) => {
        const both = a === -(2 ** 31) && b === -(2 ** 31)
        const expected = both ? 2 ** 31 - 1 : Number(high(BigInt(a), BigInt(b)))
        expect(saturatingRoundingDoublingHighMul(a, b)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })

  it('divides by powers of two with halves away from zero', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 30 }), (x, exponent) => {
        expect(roundingDivideByPot(x, exponent) + 0).toBe(roundHalfAway(x / 2 ** exponent) + 0)
      }),
      { numRuns: 3000 },
    )
  })

  it('finds the nearest multiplier of 31 bits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e6, noNaN: true }), (real) => {
        const { multiplier, shift } = quantizeMultiplier(real)
        expect(multiplier).toBeGreaterThanOrEqual(2 ** 30)
        expect(multiplier).toBeLessThan(2 ** 31)
        expect(Math.abs(multiplier * 2 ** (shift - 31) - real)).toBeLessThanOrEqual(2 ** (shift - 32))
      }),
    )
    expect(quantizeMultiplier(1)).toEqual({ multiplier: 2 ** 30, shift: 1 })
    expect(quantizeMultiplier(0)).toEqual({ multiplier: 0, shift: 0 })
    expect(quantizeMultiplier(2 ** -40)).toEqual({ multiplier: 0, shift: 0 })
    expect(quantizeMultiplier(1 - 2 ** -40)).toEqual({ multiplier: 2 ** 30, shift: 1 })
  })

  it('rounds twice, which differs from once', () => {
    // 12 · 0.2083333 = 2.49999998: the high half rounds to 5 / 2, which the second step takes up to 3.
    const twice = quantizeMultiplier(0.2083333)
    expect(twice.shift).toBe(-2)
    expect(multiplyByQuantizedMultiplier(12, twice)).toBe(3)
    expect(Math.round(12 * 0.2083333)).toBe(2)
    expect(multiplyByQuantizedMultiplier(-12, twice)).toBe(-3)
  })

  it('cuts the multiplier of 64-bit accumulators to 16 bits and rounds once', () => {
    const factor = quantizeMultiplier(0.3)
    const reduced = Math.round(0.3 * 2 ** 16)
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (x) => {
        const expected = (BigInt(x) * BigInt(reduced) + (1n << 15n)) >> 16n
        expect(multiplyWideByQuantizedMultiplier(x, factor)).toBe(Number(expected))
      }),
    )
  })

  it('wraps a left shift like int32', () => {
    expect(multiplyByQuantizedMultiplier(2 ** 30, quantizeMultiplier(2))).toBe(0)
    expect(multiplyByQuantizedMultiplier(1000, quantizeMultiplier(3))).toBe(3000)
  })

  it('rounds halves as named', () => {
    expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map((x) => roundHalfEven(x) + 0)).toEqual([-2, -2, 0, 0, 2, 2])
    expect([-2.5, -0.5, 0.5, 2.5, 2.4].map((x) => roundHalfAway(x) + 0)).toEqual([-3, -1, 1, 3, 2])
  })

  it('follows exp, logistic and tanh closely', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: -1 }), (raw) => {
        expect(expOnNegativeValues(raw, 5) / 2 ** 31).toBeCloseTo(Math.exp(raw / 2 ** 26), 6)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (raw) => {
        const x = raw / 2 ** 27
        expect(logisticFixedPoint(raw, 4) / 2 ** 31).toBeCloseTo(1 / (1 + Math.exp(-x)), 6)
        expect(tanhFixedPoint(raw, 4) / 2 ** 31).toBeCloseTo(Math.tanh(x), 5)
      }),
    )
  })
})
