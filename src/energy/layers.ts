import { sampleDeviation } from '../core/stats.ts'
import { type BudgetRow, type EnergyFigure, gainRow, relativeRow, scatterRow, toFigure } from './budget.ts'
import type { InstrumentLimits } from './instrument.ts'
import { leastSquares } from './least-squares.ts'

/** One run of a design: which layers ran how often, and what it took. */
export interface LayerRun {
  /** How often each layer ran. */
  readonly counts: readonly number[]
  /** How often something was called: each call costs the same, whatever runs in it. */
  readonly calls: number
  readonly energyJ: number
}

/** One round of a design: every kind of run once, in any order. */
export interface LayerRound {
  /** Single layers, prefixes, empty calls: whatever makes the layers and the cost of a call solvable. */
  readonly runs: readonly LayerRun[]
  /** Energy of one whole inference as measured in the same round, with its one call. */
  readonly wholeJ: number
}

/** Energy of one layer in one inference. */
export interface LayerFigure {
  readonly name: string
  readonly figure: EnergyFigure
  /** Part of the sum of all layers, in which the meter's gain cancels. */
  readonly share: number
}

/** Energy by layers. */
export interface LayerSolution {
  readonly layers: readonly LayerFigure[]
  /** Energy of one call that does nothing. */
  readonly callJ: number
  readonly rounds: number
  readonly sum: EnergyFigure
  readonly whole: EnergyFigure
  /** (sum of layers + one call) / whole - 1, the mean over the rounds. */
  readonly sumAgainstWhole: number
  /** Half width of its interval by Student's t over the rounds; null for one round. */
  readonly sumAgainstWholeHalf: number | null
}

/** How to state the figures. */
export interface LayerOptions {
  readonly names: readonly string[]
  readonly instrument: InstrumentLimits
  readonly confidence?: number
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Solves one round: weighted least squares of E = Σ counts·e + calls·c, each row by its own energy, since the noise of a
 * window grows with what it holds. Without a run that tells a call apart (its column would depend on the others) a call
 * is taken to cost nothing.
 */
function solveRound({ runs }: LayerRound, hasEmptyCall: boolean): Float64Array | null {
  const weighted = runs.map(({ counts, calls, energyJ }) => {
    const weight = 1 / energyJ
    return [...counts, ...(hasEmptyCall ? [calls] : [])].map((count) => count * weight)
  })
  return leastSquares(
    weighted,
    runs.map(() => 1),
  )
}

/** A figure over rounds: Student's t over them, and the instrument's relative limits in full. */
function roundFigure(values: readonly number[], { instrument, confidence = 0.95 }: LayerOptions): EnergyFigure {
  const valueJ = mean(values)
  const n = values.length
  const { gain, supply, clock } = instrument
  const rows: readonly BudgetRow[] = [
    gainRow(gain, valueJ),
    relativeRow('supply voltage', supply.value, valueJ, supply.source),
    relativeRow('clock ratio', clock.value, valueJ, clock.source),
    scatterRow(
      'repeatability',
      n < 2 ? 0 : sampleDeviation(values) / Math.sqrt(n),
      n - 1,
      `${n} rounds`,
      'these rounds',
    ),
  ]
  return toFigure(valueJ, rows, confidence, 0)
}

/**
 * Energy of every layer from interleaved runs of single layers or prefixes. Each round is solved by itself, so that
 * whatever drifts from round to round shows as scatter; the interval is that of Student over the rounds.
 * @returns the reason where the design does not tell the layers apart
 */
export function solveLayers(
  rounds: readonly LayerRound[],
  options: LayerOptions,
): LayerSolution | { readonly reason: string } {
  const count = options.names.length
  if (rounds.length === 0) return { reason: 'there is no round' }
  if (rounds.some(({ runs }) => runs.some(({ energyJ }) => !(energyJ > 0))))
    return { reason: 'a run took no energy, so it cannot be weighed' }
  const hasEmptyCall = rounds[0]!.runs.some(({ counts, calls }) => calls > 0 && counts.every((each) => each === 0))
  const solved = rounds.map((round) => solveRound(round, hasEmptyCall))
  if (solved.some((one) => one === null)) return { reason: 'the runs do not tell the layers apart' }
  const layersOf = solved.map((one) => one!.subarray(0, count))
  const callsOf = solved.map((one) => (hasEmptyCall ? one![count]! : 0))
  return stateSolution(
    layersOf,
    callsOf,
    rounds.map(({ wholeJ }) => wholeJ),
    options,
  )
}

/** States what rounds gave. */
function stateSolution(
  layersOf: readonly Float64Array[],
  callsOf: readonly number[],
  wholes: readonly number[],
  options: LayerOptions,
): LayerSolution {
  const sums = layersOf.map((layers, round) => layers.reduce((a, b) => a + b, 0) + callsOf[round]!)
  const ratios = sums.map((sum, round) => sum / wholes[round]! - 1)
  const figures = options.names.map((_, at) =>
    roundFigure(
      layersOf.map((layers) => layers[at]!),
      options,
    ),
  )
  const total = figures.reduce((sum, { valueJ }) => sum + valueJ, 0)
  const ratio = toFigure(
    mean(ratios),
    [
      scatterRow(
        '',
        ratios.length < 2 ? 0 : sampleDeviation(ratios) / Math.sqrt(ratios.length),
        ratios.length - 1,
        '',
        '',
      ),
    ],
    options.confidence ?? 0.95,
    0,
  )
  return {
    layers: figures.map((figure, at) => ({ name: options.names[at]!, figure, share: figure.valueJ / total })),
    callJ: mean(callsOf),
    rounds: layersOf.length,
    sum: roundFigure(sums, options),
    whole: roundFigure(wholes, options),
    sumAgainstWhole: ratio.valueJ,
    sumAgainstWholeHalf: ratio.intervalJ && (ratio.intervalJ[1] - ratio.intervalJ[0]) / 2,
  }
}

/** Energy between two borders, in joules; null where samples are missing there. */
export type EnergyBetween = (startIndex: number, endIndex: number) => number | null

/**
 * Energy of every layer from a line that toggles at the start of each layer and at the end of the last: with L layers
 * L + 1 changes an inference, whatever their direction. Inferences with missing samples are left out. The sum equals the
 * whole by construction, so a pause between layers counts to the layer before it.
 * @param changes sample indexes of the line's changes, oldest first
 * @param perRound inferences that make one round, for the interval; default 1
 * @returns the reason where the changes do not fit the layers
 */
export function layersFromMarkers(
  changes: readonly number[],
  energyBetween: EnergyBetween,
  options: LayerOptions,
  perRound = 1,
): LayerSolution | { readonly reason: string } {
  const step = options.names.length + 1
  if (changes.length === 0 || changes.length % step !== 0)
    return { reason: `${changes.length} changes of the line are no whole number of inferences of ${step} changes` }
  const inferences = Array.from({ length: changes.length / step }, (_, at) => {
    const own = changes.slice(at * step, (at + 1) * step)
    return {
      layers: options.names.map((_, layer) => energyBetween(own[layer]!, own[layer + 1]!)),
      whole: energyBetween(own[0]!, own[step - 1]!),
    }
  }).filter(({ layers, whole }) => whole !== null && layers.every((energy) => energy !== null))
  const rounds = Math.floor(inferences.length / perRound)
  if (rounds === 0) return { reason: 'no round of inferences is without missing samples' }
  const grouped = Array.from({ length: rounds }, (_, at) => inferences.slice(at * perRound, (at + 1) * perRound))
  const layersOf = grouped.map((group) =>
    Float64Array.from(options.names, (_, layer) => mean(group.map(({ layers }) => layers[layer]!))),
  )
  const wholes = grouped.map((group) => mean(group.map(({ whole }) => whole!)))
  return stateSolution(
    layersOf,
    grouped.map(() => 0),
    wholes,
    options,
  )
}
