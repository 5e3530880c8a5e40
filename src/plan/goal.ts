import { MilliwattError } from '../core/errors.ts'
import type { Provenance } from '../core/provenance.ts'

/** What to make small once the limits hold. */
export type Objective = 'energy' | 'latency' | 'bytes'

/** What the user asks of a plan: limits, and what to minimise. All limits hold together. */
export interface Goal {
  /** Least accuracy, 0..1. */
  readonly minAccuracy?: number
  /** Least accuracy as a share of the best variant's, 0..1. */
  readonly minRelativeAccuracy?: number
  /** Most latency of one inference at the 95th percentile, in seconds. */
  readonly maxLatencyS?: number
  /** Most energy of one inference in joules. Only a physical reading satisfies it, see `acceptProvenance`. */
  readonly maxEnergyJ?: number
  /** Most bytes of the model file. */
  readonly maxModelBytes?: number
  readonly minimize: Objective
  /** Provenances that may satisfy `maxEnergyJ`; by default `measured` and `replayed`. */
  readonly acceptProvenance?: readonly Provenance[]
}

/** The goal when nothing is asked: 90 % of the best accuracy, then least energy, then least latency. */
export const defaultGoal: Goal = { minRelativeAccuracy: 0.9, minimize: 'energy' }

const percent = (share: number) => `${Number((share * 100).toPrecision(4))} %`

/** The goal in words, one limit a line. */
export function goalInWords(goal: Goal): readonly string[] {
  const lines = [
    goal.minAccuracy !== undefined && `accuracy ≥ ${percent(goal.minAccuracy)}`,
    goal.minRelativeAccuracy !== undefined && `accuracy ≥ ${percent(goal.minRelativeAccuracy)} of the best variant's`,
    goal.maxLatencyS !== undefined &&
      `latency (95th percentile) ≤ ${Number((goal.maxLatencyS * 1e3).toPrecision(6))} ms`,
    goal.maxEnergyJ !== undefined &&
      `energy ≤ ${Number((goal.maxEnergyJ * 1e3).toPrecision(6))} mJ an inference (${(goal.acceptProvenance ?? ['measured', 'replayed']).join(' or ')})`,
    goal.maxModelBytes !== undefined && `model file ≤ ${goal.maxModelBytes} bytes`,
    `then least ${goal.minimize}${goal.minimize === 'latency' ? '' : ', then least latency'}`,
  ]
  return lines.filter((line) => line !== false)
}

/** Checks that the numbers of a goal make sense. @throws MilliwattError GOAL_INVALID */
export function checkGoal(goal: Goal): Goal {
  const shares = ['minAccuracy', 'minRelativeAccuracy'] as const
  const positives = ['maxLatencyS', 'maxEnergyJ', 'maxModelBytes'] as const
  for (const name of shares) {
    const value = goal[name]
    if (value !== undefined && !(value >= 0 && value <= 1))
      throw new MilliwattError('GOAL_INVALID', name, `It is ${value}, but must lie between 0 and 1.`)
  }
  for (const name of positives) {
    const value = goal[name]
    if (value !== undefined && !(value > 0))
      throw new MilliwattError('GOAL_INVALID', name, `It is ${value}, but must be above 0.`)
  }
  return goal
}
