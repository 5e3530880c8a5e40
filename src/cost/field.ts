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
}

function distance(a: readonly number[], b: readonly number[]): number {
  let square = 0
  for (let i = 0; i < a.length; i++) square += (a[i]! - b[i]!) ** 2
  return Math.sqrt(square)
}

/** What two sums have in common, by how it hangs together: all of it, within groups, and falling off with distance. */
type Overlap = readonly [all: number, group: number, near: number]

function overlap(left: readonly FieldPoint[], right: readonly FieldPoint[], length: number): Overlap {
  let [all, group, near] = [0, 0, 0]
  for (const a of left)
    for (const b of right) {
      const shares = a.share * b.share
      all += shares
      if (a.group !== b.group) continue
      group += shares
      near += shares * Math.exp(-distance(a.at, b.at) / length)
    }
  return [all, group, near]
}

const weigh = ([all, group, near]: Overlap, law: FieldLaw): number =>
  law.common ** 2 * all + law.group ** 2 * group + law.local ** 2 * near

const covariance = (left: readonly FieldPoint[], right: readonly FieldPoint[], law: FieldLaw): number =>
  weigh(overlap(left, right, law.length), law)

/** One point for all that lie in the same place, with their shares together. */
export function mergePoints(points: readonly FieldPoint[]): readonly FieldPoint[] {
  const merged = new Map<string, FieldPoint>()
  for (const point of points) {
    const key = `${point.group} ${point.at.join(' ')}`
    const known = merged.get(key)
    merged.set(key, known ? { ...known, share: known.share + point.share } : point)
  }
  return [...merged.values()]
}

/**
 * Variance of a sum in which every point is off by itself by a deviation: sums of many points are less off than each of
 * them.
 */
export function ownVariance(points: readonly FieldPoint[], deviation: number): number {
  return deviation ** 2 * points.reduce((sum, { share }) => sum + share ** 2, 0)
}

/** A law with the deviation that every point has by itself. */
export interface NoisyLaw {
  readonly law: FieldLaw
  readonly noise: number
}

/** The law under which what is known is likeliest. */
export function likeliestLaw(
  known: readonly FieldSum[],
  laws: readonly FieldLaw[],
  noises: readonly number[],
): NoisyLaw {
  const values = known.map(({ value }) => value)
  const overlaps = new Map(laws.map(({ length }) => [length, null as readonly (readonly Overlap[])[] | null] as const))
  for (const length of overlaps.keys())
    overlaps.set(
      length,
      known.map((left, i) => known.slice(0, i + 1).map((right) => overlap(left.points, right.points, length))),
    )
  let [best, likelihood]: [NoisyLaw, number] = [{ law: laws[0]!, noise: noises[0]! }, Number.NEGATIVE_INFINITY]
  for (const law of laws)
    for (const noise of noises) {
      const own = (i: number) => known[i]!.deviation ** 2 + ownVariance(known[i]!.points, noise) + 1e-9
      const { logLikelihood } = condition(
        values,
        (i, j) => weigh(overlaps.get(law.length)![i]![j]!, law) + (i === j ? own(i) : 0),
      )
      if (logLikelihood > likelihood) [best, likelihood] = [{ law, noise }, logLikelihood]
    }
  return best
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
    sum: (points) => {
      const near = known.map((each) => covariance(each.points, points, law))
      return conditioned.guess(near, Math.sqrt(covariance(points, points, law)))
    },
  }
}
