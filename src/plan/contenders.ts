import { scaledLatency } from '../cost/profile.ts'
import type { Candidate } from './candidate.ts'
import { bestAccuracyOf, choose, whyRejected } from './choose.ts'
import type { Goal } from './goal.ts'

/** A figure of a few rounds may be off by this factor when the machine is busy. */
const doubt = 1.25

/** Batches of rounds for a candidate that a limit on latency lies near. */
const mostBatches = 3

/** The candidate at the fastest and most frugal that its figures leave open. */
function atBest(candidate: Candidate, isSettled: boolean): Candidate {
  const { latency, energy } = candidate
  const factor = isSettled ? 1 : 1 / doubt
  const scaled = latency && scaledLatency(latency, factor)
  return {
    ...candidate,
    latency: scaled && { ...scaled, p95HighS: scaled.p95S },
    energy: energy && { ...energy, energyJ: energy.energyJ * factor },
  }
}

/** The candidate in a spell so slow as rounds that were few may have missed. */
const inSlowSpell = (candidate: Candidate): Candidate => ({
  ...candidate,
  latency: candidate.latency && scaledLatency(candidate.latency, doubt),
})

/**
 * Candidates whose figures a choice hangs on and of which more rounds would tell more, by key: the chosen one, and those
 * that would be chosen in its place if their figures were as good as those so far leave open. Measuring any other
 * candidate longer changes nothing.
 * @param batches how often a candidate was measured beyond the first rounds; once is enough unless a limit on latency is near
 */
export function contendersOf(
  candidates: readonly Candidate[],
  goal: Goal,
  batches: (key: string) => number,
): readonly string[] {
  const { chosen } = choose(candidates, goal)
  const bestAccuracy = bestAccuracyOf(candidates)
  const keeps = (candidate: Candidate) => whyRejected(candidate, goal, bestAccuracy) === null
  const { maxLatencyS } = goal
  const onLatency: Goal = { minimize: 'latency', ...(maxLatencyS === undefined ? {} : { maxLatencyS }) }
  const isOpen = (candidate: Candidate): boolean => {
    const done = batches(candidate.key)
    if (done >= mostBatches) return false
    const best = atBest(candidate, done > 0)
    if (!keeps(best)) return false
    if (done > 0 && whyRejected(inSlowSpell(candidate), onLatency, bestAccuracy) === null) return false
    if (candidate.key === chosen?.key) return true
    return !chosen || choose([best, chosen], { minimize: goal.minimize }).chosen?.key === candidate.key
  }
  return candidates.filter(isOpen).map(({ key }) => key)
}
