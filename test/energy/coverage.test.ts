import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/core/random.ts'
import { studentQuantile } from '../../src/core/student-t.ts'
import { coverageBound, coverageInterval } from '../../src/energy/coverage.ts'

const model = { value: 100, standardUncertainty: 1, degreesOfFreedom: 4, gainLimit: 0 }

describe('coverage interval', () => {
  it("is Student's interval where there is no gain error", () => {
    const [low, high] = coverageInterval(model, 0.95)!
    expect(high - 100).toBeCloseTo(studentQuantile(0.975, 4), 6)
    expect(100 - low).toBeCloseTo(studentQuantile(0.975, 4), 6)
  })

  it('is the middle of the rectangle where there is only gain error', () => {
    const [low, high] = coverageInterval({ ...model, standardUncertainty: 0, gainLimit: 0.15 }, 0.95)!
    expect(low).toBeCloseTo(100 / (1 + 0.95 * 0.15), 3)
    expect(high).toBeCloseTo(100 / (1 - 0.95 * 0.15), 3)
  })

  it('is the value itself where nothing is uncertain', () => {
    const [low, high] = coverageInterval({ ...model, standardUncertainty: 0 }, 0.95)!
    expect([low, high]).toEqual([expect.closeTo(100, 6), expect.closeTo(100, 6)])
    expect(coverageInterval({ ...model, value: 0, standardUncertainty: 0 }, 0.95)).toEqual([0, 0])
  })

  it('does not exist without degrees of freedom, or where the gain could hide everything', () => {
    expect(coverageInterval({ ...model, degreesOfFreedom: 0 }, 0.95)).toBeNull()
    expect(coverageInterval({ ...model, gainLimit: 1 }, 0.95)).toBeNull()
    expect(coverageInterval({ ...model, value: Number.NaN }, 0.95)).toBeNull()
    expect(coverageInterval(model, 1)).toBeNull()
  })

  it('grows with confidence and holds the value', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: 1e-9, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        (value, standardUncertainty, degreesOfFreedom, gainLimit) => {
          const one = { value, standardUncertainty, degreesOfFreedom, gainLimit }
          const [low, high] = coverageInterval(one, 0.9)!
          const [lower, higher] = coverageInterval(one, 0.99)!
          expect(lower).toBeLessThanOrEqual(low)
          expect(low).toBeLessThanOrEqual(value)
          expect(value).toBeLessThanOrEqual(high)
          expect(high).toBeLessThanOrEqual(higher)
          expect(coverageBound(one, 0.95)).toBeCloseTo(high, 9)
        },
      ),
    )
  })

  it.each([
    { gainLimit: 0.15, spread: 0.001 },
    { gainLimit: 0.02, spread: 0.01 },
    { gainLimit: 0.001, spread: 0.05 },
  ])('covers the truth in 95 % of draws: gain ±$gainLimit, spread $spread', ({ gainLimit, spread }) => {
    const next = random(7)
    const trials = 4000
    let covered = 0
    for (let trial = 0; trial < trials; trial++) {
      const truth = 1 + next()
      const value = truth * (1 + gainLimit * (2 * next() - 1)) + spread * next.normal()
      const [low, high] = coverageInterval(
        { value, standardUncertainty: spread, degreesOfFreedom: null, gainLimit },
        0.95,
      )!
      if (low <= truth && truth <= high) covered++
    }
    // Four standard deviations of the count around 95 %.
    expect(covered / trials).toBeGreaterThan(0.936)
    expect(covered / trials).toBeLessThan(0.964)
  })
})
