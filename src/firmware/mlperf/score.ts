import { median } from '../../core/stats.ts'

/** A window of the performance mode. */
export interface ThroughputWindow {
  readonly iterations: number
  /** By the device's own timer. */
  readonly durationS: number
  readonly inferencesPerS: number
}

/** Number and shortest length of windows that the rules of MLPerf Tiny ask for. */
const officialWindows = 5
const officialWindowS = 10

/** The score of the performance mode, and whether the rules would accept it. */
export interface ThroughputScore {
  readonly rule: 'MLPerf Tiny performance: median of 5 windows of at least 10 s'
  readonly inferencesPerS: number
  readonly latencyS: number
  readonly valid: boolean
  readonly reasons: readonly string[]
}

/** The median throughput over windows. */
export function throughputScore(windows: readonly ThroughputWindow[]): ThroughputScore {
  const short = windows.filter(({ durationS }) => durationS < officialWindowS).length
  const reasons = [
    ...(windows.length === officialWindows ? [] : [`${windows.length} windows instead of ${officialWindows}`]),
    ...(short > 0 ? [`${short} windows shorter than ${officialWindowS} s`] : []),
  ]
  const inferencesPerS = median(windows.map((window) => window.inferencesPerS))
  return {
    rule: 'MLPerf Tiny performance: median of 5 windows of at least 10 s',
    inferencesPerS,
    latencyS: 1 / inferencesPerS,
    valid: reasons.length === 0,
    reasons,
  }
}

/** What a device said of one labelled input. */
export interface Labelled {
  readonly label: number
  /** A score a class; one score alone is how anomalous the input is. */
  readonly scores: readonly number[]
}

/** Share of inputs whose best score is their label's; of equal best scores the first counts, as in numpy's argmax. */
export function topOne(inputs: readonly Labelled[]): number {
  const best = (scores: readonly number[]) => scores.indexOf(Math.max(...scores))
  return inputs.filter(({ label, scores }) => best(scores) === label).length / inputs.length
}

/**
 * Area under the receiver operating characteristic of one score for yes and no: the probability that a yes scores above
 * a no, ties count half (Mann-Whitney). Null without both kinds.
 */
export function areaUnderCurve(
  inputs: readonly { readonly isPositive: boolean; readonly score: number }[],
): number | null {
  const sorted = [...inputs].sort((a, b) => a.score - b.score)
  const positives = inputs.filter(({ isPositive }) => isPositive).length
  const negatives = inputs.length - positives
  if (positives === 0 || negatives === 0) return null
  let rankSum = 0
  for (let from = 0; from < sorted.length; ) {
    let to = from
    while (to < sorted.length && sorted[to]!.score === sorted[from]!.score) to++
    const meanRank = (from + 1 + to) / 2
    for (let at = from; at < to; at++) if (sorted[at]!.isPositive) rankSum += meanRank
    from = to
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** The area under the curve of all classes, each against the rest, and their mean (scikit-learn's `ovr`, macro). Null where a class is missing. */
export function meanAreaUnderCurve(inputs: readonly Labelled[]): number | null {
  const classes = inputs[0]?.scores.length ?? 0
  const areaOf = (wanted: number, place: number) =>
    areaUnderCurve(inputs.map(({ label, scores }) => ({ isPositive: label === wanted, score: scores[place]! })))
  if (classes <= 2) return classes === 0 ? null : areaOf(1, classes - 1)
  const areas = Array.from({ length: classes }, (_, at) => areaOf(at, at))
  return areas.some((area) => area === null) ? null : areas.reduce((sum: number, area) => sum + area!, 0) / classes
}
