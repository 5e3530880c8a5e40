import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { condition } from '../../src/cost/gaussian.ts'
import { nonNegativeLeastSquares } from '../../src/cost/non-negative.ts'

const near = (a: number, b: number) => Math.exp(-Math.abs(a - b))

describe('condition', () => {
  it('gives known values back, and falls to the mean far from them', () => {
    const at = [0, 1, 3]
    const values = [1, -2, 0.5]
    const known = condition(values, (i, j) => near(at[i]!, at[j]!) + (i === j ? 1e-9 : 0))
    at.forEach((x, i) => {
      const guess = known.guess(
        at.map((other) => near(x, other)),
        1,
      )
      expect(guess.value).toBeCloseTo(values[i]!, 5)
      expect(guess.deviation).toBeLessThan(1e-3)
    })
    const far = known.guess(
      at.map((other) => near(100, other)),
      1,
    )
    expect(far.value).toBeCloseTo(0, 9)
    expect(far.deviation).toBeCloseTo(1, 9)
  })

  it('leaves one out as if it had never been known', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 6 }), (values) => {
        const noise = 0.1
        const cov = (i: number, j: number) => near(i, j) + (i === j ? noise : 0)
        const all = condition(values, cov).leaveOneOut()
        values.forEach((_, left) => {
          const rest = values.map((_v, i) => i).filter((i) => i !== left)
          const without = condition(
            rest.map((i) => values[i]!),
            (i, j) => cov(rest[i]!, rest[j]!),
          )
          const guess = without.guess(
            rest.map((i) => near(i, left)),
            1,
          )
          expect(all[left]!.value).toBeCloseTo(guess.value, 6)
          expect(all[left]!.deviation).toBeCloseTo(Math.hypot(guess.deviation, Math.sqrt(noise)), 6)
        })
      }),
    )
  })
})

describe('nonNegativeLeastSquares', () => {
  it('finds the coefficients that made the figures, and none below zero', () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(amounts, (truth) => {
        const rows = Array.from({ length: 12 }, (_, i) => [1, i, (i * 7) % 5])
        const b = rows.map((row) => row.reduce((sum, value, j) => sum + value * truth[j]!, 0))
        const found = nonNegativeLeastSquares(rows, b)
        found.forEach((value, j) => {
          expect(value).toBeCloseTo(truth[j]!, 4)
        })
      }),
    )
    expect(
      nonNegativeLeastSquares(
        [
          [1, 0],
          [1, 0],
        ],
        [-1, -1],
      ),
    ).toEqual([0, 0])
  })
})
