import { dampedInverse } from '../core/cholesky.ts'

/** Mean of channels and their covariance, over all positions of all samples. */
export interface ChannelMoments {
  readonly means: Float64Array
  /** Rows of the covariance. */
  readonly covariance: readonly Float64Array[]
}

/** What is left after channels were removed. */
export interface Surgery {
  /** Channels that stay, ascending. */
  readonly kept: readonly number[]
  /** For each row of weights those of the kept channels. */
  readonly weights: readonly Float64Array[]
  /** What each row's sum gains on average, to be added to a bias. */
  readonly gains: Float64Array
  /** What the removal of each channel added to the squared error of the sums, as a share of their own squares, in order. */
  readonly costs: readonly number[]
}

/** Share of the mean variance that is added, so that channels which are sums of others have an inverse. */
const ridge = 1e-4

/** Channel whose removal costs least: |w|² over the inverse covariance's own entry. */
function cheapest(
  open: readonly number[],
  weights: readonly Float64Array[],
  inverted: readonly Float64Array[],
): { readonly channel: number; readonly cost: number } {
  let best = open[0]!
  let least = Number.POSITIVE_INFINITY
  for (const channel of open) {
    let squares = 0
    for (const row of weights) squares += row[channel]! * row[channel]!
    const cost = squares / Math.max(inverted[channel]![channel]!, 1e-30)
    if (cost < least) [best, least] = [channel, cost]
  }
  return { channel: best, cost: least }
}

/** Sum over rows of w·C·w: how much the sums vary. */
function variation(rows: readonly Float64Array[], covariance: readonly Float64Array[]): number {
  let sum = 0
  for (const row of rows)
    for (const [a, line] of covariance.entries())
      for (const [b, value] of line.entries()) sum += row[a]! * row[b]! * value
  return sum
}

/**
 * Removes channels one by one, each time the one that is missed least, and lets the others stand in for it as well as a
 * linear layer can: optimal brain surgeon (Hassibi and Stork 1993), for whole input channels of a layer.
 * @param rows weights of a layer, a row for every unit (and tap), of as many channels as `moments` has
 * @param keep how many channels stay
 */
export function removeChannels(rows: readonly Float64Array[], moments: ChannelMoments, keep: number): Surgery {
  const weights = rows.map((row) => row.slice())
  const inverted = dampedInverse(moments.covariance, ridge)
  let open = moments.means.length === 0 ? [] : Array.from(moments.means, (_, at) => at)
  const whole = Math.max(variation(rows, moments.covariance), 1e-30)
  const costs: number[] = []
  while (open.length > keep) {
    const { channel: gone, cost } = cheapest(open, weights, inverted)
    costs.push(cost / whole)
    const [line, own] = [inverted[gone]!.slice(), inverted[gone]![gone]!]
    for (const row of weights) {
      const factor = row[gone]! / own
      for (const channel of open) row[channel]! -= factor * line[channel]!
      row[gone] = 0
    }
    open = open.filter((channel) => channel !== gone)
    for (const a of open) {
      const factor = line[a]! / own
      for (const b of open) inverted[a]![b]! -= factor * line[b]!
    }
  }
  const gains = Float64Array.from(rows, (row, at) =>
    row.reduce((sum, value, channel) => sum + (value - weights[at]![channel]!) * moments.means[channel]!, 0),
  )
  return {
    kept: open,
    weights: weights.map((row) => Float64Array.from(open, (channel) => row[channel]!)),
    gains,
    costs,
  }
}
