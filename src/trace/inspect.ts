import { median } from '../core/stats.ts'
import { ChannelWindows, type FoundWindows, noWindow } from './channel-windows.ts'
import type { FileProvenance, OpenedTrace, StatedWindow } from './formats/format.ts'
import { Pyramid, type PyramidColumns } from './pyramid.ts'
import type { SampleEvent } from './samples.ts'
import { sliceEvent } from './slice-event.ts'
import { StepSurvey } from './step-survey.ts'
import { edgesOfSteps } from './step-windows.ts'
import { TraceTotals } from './trace-totals.ts'
import type { WindowEnergy } from './window-energy.ts'
import { WindowSums } from './window-sums.ts'

/** One measuring window of a trace. Times are seconds since the first sample. */
export interface InspectedWindow {
  readonly label: string
  readonly startS: number
  readonly endS: number
  readonly inferences: number | null
  /** Gross energy in joules; null where the window is invalid. */
  readonly energyJ: number | null
  readonly energyPerInferenceJ: number | null
  readonly meanPowerW: number | null
  readonly lost: number
  readonly verdict: WindowEnergy['verdict']
  readonly reason: string | null
  /** Energy that was published for this window in joules. */
  readonly publishedJ: number | null
  /** Energy here against the published one, minus 1. */
  readonly againstPublished: number | null
}

/** What is in a trace. Every power and energy in it is of its `provenance`. */
export interface TraceInspection {
  readonly path: string
  readonly format: string
  readonly provenance: FileProvenance
  readonly sampleRateHz: number
  /** Samples in the file. */
  readonly samples: number
  /** Samples that the meter took but that are not there. */
  readonly lost: number
  /** Samples that are no valid readings. */
  readonly invalid: number
  /** Longest run of lost samples, in seconds. */
  readonly largestGapS: number
  readonly durationS: number
  readonly startedAt: string | null
  readonly supplyV: number | null
  readonly meter: Readonly<Record<string, unknown>>
  /** Over the valid samples of the whole trace; null without any. */
  readonly minPowerW: number | null
  readonly meanPowerW: number | null
  readonly maxPowerW: number | null
  readonly energyJ: number | null
  /** How the windows were found. */
  readonly windowMethod: string
  readonly windows: readonly InspectedWindow[]
  readonly medianEnergyPerInferenceJ: number | null
  readonly publishedMedianEnergyPerInferenceJ: number | null
  /** The worst of the windows, or of the whole trace where there are none. */
  readonly verdict: WindowEnergy['verdict']
  readonly reasons: readonly string[]
  readonly notes: readonly string[]
}

/** What the user may state of a trace. */
export interface InspectOptions {
  /** Digital channel (0 to 7) whose high level draws the windows, instead of what the file states. */
  readonly channel?: number
  /** Inferences in each window, where the file does not say. */
  readonly inferences?: number
  /** Shortest window in seconds where windows are sought as steps in the power; default 0.1. */
  readonly leastS?: number
  /** Look only at the trace from here on, in seconds since its first sample. */
  readonly fromS?: number
  /** Look only at the trace up to here. */
  readonly toS?: number
  /** Wall time; a trace that says it was recorded later gets a note. */
  readonly now?: Date
  readonly signal?: AbortSignal
  /** Called now and then with the samples read so far. */
  readonly onProgress?: (samples: number) => void
}

/** An inspection and the trace as min, mean and max over time. */
export interface InspectedTrace {
  readonly inspection: TraceInspection
  /** At most so many columns over the whole trace. */
  columns(most: number): PyramidColumns
}

/** Windows with what each cost, by one way. */
type WindowsByOneWay = Omit<FoundWindows, 'channels'>

/** Windows by steps in the power, of a trace that was surveyed; their method says why there are none. */
async function windowsOfSteps(
  trace: OpenedTrace,
  options: InspectOptions,
  survey: StepSurvey,
): Promise<WindowsByOneWay> {
  const none = (reason: string): WindowsByOneWay => ({
    method: `none: the trace states none; found steps: ${reason}`,
    count: 0,
    at: noWindow,
  })
  const steps = survey.steps()
  if ('reason' in steps) return none(steps.reason)
  const found = await edgesOfSteps(() => partOf(trace, options), steps, trace.facts.sampleRateHz)
  if (!found.windows) return none(found.reason)
  const method = 'found steps in the power, which nothing marked'
  const { windows } = found
  const at = (number: number) => {
    const { startIndex, endIndex, energy } = windows[number]!
    return { window: { label: `step ${number + 1}`, startIndex, endIndex, method, inferences: null }, energy }
  }
  return { method, count: windows.length, at }
}

/**
 * Tells what is in a trace, in memory that does not depend on its length. Windows are those that the file states, else the
 * stretches in which a digital channel is high, else steps in the power, for which the trace is read a second time.
 * @throws MilliwattError TRACE_INVALID, INTERRUPTED
 */
export async function inspectTrace(trace: OpenedTrace, options: InspectOptions = {}): Promise<InspectedTrace> {
  const { facts } = trace
  const pyramid = new Pyramid(facts.sampleRateHz)
  const totals = new TraceTotals()
  const stated = options.channel === undefined ? facts.windows : []
  const sums = new WindowSums(stated, facts.sampleRateHz)
  const channels = new ChannelWindows(facts.sampleRateHz)
  const isUnstated = stated.length === 0 && options.channel === undefined
  const survey = isUnstated ? new StepSurvey(facts.sampleRateHz, options.leastS) : null
  for await (const event of partOf(trace, options)) {
    options.signal?.throwIfAborted()
    pyramid.push(event)
    totals.push(event)
    sums.push(event)
    channels.push(event)
    survey?.push(event)
    options.onProgress?.(totals.received)
  }
  const drawn = channels.windows(options.channel)
  const found: WindowsByOneWay =
    stated.length > 0
      ? statedWindows(stated, sums)
      : survey && drawn.channels.length === 0
        ? await windowsOfSteps(trace, options, survey)
        : drawn
  const rows = inspectedWindows(found, facts.sampleRateHz, totals, options)
  return {
    inspection: toInspection(trace, totals, rows, found.method, options.now),
    columns: (most) => pyramid.columns(totals.firstIndex, totals.endIndex, most),
  }
}

function statedWindows(windows: readonly StatedWindow[], sums: WindowSums): WindowsByOneWay {
  const energies = sums.results()
  const at = (number: number) => ({ window: windows[number]!, energy: energies[number]! })
  return { method: windows[0]!.method, count: windows.length, at }
}

/** The windows, of a part of the trace those that lie within. */
function inspectedWindows(
  found: WindowsByOneWay,
  rate: number,
  { firstIndex, endIndex }: TraceTotals,
  options: InspectOptions,
): readonly InspectedWindow[] {
  const isPart = options.fromS !== undefined || options.toS !== undefined
  const endS = (endIndex - firstIndex) / rate
  const rows: InspectedWindow[] = []
  for (let number = 0; number < found.count; number++) {
    const { window, energy } = found.at(number)
    const row = inspectedWindow(window, energy, rate, firstIndex, options)
    if (!isPart || (row.startS >= 0 && row.endS <= endS)) rows.push(row)
  }
  return rows
}

/** The events that the options ask for. The first sample decides where second 0 is. */
async function* partOf(trace: OpenedTrace, { fromS, toS }: InspectOptions): AsyncGenerator<SampleEvent> {
  if (fromS === undefined && toS === undefined) return yield* trace.events()
  const rate = trace.facts.sampleRateHz
  let first = Number.NaN
  for await (const event of trace.events()) {
    if (Number.isNaN(first)) first = event.firstIndex
    const start = first + Math.round((fromS ?? 0) * rate)
    const end = first + Math.round((toS ?? Number.POSITIVE_INFINITY) * rate)
    if (event.firstIndex >= end) return
    yield* sliceEvent(event, start, end)
  }
}

function inspectedWindow(
  window: StatedWindow,
  energy: WindowEnergy,
  rate: number,
  firstIndex: number,
  options: InspectOptions,
): InspectedWindow {
  const inferences = window.inferences ?? options.inferences ?? null
  const energyJ = energy.verdict === 'invalid' ? null : energy.energyJ
  const publishedJ = window.published?.energyJ ?? null
  return {
    label: window.label,
    startS: (window.startIndex - firstIndex) / rate,
    endS: (window.endIndex - firstIndex) / rate,
    inferences,
    energyJ,
    energyPerInferenceJ: energyJ === null || inferences === null ? null : energyJ / inferences,
    meanPowerW: energyJ === null ? null : energy.meanPowerW,
    lost: Math.ceil(energy.lost),
    verdict: energy.verdict,
    reason: energy.reason,
    publishedJ,
    againstPublished: publishedJ && energyJ !== null ? energyJ / publishedJ - 1 : null,
  }
}

const worstFirst = ['invalid', 'lower bound', 'complete'] as const

/** Verdict on what lies outside of windows too: a trace that was cut is whole in no case. */
function verdictOf(
  windows: readonly InspectedWindow[],
  totals: TraceTotals,
  incomplete: string | null,
): Pick<TraceInspection, 'verdict' | 'reasons'> {
  const length = totals.endIndex - totals.firstIndex
  const missing = totals.lost + totals.invalid
  const reasons = windows.flatMap(({ label, reason }) => (reason === null ? [] : [`${label}: ${reason}`]))
  if (incomplete !== null) reasons.unshift(incomplete)
  if (totals.received === totals.invalid)
    return { verdict: 'invalid', reasons: [...reasons, 'it holds no valid sample'] }
  if (windows.length > 0) {
    const worst = worstFirst.find((verdict) => windows.some((window) => window.verdict === verdict))!
    return { verdict: worst === 'complete' && incomplete !== null ? 'lower bound' : worst, reasons }
  }
  if (missing > 0) reasons.push(`${totals.lost} samples lost and ${totals.invalid} invalid of ${length}`)
  if (missing > length / 2) return { verdict: 'invalid', reasons }
  return { verdict: missing > 0 || incomplete !== null ? 'lower bound' : 'complete', reasons }
}

/** Clocks of two machines, and time zones that somebody got wrong, differ by less than this. */
const clockSlackMs = 24 * 3600 * 1000

/** Samples lie on the meter's grid: a wrong wall clock says nothing against their energy. */
function futureNote(startedAt: string | null, now: Date | undefined): readonly string[] {
  if (startedAt === null || now === undefined || !(Date.parse(startedAt) > now.getTime() + clockSlackMs)) return []
  return [`it says that it was recorded on ${startedAt.slice(0, 10)}, which is yet to come: a clock was wrong`]
}

function toInspection(
  trace: OpenedTrace,
  totals: TraceTotals,
  windows: readonly InspectedWindow[],
  windowMethod: string,
  now: Date | undefined,
): TraceInspection {
  const { facts } = trace
  const perInference = windows.flatMap((window) => window.energyPerInferenceJ ?? [])
  const valid = totals.received - totals.invalid
  const incomplete = facts.incomplete ?? trace.damage ?? null
  return {
    path: trace.path,
    format: trace.format,
    provenance: facts.provenance,
    sampleRateHz: facts.sampleRateHz,
    samples: totals.received,
    lost: totals.lost,
    invalid: totals.invalid,
    largestGapS: totals.largestGap / facts.sampleRateHz,
    durationS: (totals.endIndex - totals.firstIndex) / facts.sampleRateHz,
    startedAt: facts.startedAt,
    supplyV: facts.supplyV,
    meter: facts.meter,
    minPowerW: valid > 0 ? totals.minW : null,
    meanPowerW: valid > 0 ? totals.sumW / valid : null,
    maxPowerW: valid > 0 ? totals.maxW : null,
    energyJ: valid > 0 ? totals.sumW / facts.sampleRateHz : null,
    windowMethod,
    windows,
    medianEnergyPerInferenceJ: perInference.length > 0 ? median(perInference) : null,
    publishedMedianEnergyPerInferenceJ: facts.publishedMedianJ,
    ...verdictOf(windows, totals, incomplete),
    notes: [...facts.notes, ...futureNote(facts.startedAt, now)],
  }
}
