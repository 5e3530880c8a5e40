import { condition, type Guess } from './gaussian.ts'

/** A place in a field: points of different groups do not hang together. `share` weighs it in a sum. */
export interface FieldPoint {
  readonly group: string
  readonly at: readonly number[]
  readonly share: number
}

/** A weighted sum over a field that was observed: its value and standard deviation. */
export interface FieldSum {
  readonly points: readonly FieldPoint[]
  readonly value: number
  readonly deviation: number
}

/** How a field hangs together. Deviations in the field's unit, lengths in that of the points. */
export interface FieldLaw {
  /** Standard deviation of what all points share. */
  readonly common: number
  /** Standard deviation of what the points of one group share. */
  readonly group: number
  /** Standard deviation of what falls off with distance, and how far it reaches. */
  readonly local: number
  readonly length: number
}

/** A field of mean zero that sums are known of, ready to be asked for other sums. */
export interface Field {
  sum(points: readonly FieldPoint[]): Guess
  /** Log density of what is known under the law, up to a constant; larger fits better. */
  readonly logLikelihood: number
}

function distance(a: readonly number[], b: readonly number[]): number {
  let square = 0
  for (let i = 0; i < a.length; i++) square += (a[i]! - b[i]!) ** 2
  return Math.sqrt(square)
}

function covariance(left: readonly FieldPoint[], right: readonly FieldPoint[], law: FieldLaw): number {
  let sum = 0
  for (const a of left)
    for (const b of right) {
      let each = law.common ** 2
      if (a.group === b.group) each += law.group ** 2 + law.local ** 2 * Math.exp(-distance(a.at, b.at) / law.length)
      sum += a.share * b.share * each
    }
  return sum
}

/**
 * Simple kriging with an exponential covariance, over weighted sums of points (Cressie 1993, "Statistics for Spatial
 * Data", 3.2 and 5.2; Rasmussen and Williams 2006, algorithm 2.1): every known sum corrects the points that it holds and, less,
 * those near them.
 */
export function fitField(known: readonly FieldSum[], law: FieldLaw): Field {
  const knownValues = known.map(({ value }) => value)
  const conditioned = condition(knownValues, (i, j) => {
    const noise = i === j ? known[i]!.deviation ** 2 + 1e-9 : 0
    return covariance(known[i]!.points, known[j]!.points, law) + noise
  })
  return {
    logLikelihood: conditioned.logLikelihood,
    sum: (points) => {
      const near = known.map((each) => covariance(each.points, points, law))
      return conditioned.guess(near, Math.sqrt(covariance(points, points, law)))
    },
  }
}
