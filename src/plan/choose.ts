import { type Candidate, whyUnusable } from './candidate.ts'
import type { Goal } from './goal.ts'
import { complaintAbout, limitsOf, p95InWords } from './limits.ts'
import { type Unmet, whyUnmet } from './nearest.ts'
import { paretoFront } from './pareto.ts'

/** A candidate after the choice. */
export interface Judged extends Candidate {
  readonly verdict: 'chosen' | 'eligible' | 'rejected'
  readonly reason: string
  /** No other candidate is at least as good in accuracy, latency, energy and bytes and better in one. */
  readonly pareto: boolean
}

/** The choice: at most one chosen, and every candidate with its reason, best first. */
export interface Choice {
  readonly chosen: Judged | null
  readonly judged: readonly Judged[]
  /** Why none was chosen, with the nearest goal that can be met; null when one was. */
  readonly unmet: Unmet | null
}

/** A candidate with its verdict. */
type Verdict = Omit<Judged, 'pareto'>

/** Figures closer than this count as equal: repeated measurements differ by as much. */
const equalWithin = 0.01

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const milliseconds = (seconds: number) => `${(seconds * 1e3).toPrecision(3)} ms`
const millijoules = (joules: number) => `${(joules * 1e3).toPrecision(3)} mJ`

/** Why a candidate cannot be used, or the first limit that it breaks, in words; null when it meets the goal. */
export function whyRejected(candidate: Candidate, goal: Goal, bestAccuracy: number): string | null {
  const unusable = whyUnusable(candidate)
  if (unusable !== null) return unusable
  for (const asked of limitsOf(goal)) {
    const found = complaintAbout(asked, candidate, goal, bestAccuracy)
    if (found !== null) return found
  }
  return null
}

/** A quantity to compare by, and how its figures are told. */
interface Criterion {
  readonly name: string
  /** Figures this close, as a share, count as equal. */
  readonly equalWithin: number
  /** More is better. */
  readonly rising?: true
  /** Less is better. */
  value(candidate: Candidate): number
  tell(candidate: Candidate): string
}

const latencyCriterion: Criterion = {
  name: 'latency',
  equalWithin,
  value: (candidate) => candidate.latency!.medianS,
  tell: (candidate) => milliseconds(candidate.latency!.medianS),
}

const energyCriterion: Criterion = {
  name: 'energy',
  equalWithin,
  value: (candidate) => candidate.energy!.energyJ,
  tell: (candidate) => `${millijoules(candidate.energy!.energyJ)} (${candidate.energy!.provenance})`,
}

const bytesCriterion: Criterion = {
  name: 'bytes',
  equalWithin,
  value: (candidate) => candidate.modelBytes,
  tell: (candidate) => `${candidate.modelBytes} bytes`,
}

const accuracyCriterion: Criterion = {
  name: 'accuracy',
  // Measured on a fixed set: it does not vary from run to run.
  equalWithin: 0,
  rising: true,
  value: (candidate) => (candidate.accuracy === null ? 0 : -candidate.accuracy),
  tell: (candidate) => (candidate.accuracy === null ? 'unknown' : percent(candidate.accuracy)),
}

/** Energies are comparable only when all have one provenance; else the order is by latency, and says so. */
function criteriaOf(
  eligible: readonly Candidate[],
  goal: Goal,
): { readonly criteria: readonly Criterion[]; readonly note: string } {
  if (goal.minimize === 'latency') return { criteria: [latencyCriterion], note: '' }
  if (goal.minimize === 'accuracy') return { criteria: [accuracyCriterion, latencyCriterion], note: '' }
  if (goal.minimize === 'bytes') return { criteria: [bytesCriterion, latencyCriterion], note: '' }
  const provenances = new Set(eligible.map((candidate) => candidate.energy?.provenance ?? 'none'))
  if (provenances.size === 1 && !provenances.has('none'))
    return { criteria: [energyCriterion, latencyCriterion], note: '' }
  const why = provenances.size > 1 ? 'energy figures of different provenance are not compared' : 'no energy figures'
  return { criteria: [latencyCriterion], note: ` (by latency: ${why})` }
}

function isEqual(criterion: Criterion, a: number, b: number): boolean {
  return Math.abs(a - b) <= criterion.equalWithin * Math.min(Math.abs(a), Math.abs(b))
}

/** The criterion that separates two candidates; the last one when they are equal in all. */
function decisive(a: Candidate, b: Candidate, criteria: readonly Criterion[]): Criterion {
  return criteria.find((criterion) => !isEqual(criterion, criterion.value(a), criterion.value(b))) ?? criteria.at(-1)!
}

/** Best first. "Equal within 1 %" is not transitive, so the best is picked by elimination and the rest is sorted. */
function order(eligible: readonly Candidate[], criteria: readonly Criterion[]): readonly Candidate[] {
  let left = [...eligible]
  for (const criterion of criteria) {
    const least = Math.min(...left.map((candidate) => criterion.value(candidate)))
    left = left.filter(
      (candidate) => isEqual(criterion, criterion.value(candidate), least) || criterion.value(candidate) === least,
    )
  }
  const last = criteria.at(-1)!
  const best = left.reduce((a, b) => (last.value(b) < last.value(a) ? b : a))
  const first = criteria[0]!
  const rest = eligible.filter((candidate) => candidate !== best)
  return [best, ...rest.sort((a, b) => first.value(a) - first.value(b))]
}

/** How surely a limit on latency is kept, where the figure can tell. */
function confidenceNote({ latency }: Candidate, { maxLatencyS }: Goal): string {
  return maxLatencyS === undefined || latency?.p95HighS === undefined ? '' : `; 95th percentile ${p95InWords(latency)}`
}

function judgeEligible(eligible: readonly Candidate[], goal: Goal): readonly Verdict[] {
  if (eligible.length === 0) return []
  const { criteria, note } = criteriaOf(eligible, goal)
  const [best, ...rest] = order(eligible, criteria)
  const runnerUp = rest[0]
  const by = runnerUp ? decisive(best!, runnerUp, criteria) : criteria[0]!
  const against = runnerUp ? `, next best ${by.tell(runnerUp)}` : ''
  const most = by.rising ? 'most' : 'least'
  const chosen: Verdict = {
    ...best!,
    verdict: 'chosen',
    reason: `${most} ${by.name}: ${by.tell(best!)}${against}${note}${confidenceNote(best!, goal)}`,
  }
  const others = rest.map((candidate): Verdict => {
    const why = decisive(best!, candidate, criteria)
    return {
      ...candidate,
      verdict: 'eligible',
      reason: `meets the goal, but ${why.name} ${why.tell(candidate)} ${why.rising ? '≤' : '≥'} ${why.tell(best!)}`,
    }
  })
  return [chosen, ...others]
}

/** What limits on relative accuracy are held against: the best accuracy of all candidates, 0 where none is known. */
export const bestAccuracyOf = (candidates: readonly Candidate[]): number =>
  Math.max(0, ...candidates.map(({ accuracy }) => accuracy ?? 0))

/**
 * Chooses among candidates under a goal. Every candidate comes back with its verdict and reason. Figures of
 * different provenance are never compared with each other.
 */
export function choose(candidates: readonly Candidate[], goal: Goal): Choice {
  const bestAccuracy = bestAccuracyOf(candidates)
  const complaints = candidates.map((candidate) => whyRejected(candidate, goal, bestAccuracy))
  const eligible = candidates.filter((_, index) => complaints[index] === null)
  const rejected = candidates.flatMap((candidate, index): readonly Verdict[] => {
    const reason = complaints[index]
    return reason == null ? [] : [{ ...candidate, verdict: 'rejected', reason }]
  })
  const front = new Set([...paretoFront(candidates)].map(({ key }) => key))
  const judged = [...judgeEligible(eligible, goal), ...rejected].map((one) => ({ ...one, pareto: front.has(one.key) }))
  if (eligible.length === 0) return { chosen: null, judged, unmet: whyUnmet(candidates, goal, bestAccuracy) }
  return { chosen: judged[0]!, judged, unmet: null }
}
