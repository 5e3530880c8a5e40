import { alignmentMethods } from '../trace/alignment.ts'
import type { StatedWindow } from '../trace/formats/format.ts'
import { idleOf, partsOf } from '../trace/idle.ts'
import type { SampleEvent } from '../trace/samples.ts'
import type { SurveyedSteps } from '../trace/step-survey.ts'
import { edgesOfSteps } from '../trace/step-windows.ts'
import type { StreamSpan } from '../trace/stream-span.ts'
import type { WindowEnergy } from '../trace/window-energy.ts'
import { type WindowBorders, WindowSums } from '../trace/window-sums.ts'
import type { EnergySession } from './estimate.ts'
import { type StepOptions, windowsOfSteps } from './find-steps.ts'
import type { InstrumentLimits } from './instrument.ts'
import { type FirstLook, lookThrough, mostEdges } from './trace-look.ts'
import {
  bestWindows,
  type ClockPoint,
  type DeviceLap,
  type FoundWindows,
  type PlacedWindow,
  unknownInferences,
  type WindowEvidence,
  windowsFromEvents,
  windowsFromLaps,
  windowsFromLevels,
  windowsFromStated,
} from './window-finders.ts'

/** A recorded trace: its samples and gaps in their order, as often as they are asked for. */
export interface TraceSource {
  readonly sampleRateHz: number
  events(): AsyncIterable<SampleEvent>
}

/** What is known of a recorded trace beside its samples. Whatever is given is tried in the order of trust. */
export interface TraceEvidence {
  /** Inferences of one window, where the trace does not say. */
  readonly inferences?: number
  /** Windows that the trace states itself. */
  readonly stated?: readonly StatedWindow[]
  /** Digital channel whose high level draws the windows; `only`: the one channel that draws any. */
  readonly channel?: number | 'only'
  /** Sample indexes of the pulses on the meter's event line. */
  readonly eventIndexes?: readonly number[]
  /** Laps by the device's timer with two moments known in both clocks. */
  readonly laps?: { readonly laps: readonly DeviceLap[]; readonly points: readonly [ClockPoint, ClockPoint] }
  /** Look for steps in the power where nothing better is there. */
  readonly steps?: { readonly leastS?: number; readonly durationS?: number }
  /** Stretches in which something else ran, so that they are no idle. */
  readonly busy?: readonly WindowBorders[]
}

/** What else a session needs. */
export interface TraceSessionOptions {
  readonly instrument: InstrumentLimits
  readonly supplyKnown: boolean
  /** How much there is by the samples' own count and by the recording host's clock. */
  readonly stream?: StreamSpan | null
  /** Why the trace is not all that was to be recorded; asked for when it was read. */
  readonly incomplete?: () => string | null
  readonly confidence?: number
}

/** Idle is looked at for at most so long on either side, in seconds, and this far from a window. */
const mostIdleS = 10
const idleMarginS = 0.01
/** Shortest stretch that counts as idle, in seconds. */
const leastIdleS = 0.02

const none = (reason: string): FoundWindows => ({ windows: null, reason })

function windowsOfLevels(look: FirstLook, channel: number, rate: number, inferences: number): FoundWindows {
  const edges = look.edges[channel] ?? []
  if (edges.length >= mostEdges) return none(`digital channel ${channel} changes more than ${mostEdges} times`)
  return windowsFromLevels(edges, channel, rate, inferences)
}

function windowsOfChannel(look: FirstLook, channel: number | 'only', rate: number, inferences: number): FoundWindows {
  if (channel !== 'only') return windowsOfLevels(look, channel, rate, inferences)
  const drawing = look.drawingChannels
  if (drawing.length > 1) return none(`channels ${drawing.join(', ')} all draw windows, choose one`)
  const [only] = drawing
  if (only === undefined) return none('no digital channel went high and low again')
  return windowsOfLevels(look, only, rate, inferences)
}

/** What needs the number of inferences, or the reason why it leads nowhere. */
const counted = (inferences: number | undefined, find: (inferences: number) => FoundWindows) => () =>
  inferences === undefined ? none(unknownInferences) : find(inferences)

function evidenceOf(look: FirstLook, evidence: TraceEvidence, rate: number): WindowEvidence {
  const { inferences, stated = [], channel, eventIndexes, laps } = evidence
  const byFile = alignmentMethods.flatMap((method) => {
    const found = windowsFromStated(stated, method, rate, inferences)
    return found.windows || stated.some((window) => window.method === method) ? [[method, () => found] as const] : []
  })
  return {
    ...Object.fromEntries(byFile),
    ...(channel === undefined
      ? {}
      : { 'marker edges': counted(inferences, (each) => windowsOfChannel(look, channel, rate, each)) }),
    ...(eventIndexes
      ? { 'event line': counted(inferences, (each) => windowsFromEvents(eventIndexes, rate, each)) }
      : {}),
    ...(laps ? { 'device laps': () => windowsFromLaps(laps.laps, laps.points, rate) } : {}),
  }
}

/** Steps in the power, for which the trace is read once more. */
async function stepsIn(
  source: TraceSource,
  steps: SurveyedSteps | { readonly reason: string },
  options: Omit<StepOptions, 'inferences'>,
  inferences: number | undefined,
): Promise<FoundWindows> {
  if ('reason' in steps) return none(steps.reason)
  if (inferences === undefined) return none(unknownInferences)
  const found = await edgesOfSteps(() => source.events(), steps, source.sampleRateHz)
  return windowsOfSteps(found, { ...options, inferences })
}

/** The most trusted windows; steps are only sought where nothing better leads anywhere. */
async function placesIn(source: TraceSource, look: FirstLook, evidence: TraceEvidence) {
  const { sampleRateHz } = source
  const { channel, inferences, steps } = evidence
  const better = evidenceOf(look, evidence, sampleRateHz)
  const found = bestWindows(better)
  const isAmbiguous = channel === 'only' && look.drawingChannels.length > 1
  if (found.windows || !steps || !look.survey || isAmbiguous) return found
  const stepped = await stepsIn(source, look.survey.steps(), { sampleRateHz, ...steps }, inferences)
  return bestWindows({ ...better, 'found steps': () => stepped })
}

/** Idle before the first window and after the last, clear of what else ran; null where there is none long enough. */
function idleBorders(
  places: readonly PlacedWindow[],
  look: FirstLook,
  busy: readonly WindowBorders[],
  rate: number,
): readonly [WindowBorders | null, WindowBorders | null] {
  const margin = idleMarginS * rate
  const before = places.reduce((least, { startIndex }) => Math.min(least, startIndex), Infinity) - margin
  const after = places.reduce((most, { endIndex }) => Math.max(most, endIndex), -Infinity) + margin
  const from = busy
    .filter(({ startIndex }) => startIndex < before)
    .reduce((latest, { endIndex }) => Math.max(latest, endIndex + margin), look.firstIndex)
  const to = busy
    .filter(({ endIndex }) => endIndex > after)
    .reduce((first, { startIndex }) => Math.min(first, startIndex - margin), look.endIndex)
  const stretch = (startIndex: number, endIndex: number) =>
    endIndex - startIndex < leastIdleS * rate ? null : { startIndex, endIndex }
  return [
    stretch(Math.max(from, before - mostIdleS * rate), before),
    stretch(after, Math.min(to, after + mostIdleS * rate)),
  ]
}

async function integrate(source: TraceSource, stretches: readonly WindowBorders[]): Promise<readonly WindowEnergy[]> {
  const sums = new WindowSums(stretches, source.sampleRateHz)
  for await (const event of source.events()) sums.push(event)
  return sums.results()
}

/**
 * The session of a recorded trace, read two or three times in memory that does not depend on its length: windows by the
 * most trusted evidence, idle before the first window and after the last.
 * @returns the reason where no windows are found
 */
export async function sessionFromTrace(
  source: TraceSource,
  evidence: TraceEvidence,
  options: TraceSessionOptions,
): Promise<EnergySession | { readonly reason: string }> {
  const rate = source.sampleRateHz
  const look = await lookThrough(source, evidence.steps)
  const found = await placesIn(source, look, evidence)
  if (!found.windows) return { reason: found.reason }
  const places = found.windows
  const idle = idleBorders(places, look, evidence.busy ?? [], rate)
  const idleParts = idle.map((stretch) => (stretch ? [stretch, ...partsOf(stretch.startIndex, stretch.endIndex)] : []))
  const energies = await integrate(source, [...places, ...idleParts[0]!, ...idleParts[1]!])
  const windows = places.map((place, at) => ({ place, energy: energies[at]! }))
  const middle = places.length + idleParts[0]!.length
  const levelOf = ([whole, ...parts]: readonly WindowEnergy[]) => (whole ? idleOf(whole, parts).idle : null)
  return {
    windows,
    idleBefore: levelOf(energies.slice(places.length, middle)),
    idleAfter: levelOf(energies.slice(middle)),
    sampleRateHz: rate,
    ...(Number.isFinite(look.highestW)
      ? { mostPowerW: { value: look.highestW, source: 'the highest reading of the trace' } }
      : {}),
    instrument: options.instrument,
    supplyKnown: options.supplyKnown,
    incomplete: options.incomplete?.() ?? null,
    stream: options.stream ?? null,
    ...(options.confidence === undefined ? {} : { confidence: options.confidence }),
  }
}
