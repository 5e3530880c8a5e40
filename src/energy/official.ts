import { median } from '../core/stats.ts'

/** A window by the rule of the MLPerf Tiny energy runner. */
export interface OfficialWindow {
  readonly startS: number
  readonly endS: number
  readonly energyJ: number
  readonly energyPerInferenceJ: number
  readonly meanPowerW: number
}

/** Shortest window and number of windows that the rules of MLPerf Tiny ask for. */
const leastWindowS = 10
const windowCount = 5

/**
 * The window between the last two events, by the rule of MLPerf Tiny's energy runner: the sum of the samples whose
 * index is at least the first event's and below the second's, over the inferences.
 * @param energyPerSampleJ joules of each sample
 * @param eventIndexes sample indexes of the events so far; a boot pulse before the last two does no harm
 * @returns null where there are fewer than two events, no inference, or the samples do not reach that far
 */
export function officialWindow(
  energyPerSampleJ: ArrayLike<number>,
  sampleRateHz: number,
  eventIndexes: readonly number[],
  inferences: number,
): OfficialWindow | null {
  const [start, end] = eventIndexes.slice(-2).map(Math.round)
  if (start === undefined || end === undefined || !(end > start) || start < 0) return null
  if (end > energyPerSampleJ.length || !(inferences > 0)) return null
  let energyJ = 0
  for (let at = start; at < end; at++) energyJ += energyPerSampleJ[at]!
  const [startS, endS] = [start / sampleRateHz, end / sampleRateHz]
  return {
    startS,
    endS,
    energyJ,
    energyPerInferenceJ: energyJ / inferences,
    meanPowerW: energyJ / (endS - startS),
  }
}

/** The score of MLPerf Tiny's energy mode, and whether the rules would accept it. */
export interface OfficialScore {
  readonly rule: 'MLPerf Tiny energy: median of 5 windows of at least 10 s'
  readonly energyPerInferenceJ: number
  readonly windows: number
  readonly valid: boolean
  readonly reasons: readonly string[]
}

/** The median over windows, as the rules score it. Idle is not subtracted. */
export function officialScore(
  windows: readonly { readonly durationS: number; readonly energyPerInferenceJ: number }[],
): OfficialScore {
  const short = windows.filter(({ durationS }) => durationS < leastWindowS).length
  const reasons = [
    ...(windows.length === windowCount ? [] : [`${windows.length} windows instead of ${windowCount}`]),
    ...(short > 0 ? [`${short} windows shorter than ${leastWindowS} s`] : []),
  ]
  return {
    rule: 'MLPerf Tiny energy: median of 5 windows of at least 10 s',
    energyPerInferenceJ: median(windows.map(({ energyPerInferenceJ }) => energyPerInferenceJ)),
    windows: windows.length,
    valid: reasons.length === 0,
    reasons,
  }
}
