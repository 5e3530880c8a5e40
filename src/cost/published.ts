import { z } from 'zod'
import { quantile } from '../core/stats.ts'
import { type Conditioned, condition, type Guess } from './gaussian.ts'

/** A result that someone published: a model on a system, with its mean power where it was measured. */
export interface PublishedResult {
  /** Results of one system belong to one submission: one board in one state, one firmware. */
  readonly system: string
  /** Who published it: how a model is built differs from one to the other. */
  readonly organisation: string
  readonly model: string
  /** Multiply-accumulates of one inference. */
  readonly macs: number
  readonly inferencesPerS: number
  readonly meanPowerW: number | null
}

/** A figure with the interval that holds it in 90 % of cases. Always `modelled`. */
export interface PublishedGuess {
  readonly value: number
  readonly low90: number
  readonly high90: number
  readonly provenance: 'modelled'
}

/** What is asked for: the model on a system, with how fast it was measured to run there. */
export type PublishedQuestion = Omit<PublishedResult, 'meanPowerW'>

const row = z.looseObject({
  v: z.string(),
  div: z.string(),
  org: z.string(),
  sys: z.string(),
  model: z.string(),
  mode: z.string(),
  ips: z.number().positive().optional(),
  uW: z.number().positive().optional(),
})

/** The benchmark's models: their names in the results, and multiply-accumulates as counted in the reference models. */
const models: readonly { readonly name: string; readonly alias: string; readonly macs: number }[] = [
  { name: 'ad', alias: 'anomaly_detection', macs: 264_192 },
  { name: 'ic', alias: 'image_classification', macs: 12_501_632 },
  { name: 'kws', alias: 'keyword_spotting', macs: 2_656_768 },
  { name: 'vww', alias: 'visual_wake_words', macs: 7_489_664 },
]

/**
 * Reads a list of MLPerf Tiny results (rows with v, div, org, sys, model, mode, ips and, of energy runs, uW). Rows that
 * are repeated unchanged in a later round are one result.
 * @throws TypeError where the text is not such a list
 */
export function readPublished(text: string): readonly PublishedResult[] {
  const parsed = z.array(row).safeParse(JSON.parse(text))
  if (!parsed.success) throw new TypeError(`Not a list of results: ${parsed.error.issues[0]?.message}.`)
  const seen = new Set<string>()
  return parsed.data.flatMap(({ v, div, org, sys, model, mode, ips, uW }) => {
    const known = models.find(({ name, alias }) => name === model || alias === model)
    if (mode !== 'energy' || !known || ips === undefined) return []
    const same = [div, org, sys, known.name, ips, uW].join('|')
    if (seen.has(same)) return []
    seen.add(same)
    const system = [org, sys, div, v].join(' ')
    const meanPowerW = uW === undefined ? null : uW / 1e6
    return [{ system, organisation: org, model: known.name, macs: known.macs, inferencesPerS: ips, meanPowerW }]
  })
}

/** How far values of one kind lie apart, as standard deviations of their logarithms. */
interface Law {
  readonly system: number
  readonly model: number
  readonly modelOfOrganisation: number
  readonly rate: number
  readonly rateOfSystem: number
  readonly noise: number
}

/**
 * Power: systems differ by much; a model draws a little more or less than others everywhere, and more so in the builds
 * of one organisation; busier hardware draws more. The figures are those of the 84 energy results of MLPerf Tiny
 * 1.0 to 1.2 (https://github.com/mlcommons/tiny_results_v1.2 and before, Apache-2.0), rounded; the guesses hardly depend on them.
 */
const powerLaw: Law = {
  system: 1,
  model: 0.05,
  modelOfOrganisation: 0.07,
  rate: 0.02,
  rateOfSystem: 0.02,
  noise: 0.035,
}
/** Multiply-accumulates a second. */
const speedLaw: Law = { system: 1.5, model: 0.35, modelOfOrganisation: 0.2, rate: 0, rateOfSystem: 0, noise: 0.1 }

/** Middle of the logarithms of rates, about which slopes turn: 10^5.2 multiply-accumulates a second and up. */
const middleRate = 12

type Point = Pick<PublishedResult, 'system' | 'organisation' | 'model'> & { readonly rate: number }

function covariance(a: Point, b: Point, law: Law): number {
  const rates = (a.rate - middleRate) * (b.rate - middleRate)
  let sum = law.rate ** 2 * rates
  if (a.system === b.system) sum += law.system ** 2 + law.rateOfSystem ** 2 * rates
  if (a.model === b.model)
    sum += law.model ** 2 + (a.organisation === b.organisation ? law.modelOfOrganisation ** 2 : 0)
  return sum
}

const toPoint = ({ system, organisation, model, macs, inferencesPerS }: PublishedQuestion): Point => ({
  system,
  organisation,
  model,
  rate: Math.log(macs * inferencesPerS),
})

/** The factor by which intervals must be widened so that they would have held 90 % of what is known (split conformal, one left out). */
function reach(conditioned: Conditioned, values: readonly number[]): number {
  const scores = conditioned.leaveOneOut().map(({ value, deviation }, i) => Math.abs(values[i]! - value) / deviation)
  return quantile(scores, Math.min(1, (0.9 * (scores.length + 1)) / scores.length))
}

function predict(points: readonly Point[], logs: readonly number[], asked: Point, law: Law) {
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length
  const values = logs.map((value) => value - mean)
  const conditioned = condition(
    values,
    (i, j) => covariance(points[i]!, points[j]!, law) + (i === j ? law.noise ** 2 : 0),
  )
  const near = points.map((point) => covariance(point, asked, law))
  const guess: Guess = conditioned.guess(near, Math.sqrt(covariance(asked, asked, law)))
  const half = reach(conditioned, values) * Math.hypot(guess.deviation, law.noise)
  return { log: mean + guess.value, half }
}

const toGuess = (log: number, half: number): PublishedGuess => ({
  value: Math.exp(log),
  low90: Math.exp(log - half),
  high90: Math.exp(log + half),
  provenance: 'modelled',
})

/** Results of other models of the same system must be there, else nothing can be said. */
const others = (results: readonly PublishedResult[], { system, model }: PublishedQuestion) =>
  results.filter((result) => result.system !== system || result.model !== model)

/**
 * Energy of one inference, in joules, of a model on a system whose other models were published, from how fast it runs
 * there: power by a mixed model of systems, models and organisations (Pinheiro and Bates 2000) times the latency. Null where the system has no other
 * result with power.
 */
export function predictPublishedEnergy(
  results: readonly PublishedResult[],
  asked: PublishedQuestion,
): PublishedGuess | null {
  const known = others(results, asked).filter(({ meanPowerW }) => meanPowerW !== null)
  if (!known.some(({ system }) => system === asked.system)) return null
  const logs = known.map(({ meanPowerW }) => Math.log(meanPowerW!))
  const { log, half } = predict(known.map(toPoint), logs, toPoint(asked), powerLaw)
  return toGuess(log - Math.log(asked.inferencesPerS), half)
}

/**
 * Latency of one inference, in seconds, of a model on a system whose other models were published, from its
 * multiply-accumulates. Null where the system has no other result.
 */
export function predictPublishedLatency(
  results: readonly PublishedResult[],
  asked: Omit<PublishedQuestion, 'inferencesPerS'>,
): PublishedGuess | null {
  const question = { ...asked, inferencesPerS: 1 }
  const known = others(results, question)
  if (!known.some(({ system }) => system === asked.system)) return null
  const logs = known.map(({ macs, inferencesPerS }) => Math.log(macs * inferencesPerS))
  const { log, half } = predict(known.map(toPoint), logs, toPoint(question), speedLaw)
  return toGuess(Math.log(asked.macs) - log, half)
}
