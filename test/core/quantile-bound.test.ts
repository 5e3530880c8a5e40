import { describe, expect, it } from 'vitest'
import { enoughForP95, quantileUpperBound, upperRank } from '../../src/core/quantile-bound.ts'
import { random } from '../../src/core/random.ts'
import { quantile } from '../../src/core/stats.ts'

/** P(Bin(n, q) < k), summed in logarithms of factorials. */
function fewerThan(k: number, n: number, q: number): number {
  const logFactorials = [0]
  for (let i = 1; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i))
  let sum = 0
  for (let i = 0; i < k; i++)
    sum += Math.exp(
      logFactorials[n]! - logFactorials[i]! - logFactorials[n - i]! + i * Math.log(q) + (n - i) * Math.log(1 - q),
    )
  return sum
}

describe('upper bound of a quantile', () => {
  it('is the least order statistic that 95 % confidence allows', () => {
    for (const n of [enoughForP95, 93, 100, 500, 4096]) {
      const rank = upperRank(n, 0.95)
      expect(fewerThan(rank, n, 0.95)).toBeGreaterThanOrEqual(0.95)
      expect(fewerThan(rank - 1, n, 0.95)).toBeLessThan(0.95)
    }
    // Too few for the confidence: the largest value is all there is. So many that 0.95^n is below every number.
    expect(upperRank(enoughForP95 - 1, 0.95)).toBe(enoughForP95 - 1)
    expect(upperRank(30_000, 0.95) / 30_000).toBeCloseTo(0.952, 3)
  })

  it('lies above the true percentile in 95 of 100 samples of independent values, and not far above', () => {
    const draw = random(3)
    let above = 0
    let sum = 0
    for (let sample = 0; sample < 1000; sample++) {
      const rounds = Array.from({ length: 12 }, () => Array.from({ length: 40 }, () => -Math.log(1 - draw())))
      const bound = quantileUpperBound(rounds)
      // 95 % of an exponential distribution lie below -ln 0.05.
      if (bound >= -Math.log(0.05)) above++
      sum += bound
    }
    expect(above).toBeGreaterThan(940)
    expect(sum / 1000).toBeLessThan(1.25 * -Math.log(0.05))
  })

  it('covers rounds that differ, where independent values would promise too much', () => {
    const draw = random(4)
    let [above, naive] = [0, 0]
    for (let sample = 0; sample < 500; sample++) {
      // A third of the rounds is slower by a half: the true percentile is the 85th of those.
      const rounds = Array.from({ length: 12 }, () => {
        const factor = draw() < 1 / 3 ? 1.5 : 1
        return Array.from({ length: 40 }, () => factor * (1 + 0.1 * draw()))
      })
      const all = rounds.flat().sort((a, b) => a - b)
      const truth = 1.5 * (1 + 0.1 * 0.85)
      if (quantileUpperBound(rounds) >= truth) above++
      if (all[upperRank(all.length, 0.95) - 1]! >= truth) naive++
    }
    expect(above / 500).toBeGreaterThan(0.93)
    expect(naive / 500).toBeLessThan(above / 500)
  })

  it('is never below the percentile, nor above the largest value', () => {
    expect(quantileUpperBound([])).toBeNaN()
    expect(quantileUpperBound([[2], [1, 3]])).toBe(3)
    const rounds = [[1, 2, 3, 4], [2, 3, 4, 5], [9]]
    expect(quantileUpperBound(rounds)).toBeGreaterThanOrEqual(quantile(rounds.flat(), 0.95))
    expect(quantileUpperBound(rounds)).toBeLessThanOrEqual(9)
  })
})
