import type { EnergyFigure, LatencyFigure } from '../cost/profile.ts'
import type { Goal } from './goal.ts'

/** A variant on a backend on a device, with what is known of it. */
export interface Candidate {
  /** Names the candidate; means nothing to the planner. */
  readonly key: string
  readonly variant: string
  readonly backend: string
  readonly device: string
  /** Accuracy as the card states it, 0..1; null when nobody measured it. */
  readonly accuracy: number | null
  readonly modelBytes: number
  readonly macs: number | null
  readonly latency: LatencyFigure | null
  readonly energy: EnergyFigure | null
  /** Why it cannot run at all. */
  readonly unusable?: string
}

/** A candidate after the choice. */
export interface Judged extends Candidate {
  readonly verdict: 'chosen' | 'eligible' | 'rejected'
  readonly reason: string
}

/** The choice: at most one chosen, and every candidate with its reason, best first. */
export interface Choice {
  readonly chosen: Judged | null
  readonly judged: readonly Judged[]
}

/** Figures closer than this count as equal: repeated measurements differ by as much. */
const equalWithin = 0.01

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const milliseconds = (seconds: number) => `${(seconds * 1e3).toPrecision(3)} ms`
const millijoules = (joules: number) => `${(joules * 1e3).toPrecision(3)} mJ`

function accuracyComplaint(candidate: Candidate, goal: Goal, best: number): string | null {
  const least = Math.max(goal.minAccuracy ?? 0, (goal.minRelativeAccuracy ?? 0) * best)
  if (least === 0) return null
  if (candidate.accuracy === null)
    return goal.minAccuracy === undefined ? null : `its accuracy is not known, but the goal asks for ${percent(least)}`
  return candidate.accuracy >= least ? null : `accuracy ${percent(candidate.accuracy)} < ${percent(least)}`
}

function energyComplaint(candidate: Candidate, goal: Goal): string | null {
  if (goal.maxEnergyJ === undefined) return null
  const accepted = goal.acceptProvenance ?? ['measured', 'replayed']
  if (!candidate.energy) return 'there is no energy figure, but the goal limits energy'
  if (!accepted.includes(candidate.energy.provenance))
    return `its energy is ${candidate.energy.provenance}, but the limit needs a figure that is ${accepted.join(' or ')}`
  if (candidate.energy.energyJ <= goal.maxEnergyJ) return null
  return `energy ${millijoules(candidate.energy.energyJ)} > ${millijoules(goal.maxEnergyJ)}`
}

/** The first limit that a candidate breaks, in words; null when it meets the goal. */
function complaint(candidate: Candidate, goal: Goal, bestAccuracy: number): string | null {
  if (candidate.unusable) return candidate.unusable
  if (!candidate.latency) return 'its latency was not measured'
  const { p95S } = candidate.latency
  return (
    accuracyComplaint(candidate, goal, bestAccuracy) ??
    (goal.maxLatencyS !== undefined && p95S > goal.maxLatencyS
      ? `latency (95th percentile) ${milliseconds(p95S)} > ${milliseconds(goal.maxLatencyS)}`
      : null) ??
    energyComplaint(candidate, goal) ??
    (goal.maxModelBytes !== undefined && candidate.modelBytes > goal.maxModelBytes
      ? `${candidate.modelBytes} bytes > ${goal.maxModelBytes} bytes`
      : null)
  )
}

/** A quantity to compare by, and how its figures are told. */
interface Criterion {
  readonly name: string
  value(candidate: Candidate): number
  tell(candidate: Candidate): string
}

const latencyCriterion: Criterion = {
  name: 'latency',
  value: (candidate) => candidate.latency!.medianS,
  tell: (candidate) => milliseconds(candidate.latency!.medianS),
}

const energyCriterion: Criterion = {
  name: 'energy',
  value: (candidate) => candidate.energy!.energyJ,
  tell: (candidate) => `${millijoules(candidate.energy!.energyJ)} (${candidate.energy!.provenance})`,
}

const bytesCriterion: Criterion = {
  name: 'bytes',
  value: (candidate) => candidate.modelBytes,
  tell: (candidate) => `${candidate.modelBytes} bytes`,
}

/** Energies are comparable only when all have one provenance; else the order is by latency, and says so. */
function criteriaOf(
  eligible: readonly Candidate[],
  goal: Goal,
): { readonly criteria: readonly Criterion[]; readonly note: string } {
  if (goal.minimize === 'latency') return { criteria: [latencyCriterion], note: '' }
  if (goal.minimize === 'bytes') return { criteria: [bytesCriterion, latencyCriterion], note: '' }
  const provenances = new Set(eligible.map((candidate) => candidate.energy?.provenance ?? 'none'))
  if (provenances.size === 1 && !provenances.has('none'))
    return { criteria: [energyCriterion, latencyCriterion], note: '' }
  const why = provenances.size > 1 ? 'energy figures of different provenance are not compared' : 'no energy figures'
  return { criteria: [latencyCriterion], note: ` (by latency: ${why})` }
}

const isEqual = (a: number, b: number) => Math.abs(a - b) <= equalWithin * Math.min(Math.abs(a), Math.abs(b))

/** The criterion that separates two candidates; the last one when they are equal in all. */
function decisive(a: Candidate, b: Candidate, criteria: readonly Criterion[]): Criterion {
  return criteria.find((criterion) => !isEqual(criterion.value(a), criterion.value(b))) ?? criteria.at(-1)!
}

/** Best first. "Equal within 1 %" is not transitive, so the best is picked by elimination and the rest is sorted. */
function order(eligible: readonly Candidate[], criteria: readonly Criterion[]): readonly Candidate[] {
  let left = [...eligible]
  for (const criterion of criteria) {
    const least = Math.min(...left.map((candidate) => criterion.value(candidate)))
    left = left.filter(
      (candidate) => isEqual(criterion.value(candidate), least) || criterion.value(candidate) === least,
    )
  }
  const last = criteria.at(-1)!
  const best = left.reduce((a, b) => (last.value(b) < last.value(a) ? b : a))
  const first = criteria[0]!
  const rest = eligible.filter((candidate) => candidate !== best)
  return [best, ...rest.sort((a, b) => first.value(a) - first.value(b))]
}

function judgeEligible(eligible: readonly Candidate[], goal: Goal): readonly Judged[] {
  if (eligible.length === 0) return []
  const { criteria, note } = criteriaOf(eligible, goal)
  const [best, ...rest] = order(eligible, criteria)
  const runnerUp = rest[0]
  const by = runnerUp ? decisive(best!, runnerUp, criteria) : criteria[0]!
  const against = runnerUp ? `, next best ${by.tell(runnerUp)}` : ''
  const chosen: Judged = { ...best!, verdict: 'chosen', reason: `least ${by.name}: ${by.tell(best!)}${against}${note}` }
  const others = rest.map((candidate): Judged => {
    const why = decisive(best!, candidate, criteria)
    return {
      ...candidate,
      verdict: 'eligible',
      reason: `meets the goal, but ${why.name} ${why.tell(candidate)} ≥ ${why.tell(best!)}`,
    }
  })
  return [chosen, ...others]
}

/**
 * Chooses among candidates under a goal. Every candidate comes back with its verdict and reason. Figures of
 * different provenance are never compared with each other.
 */
export function choose(candidates: readonly Candidate[], goal: Goal): Choice {
  const bestAccuracy = Math.max(0, ...candidates.map((candidate) => candidate.accuracy ?? 0))
  const complaints = candidates.map((candidate) => complaint(candidate, goal, bestAccuracy))
  const eligible = candidates.filter((_, index) => complaints[index] === null)
  const rejected = candidates.flatMap((candidate, index): readonly Judged[] => {
    const reason = complaints[index]
    return reason == null ? [] : [{ ...candidate, verdict: 'rejected', reason }]
  })
  const judged = [...judgeEligible(eligible, goal), ...rejected]
  return { chosen: judged[0]?.verdict === 'chosen' ? judged[0] : null, judged }
}
