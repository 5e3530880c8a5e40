import { MilliwattError } from '../core/errors.ts'
import type { Provenance } from '../core/provenance.ts'
import type { BatteryCharge } from '../energy/duty-cycle.ts'
import { limits } from './limits.ts'

/** What to make small once the limits hold; `accuracy` is made large. */
export type Objective = 'energy' | 'latency' | 'bytes' | 'accuracy'

/** How the model will be used: what limits on power, battery and carbon are computed with. */
export interface Use {
  /** Seconds from the start of one inference to the next. A candidate that takes longer cannot be used so. */
  readonly everyS?: number
  /** Power between inferences in watts; without it the idle power of the candidate's machine. */
  readonly sleepW?: number
  readonly battery?: BatteryCharge
  /** Electricity of the grid, and how many inferences are counted. */
  readonly carbon?: { readonly gramsPerKwh: number; readonly inferences: number }
}

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
  /** Most bytes of memory for tensors while the model runs. */
  readonly maxArenaBytes?: number
  /** Most mean power in watts at the rate of `use.everyS`. */
  readonly maxMeanPowerW?: number
  /** Least life of `use.battery` in seconds at the rate of `use.everyS`. */
  readonly minBatteryLifeS?: number
  /** Most grams of CO2 equivalents of the electricity of `use.carbon.inferences` inferences. */
  readonly maxGramsCo2e?: number
  readonly use?: Use
  readonly minimize: Objective
  /** Provenances that may satisfy a limit on energy, power, battery or carbon; by default `measured` and `replayed`. */
  readonly acceptProvenance?: readonly Provenance[]
}

/** The goal when nothing is asked: 90 % of the best accuracy, then least energy, then least latency. */
export const defaultGoal: Goal = { minRelativeAccuracy: 0.9, minimize: 'energy' }

function objectiveInWords({ minimize }: Goal): string {
  const first = minimize === 'accuracy' ? 'most accuracy' : `least ${minimize}`
  return `then ${first}${minimize === 'latency' ? '' : ', then least latency'}`
}

/** The goal in words, one limit a line. */
export function goalInWords(goal: Goal): readonly string[] {
  const lines = limits.flatMap((limit) => {
    const value = limit.of(goal)
    return value === undefined ? [] : [limit.inWords(value, goal)]
  })
  return [...lines, objectiveInWords(goal)]
}

/** What a limit is computed with, by its name. */
const needs = [
  ['maxMeanPowerW', 'everyS'],
  ['minBatteryLifeS', 'everyS'],
  ['minBatteryLifeS', 'battery'],
  ['maxGramsCo2e', 'carbon'],
] as const

function invalid(name: string, detail: string): never {
  throw new MilliwattError('GOAL_INVALID', name, detail)
}

/** Numbers that must be above 0, and shares. */
function numbersOf({ use }: Goal): readonly (readonly [string, number | undefined])[] {
  return [
    ['use.everyS', use?.everyS],
    ['use.battery.capacityMah', use?.battery?.capacityMah],
    ['use.battery.voltageV', use?.battery?.voltageV],
    ['use.battery.usableShare', use?.battery?.usableShare],
    ['use.carbon.gramsPerKwh', use?.carbon?.gramsPerKwh],
    ['use.carbon.inferences', use?.carbon?.inferences],
  ]
}

/** Checks that the numbers of a goal make sense, and that nothing is missing. @throws MilliwattError GOAL_INVALID */
export function checkGoal(goal: Goal): Goal {
  for (const limit of limits) {
    const value = limit.of(goal)
    if (value === undefined) continue
    if (limit.share ? !(value >= 0 && value <= 1) : !(value > 0))
      invalid(limit.name, `It is ${value}, but must ${limit.share ? 'lie between 0 and 1' : 'be above 0'}.`)
  }
  for (const [name, value] of numbersOf(goal))
    if (value !== undefined && !(value > 0)) invalid(name, `It is ${value}, but must be above 0.`)
  const { sleepW, battery } = goal.use ?? {}
  if (sleepW !== undefined && !(sleepW >= 0)) invalid('use.sleepW', `It is ${sleepW}, but must not be below 0.`)
  if (battery && battery.usableShare > 1) invalid('use.battery.usableShare', 'It must not be above 1.')
  for (const [name, need] of needs)
    if (goal[name] !== undefined && goal.use?.[need] === undefined) invalid(name, `It must come with use.${need}.`)
  return goal
}
