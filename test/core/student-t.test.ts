import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { studentCdf, studentDensity, studentQuantile } from '../../src/core/student-t.ts'

describe("Student's t", () => {
  it.each([
    [0.975, 1, 12.7062],
    [0.975, 4, 2.7764],
    [0.995, 2, 9.9248],
    [0.95, 10, 1.8125],
    [0.975, 60, 2.0003],
    [0.975, Number.POSITIVE_INFINITY, 1.96],
  ])('has the tabled quantile %d of %d degrees', (probability, degrees, expected) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(expected, 4)
  })

  it('has no quantile without degrees of freedom or for a probability that is none', () => {
    for (const [p, n] of [
      [0.9, 0],
      [0, 5],
      [1, 5],
      [Number.NaN, 5],
    ] as const)
      expect(studentQuantile(p, n)).toBeNaN()
  })

  it('inverts, is symmetric, and its density is the slope', () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), fc.double({ min: 1, max: 500, noNaN: true }), (t, n) => {
        const p = studentCdf(t, n)
        expect(p + studentCdf(-t, n)).toBeCloseTo(1, 12)
        if (p > 1e-6 && p < 1 - 1e-6) expect(studentQuantile(p, n)).toBeCloseTo(t, 6)
        const slope = (studentCdf(t + 1e-4, n) - studentCdf(t - 1e-4, n)) / 2e-4
        expect(slope).toBeCloseTo(studentDensity(t, n), 7)
      }),
      { numRuns: 1000, examples: [[0, 450.4309105353395]] },
    )
  })
})
