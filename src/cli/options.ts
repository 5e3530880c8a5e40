import { InvalidArgumentError } from 'commander'
import type { Goal, Objective } from '../plan/goal.ts'

/** Parses a number option. @throws InvalidArgumentError */
export function toNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Not a number.')
  return value
}

/** Parses an option that must be above zero. @throws InvalidArgumentError */
export function toPositive(text: string): number {
  const value = toNumber(text)
  if (value <= 0) throw new InvalidArgumentError('Must be above 0.')
  return value
}

/** Goal options as they come from the command line, in the units that stand in their names. */
export interface GoalOptions {
  readonly minAccuracy?: number
  readonly minRelativeAccuracy?: number
  readonly maxLatencyMs?: number
  readonly maxEnergyMj?: number
  readonly maxModelKb?: number
  readonly minimize: Objective
  readonly acceptEmulated?: boolean
}

/** The goal that the options ask for: without limits on accuracy, 90 % of the best variant's. */
export function toGoal(options: GoalOptions): Goal {
  const { minAccuracy, minRelativeAccuracy, maxLatencyMs, maxEnergyMj, maxModelKb, minimize, acceptEmulated } = options
  const relative = minRelativeAccuracy ?? (minAccuracy === undefined ? 0.9 : undefined)
  return {
    minimize,
    ...(minAccuracy === undefined ? {} : { minAccuracy }),
    ...(relative === undefined ? {} : { minRelativeAccuracy: relative }),
    ...(maxLatencyMs === undefined ? {} : { maxLatencyS: maxLatencyMs / 1e3 }),
    ...(maxEnergyMj === undefined ? {} : { maxEnergyJ: maxEnergyMj / 1e3 }),
    ...(maxModelKb === undefined ? {} : { maxModelBytes: maxModelKb * 1e3 }),
    ...(acceptEmulated ? { acceptProvenance: ['measured', 'replayed', 'emulated'] } : {}),
  }
}
