import { type Candidate, whyUnusable } from './candidate.ts'
import type { Goal } from './goal.ts'
import { type Figure, keepsLimit, type Limit, type LimitName, limitsOf } from './limits.ts'
import { listed } from './words.ts'

/** One limit that gives way: from what was asked to what can be met. */
export interface Relaxation {
  readonly limit: LimitName
  readonly from: number
  readonly to: number
}

/** The goal nearest to one that cannot be met. */
export interface NearestGoal {
  readonly goal: Goal
  /** Key of the candidate that meets it. */
  readonly candidate: string
  readonly relaxed: readonly Relaxation[]
  /** Largest change among the limits as a share of the limit; no goal with smaller changes can be met. */
  readonly change: number
  readonly inWords: string
}

/** Why a goal cannot be met, and what could be. */
export interface Unmet {
  /** The fewest limits that no candidate keeps together; empty where no candidate can run. */
  readonly limits: readonly LimitName[]
  readonly reason: string
  /** Null where no change of the limits' numbers helps: nothing runs, or figures are missing. */
  readonly nearest: NearestGoal | null
}

/** What one candidate shows for every limit of a goal. */
interface Shown {
  readonly candidate: Candidate
  readonly figures: readonly Figure[]
}

interface Asked {
  readonly limit: Limit
  readonly value: number
}

/** Subsets of 0..n-1 as lists, the small ones first. */
function subsets(n: number): readonly (readonly number[])[] {
  const all = Array.from({ length: 2 ** n }, (_, bits) =>
    Array.from({ length: n }, (_, index) => index).filter((index) => bits & (1 << index)),
  )
  return all.sort((a, b) => a.length - b.length)
}

function conflictOf(asked: readonly Asked[], shown: readonly Shown[]): readonly Asked[] {
  const isBroken = ({ figures }: Shown, index: number) =>
    !keepsLimit(asked[index]!.limit, figures[index]!, asked[index]!.value)
  const found = subsets(asked.length).find((subset) =>
    shown.every((one) => subset.some((index) => isBroken(one, index))),
  )
  return (found ?? []).map((index) => asked[index]!)
}

/** By how much a limit has to give way for a figure, as a share of the limit; `Infinity` where that does not help. */
function changeFor({ limit, value }: Asked, figure: Figure): number {
  if (keepsLimit(limit, figure, value)) return 0
  if (typeof figure !== 'number' || limit.given) return Number.POSITIVE_INFINITY
  return Math.abs(figure - value) / value
}

/** A figure with three digits, rounded so that a limit of this value lets the figure pass. */
function roundedOut(figure: number, limit: Limit): number {
  if (figure === 0 || Number.isInteger(figure)) return figure
  const near = Number(figure.toPrecision(3))
  if (keepsLimit(limit, figure, near)) return near
  const unit = 10 ** (Math.floor(Math.log10(figure)) - 2)
  return Number((near + (limit.sense === 'most' ? unit : -unit)).toPrecision(3))
}

function nearestOf(goal: Goal, asked: readonly Asked[], shown: readonly Shown[]): NearestGoal | null {
  const distances = shown.map(({ candidate, figures }) => {
    const changes = asked.map((one, index) => changeFor(one, figures[index]!))
    return { candidate, figures, most: Math.max(...changes), sum: changes.reduce((a, b) => a + b, 0) }
  })
  const [best] = distances.sort((a, b) => a.most - b.most || a.sum - b.sum)
  if (!best || best.most === Number.POSITIVE_INFINITY) return null
  const relaxed = asked.flatMap(({ limit, value }, index): readonly Relaxation[] => {
    const figure = best.figures[index]!
    if (keepsLimit(limit, figure, value)) return []
    return [{ limit: limit.name, from: value, to: roundedOut(figure as number, limit) }]
  })
  const changed: Goal = { ...goal, ...Object.fromEntries(relaxed.map(({ limit, to }) => [limit, to])) }
  const words = relaxed.map(({ limit, to }) =>
    asked.find((one) => one.limit.name === limit)!.limit.inWords(to, changed),
  )
  return { goal: changed, candidate: best.candidate.key, relaxed, change: best.most, inWords: listed(words) }
}

/** Says why no candidate meets a goal: the fewest limits that fail, and the goal that is nearest among those that can be met. */
export function whyUnmet(candidates: readonly Candidate[], goal: Goal, bestAccuracy: number): Unmet {
  const asked = limitsOf(goal)
  const usable = candidates.filter((candidate) => whyUnusable(candidate) === null)
  if (usable.length === 0) return { limits: [], reason: 'no candidate can run', nearest: null }
  const shown = usable.map((candidate) => ({
    candidate,
    figures: asked.map(({ limit }) => limit.figure(candidate, goal, bestAccuracy)),
  }))
  const conflict = conflictOf(asked, shown)
  const words = conflict.map(({ limit, value }) => limit.inWords(value, goal))
  const reason = `no candidate keeps ${words.length > 1 ? `${listed(words)} together` : words.join('')}`
  return { limits: conflict.map(({ limit }) => limit.name), reason, nearest: nearestOf(goal, asked, shown) }
}
