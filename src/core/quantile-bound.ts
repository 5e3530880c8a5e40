import { quantile } from './stats.ts'
import { studentQuantile } from './student-t.ts'

/** How sure a bound is. */
const confidence = 0.95

/** So many values let an order statistic bound the 95th percentile: 0.95^59 < 5 %. */
export const enoughForP95 = 59

/**
 * Rank (from 1) of the order statistic that bounds the q-quantile of `n` independent values from above with 95 % confidence,
 * whatever their distribution: the least k with P(Bin(n, q) < k) ≥ 95 % (Conover 1999, section 3.2); n where not even
 * the largest value is enough.
 */
export function upperRank(n: number, q: number): number {
  // The values above are counted, since they are few; in logarithms, since q^n may be too small for a number.
  let log = n * Math.log(q)
  let fewer = Math.exp(log)
  let above = 0
  while (above < n && 1 - fewer >= confidence) {
    above++
    log += Math.log(((n - above + 1) / above) * ((1 - q) / q))
    fewer += Math.exp(log)
  }
  return n - Math.max(1, above) + 1
}

/** Standard deviation of the share of values below the q-quantile, from what rounds differ by (Woodruff 1952). */
function shareDeviation(rounds: readonly (readonly number[])[], at: number, q: number): number {
  const n = rounds.reduce((sum, round) => sum + round.length, 0)
  const excesses = rounds.map((round) => round.filter((value) => value <= at).length - q * round.length)
  const squares = excesses.reduce((sum, excess) => sum + excess * excess, 0)
  return Math.sqrt((squares * rounds.length) / (rounds.length - 1)) / n
}

/** What a round shows for its own quantile: its largest value where it has too few for more. */
const shownBy = (round: readonly number[], q: number): number =>
  round.length * (1 - q) < 1 ? Math.max(...round) : quantile(round, q)

/**
 * An upper bound of a high quantile with 95 % confidence, from values in rounds that lie apart in time. Without slow spells it is
 * the order statistic of independent values. Values of one spell are alike and say less, so the level rises to what rounds
 * differ by, Student's t at the number of rounds, but the bound not above what the slowest round shows. A spell that
 * no round has met is not covered. NaN for no values.
 */
export function quantileUpperBound(rounds: readonly (readonly number[])[], q = 0.95): number {
  const filled = rounds.filter((round) => round.length > 0)
  const all = filled.flat()
  if (all.length === 0) return Number.NaN
  const independent = Float64Array.from(all).sort()[upperRank(all.length, q) - 1]!
  if (filled.length < 2) return independent
  const at = quantile(all, q)
  const level = q + studentQuantile(confidence, filled.length - 1) * shareDeviation(filled, at, q)
  const slowest = Math.max(...filled.map((round) => shownBy(round, q)))
  return Math.max(independent, Math.min(slowest, quantile(all, Math.min(1, level))))
}
