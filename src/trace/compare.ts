import { meanInterval } from '../core/stats.ts'
import { studentQuantile } from '../core/student-t.ts'
import type { TraceInspection } from './inspect.ts'

/** A figure of two traces. */
export interface ComparedFigure {
  readonly a: number | null
  readonly b: number | null
  /** b / a - 1; null where one of them is missing, or their provenance differs. */
  readonly change: number | null
}

/** What two traces have to say about each other. */
export interface TraceComparison {
  readonly durationS: ComparedFigure
  readonly meanPowerW: ComparedFigure
  readonly energyJ: ComparedFigure
  /** Mean energy of one inference over the complete windows. */
  readonly energyPerInferenceJ: ComparedFigure & {
    readonly windowsA: number
    readonly windowsB: number
    /** 95 % interval of b / a - 1 by Welch's t over windows; null with fewer than two windows on a side. */
    readonly changeInterval95: readonly [number, number] | null
  }
  /** What can be said, in one sentence. */
  readonly statement: string
  /** What the interval does not hold. */
  readonly caveats: readonly string[]
}

const percent = (share: number) => `${share < 0 ? '-' : '+'}${Math.abs(share * 100).toPrecision(3)} %`

/** Compares two traces. Figures of different provenance are set side by side and never subtracted. */
export function compareTraces(a: TraceInspection, b: TraceInspection): TraceComparison {
  const comparable = a.provenance === b.provenance
  const figure = (of: (trace: TraceInspection) => number | null): ComparedFigure => {
    const [left, right] = [of(a), of(b)]
    return { a: left, b: right, change: comparable && left && right !== null ? right / left - 1 : null }
  }
  const [each, others] = [perInference(a), perInference(b)]
  const perWindow = figure((trace) => mean(trace === a ? each : others))
  const changeInterval95 = comparable ? welchInterval(each, others) : null
  return {
    durationS: { ...figure((trace) => trace.durationS), change: b.durationS / a.durationS - 1 },
    meanPowerW: figure((trace) => trace.meanPowerW),
    energyJ: figure((trace) => trace.energyJ),
    energyPerInferenceJ: { ...perWindow, windowsA: each.length, windowsB: others.length, changeInterval95 },
    statement: statementOf(a, b, perWindow.change, changeInterval95),
    caveats: caveatsOf(a, b),
  }
}

const mean = (values: readonly number[]) => (values.length === 0 ? null : meanInterval(values).mean)

function perInference(trace: TraceInspection): readonly number[] {
  return trace.windows.flatMap((window) =>
    window.verdict === 'complete' && window.energyPerInferenceJ !== null ? [window.energyPerInferenceJ] : [],
  )
}

function spread(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const { mean } = meanInterval(values)
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) }
}

/** Interval of the difference of two means over the first one (Welch 1947, degrees of freedom by Satterthwaite 1946). */
function welchInterval(a: readonly number[], b: readonly number[]): readonly [number, number] | null {
  if (a.length < 2 || b.length < 2) return null
  const [left, right] = [spread(a), spread(b)]
  const [partA, partB] = [left.variance / a.length, right.variance / b.length]
  const freedom = (partA + partB) ** 2 / (partA ** 2 / (a.length - 1) + partB ** 2 / (b.length - 1))
  const half = partA + partB === 0 ? 0 : studentQuantile(0.975, Math.max(1, freedom)) * Math.sqrt(partA + partB)
  const change = right.mean - left.mean
  return [(change - half) / left.mean, (change + half) / left.mean]
}

function statementOf(
  a: TraceInspection,
  b: TraceInspection,
  change: number | null,
  interval: readonly [number, number] | null,
): string {
  if (a.provenance !== b.provenance) return `A is ${a.provenance} and B is ${b.provenance}: they are not compared.`
  if (change === null)
    return 'There are not complete windows with counted inferences on both sides, so energy per inference is not compared.'
  if (interval === null)
    return `B takes ${percent(change)} energy per inference; with one window on a side nothing can be said of its spread.`
  const range = `(95 % interval ${percent(interval[0])} to ${percent(interval[1])})`
  if (interval[0] > 0 || interval[1] < 0) {
    return `B takes ${change > 0 ? 'more' : 'less'} energy per inference than A: ${percent(change)} ${range}.`
  }
  return `No difference in energy per inference can be told from the spread of the windows: ${percent(change)} ${range}.`
}

function caveatsOf(a: TraceInspection, b: TraceInspection): readonly string[] {
  const name = (trace: TraceInspection) => [trace.meter.model ?? trace.meter.driver, trace.meter.serialNumber].join(' ')
  const notes: string[] = []
  if (name(a) !== name(b)) notes.push('recorded with different meters: their gain uncertainty is not in the interval')
  if (a.supplyV !== b.supplyV)
    notes.push(`different supplies: ${a.supplyV ?? 'unknown'} V and ${b.supplyV ?? 'unknown'} V`)
  if (a.sampleRateHz !== b.sampleRateHz) notes.push(`different rates: ${a.sampleRateHz} Hz and ${b.sampleRateHz} Hz`)
  for (const [side, trace] of [
    ['A', a],
    ['B', b],
  ] as const) {
    if (trace.verdict !== 'complete') notes.push(`${side} is ${trace.verdict}: ${trace.reasons.slice(0, 2).join('; ')}`)
  }
  return notes
}
