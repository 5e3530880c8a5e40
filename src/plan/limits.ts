import { isPhysical, type Provenance, provenances } from '../core/provenance.ts'
import { enoughForP95 } from '../core/quantile-bound.ts'
import type { LatencyFigure } from '../cost/profile.ts'
import { gramsOf } from '../energy/carbon.ts'
import { meanPowerOf, storedEnergyOf } from '../energy/duty-cycle.ts'
import type { Candidate } from './candidate.ts'
import type { Goal } from './goal.ts'
import { withPrefix } from './words.ts'

/** What a candidate has to show for a limit: a figure, the reason why there is none, or null where the limit lets it pass. */
export type Figure = number | { readonly missing: string } | null

/** One kind of limit: how it is asked for, what it looks at, and how it is told. */
export interface Limit {
  /** Name of its field in the goal. */
  readonly name: LimitName
  /** Whether figures must not be above it or not below it. */
  readonly sense: 'most' | 'least'
  /** A share between 0 and 1; others are numbers above 0. */
  readonly share?: true
  /** It states how the model is used and is no wish: no goal that can be met gives it up. */
  readonly given?: true
  /** It rests on the energy of an inference. */
  readonly ofEnergy?: true
  of(goal: Goal): number | undefined
  /** The figure of a candidate whose latency is known, beside the best accuracy of all candidates. */
  figure(candidate: Candidate, goal: Goal, bestAccuracy: number): Figure
  inWords(value: number, goal: Goal): string
  /** A figure that breaks it, in words. */
  complaint(figure: number, value: number, bestAccuracy: number, candidate: Candidate): string
}

/** Names of limits. */
export type LimitName =
  | 'minAccuracy'
  | 'minRelativeAccuracy'
  | 'maxLatencyS'
  | 'maxEnergyJ'
  | 'maxModelBytes'
  | 'maxArenaBytes'
  | 'maxMeanPowerW'
  | 'minBatteryLifeS'
  | 'maxGramsCo2e'
  | 'everyS'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const inMs = (seconds: number) => `${(seconds * 1e3).toPrecision(3)} ms`
const inMj = (joules: number) => `${(joules * 1e3).toPrecision(3)} mJ`
const inDays = (seconds: number) => `${(seconds / 86400).toPrecision(3)} days`
const inMw = (watts: number) => withPrefix(watts, 'W')
const digits = (value: number) => Number(value.toPrecision(6))

/** A 95th percentile with the bound that limits are held against: `1.90 ms (≤ 2.05 ms with 95 % confidence)`. */
export function p95InWords({ p95S, p95HighS, n }: LatencyFigure): string {
  if (p95HighS === undefined) return inMs(p95S)
  // The largest of few values bounds the percentile less surely.
  const confidence = n < enoughForP95 ? 1 - 0.95 ** n : 0.95
  return `${inMs(p95S)} (≤ ${inMs(p95HighS)} with ${Math.floor(100 * confidence + 1e-9)} % confidence)`
}

const physical = provenances.filter(isPhysical)

/** The provenances that satisfy a goal's limits on energy. */
const acceptedBy = (goal: Goal) => goal.acceptProvenance ?? physical

function unaccepted(what: string, provenance: Provenance, goal: Goal): { readonly missing: string } | null {
  const accepted = acceptedBy(goal)
  if (accepted.includes(provenance)) return null
  return { missing: `its ${what} is ${provenance}, but the limit needs a figure that is ${accepted.join(' or ')}` }
}

function energyFigure({ energy }: Candidate, goal: Goal): number | { readonly missing: string } {
  if (!energy) return { missing: 'there is no energy figure, but the goal limits energy' }
  return unaccepted('energy', energy.provenance, goal) ?? energy.highJ ?? energy.energyJ
}

/** Power between inferences: as stated, else the machine's idle power. */
function sleepFigure({ idle }: Candidate, goal: Goal): number | { readonly missing: string } {
  if (goal.use?.sleepW !== undefined) return goal.use.sleepW
  if (!idle) return { missing: 'the power between inferences is not known; state it, or measure with a meter' }
  return unaccepted('idle power', idle.provenance, goal) ?? idle.powerW
}

function powerFigure(candidate: Candidate, goal: Goal): number | { readonly missing: string } {
  const energyJ = energyFigure(candidate, goal)
  if (typeof energyJ !== 'number') return energyJ
  const sleepW = sleepFigure(candidate, goal)
  if (typeof sleepW !== 'number') return sleepW
  const [runS, everyS] = [candidate.latency!.medianS, goal.use!.everyS!]
  if (runS > everyS)
    return { missing: `one inference takes ${inMs(runS)}, longer than the ${inMs(everyS)} between two` }
  return meanPowerOf({ energyJ, runS, everyS, sleepW })
}

/** A figure made from another one. */
function mapped(figure: number | { readonly missing: string }, map: (value: number) => number): Figure {
  return typeof figure === 'number' ? map(figure) : figure
}

const rate = ({ use }: Goal) => `one inference every ${use!.everyS} s`

/** All limits, in the order in which they are looked at. */
export const limits: readonly Limit[] = [
  {
    name: 'minAccuracy',
    sense: 'least',
    share: true,
    of: (goal) => goal.minAccuracy,
    figure: ({ accuracy }, goal) =>
      accuracy ?? { missing: `its accuracy is not known, but the goal asks for ${percent(goal.minAccuracy!)}` },
    inWords: (value) => `accuracy ≥ ${Number((value * 100).toPrecision(4))} %`,
    complaint: (figure, value) => `accuracy ${percent(figure)} < ${percent(value)}`,
  },
  {
    name: 'minRelativeAccuracy',
    sense: 'least',
    share: true,
    of: (goal) => goal.minRelativeAccuracy,
    // A model without a card has nothing to be compared with.
    figure: ({ accuracy }, _, best) => (accuracy === null || best === 0 ? null : accuracy / best),
    inWords: (value) => `accuracy ≥ ${Number((value * 100).toPrecision(4))} % of the best variant's`,
    complaint: (figure, value, best) => `accuracy ${percent(figure * best)} < ${percent(value * best)}`,
  },
  {
    name: 'maxLatencyS',
    sense: 'most',
    of: (goal) => goal.maxLatencyS,
    figure: ({ latency }) => latency!.p95HighS ?? latency!.p95S,
    inWords: (value) => `latency (95th percentile) ≤ ${digits(value * 1e3)} ms`,
    complaint: (_, value, __, { latency }) =>
      latency!.p95S > value
        ? `latency (95th percentile) ${inMs(latency!.p95S)} > ${inMs(value)}`
        : `latency (95th percentile) ${p95InWords(latency!)}, which may be more than ${inMs(value)}`,
  },
  {
    name: 'maxEnergyJ',
    sense: 'most',
    ofEnergy: true,
    of: (goal) => goal.maxEnergyJ,
    figure: energyFigure,
    inWords: (value, goal) => `energy ≤ ${digits(value * 1e3)} mJ an inference (${acceptedBy(goal).join(' or ')})`,
    complaint: (figure, value) => `energy ${inMj(figure)} > ${inMj(value)}`,
  },
  {
    name: 'maxModelBytes',
    sense: 'most',
    of: (goal) => goal.maxModelBytes,
    figure: ({ modelBytes }) => modelBytes,
    inWords: (value) => `model file ≤ ${value} bytes`,
    complaint: (figure, value) => `${figure} bytes > ${value} bytes`,
  },
  {
    name: 'maxArenaBytes',
    sense: 'most',
    of: (goal) => goal.maxArenaBytes,
    figure: ({ arenaBytes }) => arenaBytes ?? { missing: 'its memory is not known, but the goal limits it' },
    inWords: (value) => `memory for tensors ≤ ${value} bytes`,
    complaint: (figure, value) => `memory for tensors ${figure} bytes > ${value} bytes`,
  },
  {
    name: 'everyS',
    sense: 'most',
    given: true,
    of: (goal) => goal.use?.everyS,
    figure: ({ latency }) => latency!.medianS,
    inWords: (_, goal) => rate(goal),
    complaint: (figure, value) => `one inference takes ${inMs(figure)}, longer than the ${inMs(value)} between two`,
  },
  {
    name: 'maxMeanPowerW',
    sense: 'most',
    ofEnergy: true,
    of: (goal) => goal.maxMeanPowerW,
    figure: powerFigure,
    inWords: (value) => `mean power ≤ ${digits(value * 1e3)} mW`,
    complaint: (figure, value) => `mean power ${inMw(figure)} > ${inMw(value)}`,
  },
  {
    name: 'minBatteryLifeS',
    sense: 'least',
    ofEnergy: true,
    of: (goal) => goal.minBatteryLifeS,
    figure: (candidate, goal) =>
      mapped(powerFigure(candidate, goal), (watts) => storedEnergyOf(goal.use!.battery!) / watts),
    inWords: (value, goal) => {
      const { capacityMah, voltageV, usableShare } = goal.use!.battery!
      return `battery life ≥ ${digits(value / 86400)} days (${capacityMah} mAh at ${voltageV} V, ${digits(usableShare * 100)} % usable)`
    },
    complaint: (figure, value) => `battery life ${inDays(figure)} < ${inDays(value)}`,
  },
  {
    name: 'maxGramsCo2e',
    sense: 'most',
    ofEnergy: true,
    of: (goal) => goal.maxGramsCo2e,
    figure: (candidate, goal) => {
      const { gramsPerKwh, inferences } = goal.use!.carbon!
      return mapped(energyFigure(candidate, goal), (joules) => gramsOf(joules * inferences, gramsPerKwh))
    },
    inWords: (value, goal) => {
      const { gramsPerKwh, inferences } = goal.use!.carbon!
      return `CO2e ≤ ${digits(value)} g over ${inferences} inferences at ${gramsPerKwh} g/kWh`
    },
    complaint: (figure, value) => `CO2e ${withPrefix(figure, 'g')} > ${withPrefix(value, 'g')}`,
  },
]

/** Tells whether a figure keeps a limit. */
export function keepsLimit({ sense }: Limit, figure: Figure, value: number): boolean {
  if (figure === null) return true
  if (typeof figure !== 'number') return false
  return sense === 'most' ? figure <= value : figure >= value
}

/** The limits that a goal sets, with their values. */
export function limitsOf(goal: Goal): readonly { readonly limit: Limit; readonly value: number }[] {
  return limits.flatMap((limit) => {
    const value = limit.of(goal)
    return value === undefined ? [] : [{ limit, value }]
  })
}

/** What a candidate does to a limit, in words; null when it keeps it. */
export function complaintAbout(
  { limit, value }: { readonly limit: Limit; readonly value: number },
  candidate: Candidate,
  goal: Goal,
  bestAccuracy: number,
): string | null {
  const figure = limit.figure(candidate, goal, bestAccuracy)
  if (keepsLimit(limit, figure, value)) return null
  return typeof figure === 'number' ? limit.complaint(figure, value, bestAccuracy, candidate) : figure!.missing
}
