import { binMiddle, binWidth, type Histogram, histogramQuantile } from './histogram.ts'
import type { RangeMethod } from './recipe.ts'

/** Lowest and highest real that a tensor's integers reach; always holds 0. */
export type RealRange = readonly [number, number]

const withZero = (low: number, high: number): RealRange => [Math.min(0, low), Math.max(0, high)]

/** Narrower ranges have no float32 scale. */
const leastWidth = 1e-30

/** Share that `percentile` leaves out on each side. */
const outermost = 1e-4

/** Shares of the whole range that `mse` and `entropy` try, for each side that has values. */
const shares: readonly number[] = Array.from({ length: 36 }, (_, index) => 1 - index * 0.025)

/** Ranges that are worth trying: both ends shrink alike, and each alone. */
function candidates({ low, high }: Histogram): readonly RealRange[] {
  const alike = shares.map((share) => withZero(low * share, high * share))
  if (low >= 0 || high <= 0) return alike
  const one = shares.slice(1).flatMap((share) => [withZero(low * share, high), withZero(low, high * share)])
  return [...alike, ...one]
}

/** Mean squared error of rounding to `levels` steps and clipping: step²/12 inside, the distance outside. */
function squaredError(histogram: Histogram, [low, high]: RealRange, levels: number): number {
  const rounding = ((high - low) / levels) ** 2 / 12
  let sum = 0
  for (let bin = 0; bin < histogram.counts.length; bin++) {
    const count = histogram.counts[bin]!
    if (count === 0) continue
    const value = binMiddle(histogram, bin)
    const outside = Math.max(low - value, value - high, 0)
    sum += count * (outside > 0 ? outside * outside : rounding)
  }
  return sum
}

/**
 * Kullback-Leibler divergence of what was counted from the same rounded to `levels` steps: the counts of each step spread
 * evenly over the bins of it that hold any, with what lies outside counted at the range's ends in the first and missing
 * in the second (Migacz 2017). Real 0 is an integer whatever the range: its bin counts for nothing.
 */
function divergence(histogram: Histogram, [low, high]: RealRange, levels: number): number {
  const width = binWidth(histogram)
  const counts = Float64Array.from(histogram.counts)
  if (histogram.low <= 0 && histogram.high >= 0)
    counts[Math.min(counts.length - 1, Math.floor(-histogram.low / width))] = 0
  const from = Math.max(0, Math.round((low - histogram.low) / width))
  const to = Math.min(counts.length, Math.round((high - histogram.low) / width))
  if (to - from < levels) return Number.POSITIVE_INFINITY
  const inside = counts.subarray(from, to)
  const clipped = Float64Array.from(inside)
  for (let bin = 0; bin < from; bin++) clipped[0]! += counts[bin]!
  for (let bin = to; bin < counts.length; bin++) clipped[clipped.length - 1]! += counts[bin]!
  const rounded = new Float64Array(inside.length)
  for (let level = 0; level < levels; level++) {
    const [first, last] = [level, level + 1].map((edge) => Math.round((edge * inside.length) / levels)) as [
      number,
      number,
    ]
    let [sum, filled] = [0, 0]
    for (let bin = first; bin < last; bin++) {
      sum += inside[bin]!
      if (clipped[bin]! > 0) filled += 1
    }
    for (let bin = first; bin < last; bin++) if (clipped[bin]! > 0) rounded[bin] = sum / filled
  }
  const [all, kept] = [clipped, rounded].map((values) => values.reduce((sum, value) => sum + value, 0)) as [
    number,
    number,
  ]
  if (kept === 0) return Number.POSITIVE_INFINITY
  let result = 0
  for (let bin = 0; bin < clipped.length; bin++) {
    if (clipped[bin]! === 0) continue
    const [p, q] = [clipped[bin]! / all, Math.max(rounded[bin]! / kept, 1e-12)]
    result += p * Math.log(p / q)
  }
  return result
}

function least(options: readonly RealRange[], cost: (range: RealRange) => number): RealRange {
  const costs = options.map(cost)
  return options[costs.indexOf(Math.min(...costs))]!
}

/**
 * The range that a tensor's integers are spread over.
 * @param levels steps between the ends: 255 for int8
 */
export function chooseRange(histogram: Histogram, method: RangeMethod, levels: number): RealRange {
  const whole = withZero(histogram.low, histogram.high)
  if (!(whole[1] - whole[0] > leastWidth)) return [0, 1]
  if (method === 'min-max') return whole
  if (method === 'percentile') {
    const [low, high] = [outermost, 1 - outermost].map((share) => histogramQuantile(histogram, share)) as [
      number,
      number,
    ]
    return high > low ? withZero(low, high) : whole
  }
  const cost = method === 'mse' ? squaredError : divergence
  return least(candidates(histogram), (range) => cost(histogram, range, levels))
}
