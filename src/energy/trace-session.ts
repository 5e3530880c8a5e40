import type { Clock } from '../core/host.ts'
import { type IdleLevel, idleLevel } from '../trace/idle.ts'
import { type DigitalEdge, PowerBuffer } from '../trace/power-buffer.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { WindowSums } from '../trace/window-sums.ts'
import type { EnergySession } from './estimate.ts'
import { windowsFromSteps } from './find-steps.ts'
import type { InstrumentLimits } from './instrument.ts'
import {
  bestWindows,
  type ClockPoint,
  type DeviceLap,
  type PlacedWindow,
  type WindowEvidence,
  windowsFromEvents,
  windowsFromLaps,
  windowsFromLevels,
} from './window-finders.ts'

/** A recorded trace: its samples and gaps in their order, as often as they are asked for. */
export interface TraceSource {
  readonly sampleRateHz: number
  events(): AsyncIterable<SampleEvent>
}

/** What is known of a recorded trace beside its samples. Whatever is given is tried in the order of trust. */
export interface TraceEvidence {
  /** Inferences of one window. */
  readonly inferences: number
  /** Digital channel whose high level draws the windows. */
  readonly channel?: number
  /** Sample indexes of the pulses on the meter's event line. */
  readonly eventIndexes?: readonly number[]
  /** Laps by the device's timer with two moments known in both clocks. */
  readonly laps?: { readonly laps: readonly DeviceLap[]; readonly points: readonly [ClockPoint, ClockPoint] }
  /** Look for steps in the power where nothing better is there. */
  readonly steps?: { readonly leastS?: number; readonly durationS?: number }
}

/** What else a session needs. */
export interface TraceSessionOptions {
  readonly instrument: InstrumentLimits
  readonly supplyKnown: boolean
  readonly confidence?: number
}

/** More changes than this on one channel mark no windows (a clock line, say). */
const mostEdges = 200_000
/** Longest trace in which steps are looked for: its samples are held at once. */
const mostStepSamples = 20_000_000
/** Idle is looked at for at most so long on either side, in seconds, and this far from a window. */
const mostIdleS = 10
const idleMarginS = 0.01
/** Shortest stretch that counts as idle, in seconds. */
const leastIdleS = 0.02

/** Samples that are handed to the buffer at once. */
const pieceSamples = 2 ** 16

/** A buffer that is never waited for needs no time. */
const noClock: Pick<Clock, 'nowS' | 'sleep'> = { nowS: () => 0, sleep: async () => undefined }

/** What a first look through a trace gathers. */
interface FirstLook {
  /** Null where there are too many. */
  readonly edges: readonly DigitalEdge[] | null
  /** Null where steps are not wanted or the trace is too long for them. */
  readonly powerW: Float32Array | null
  readonly firstIndex: number
  readonly endIndex: number
}

/** Changes of one channel in a stream of any length. */
class EdgeFinder {
  readonly edges: DigitalEdge[] = []
  readonly #mask: number
  #level: number | null = null
  #lost = 0

  constructor(channel: number) {
    this.#mask = 1 << channel
  }

  push(event: SampleEvent): void {
    if (event.kind === 'gap') {
      this.#lost += event.count
      return
    }
    for (let at = 0; at < event.digital.length; at++) {
      const level = event.digital[at]! & this.#mask
      if (this.#level !== null && level !== this.#level)
        this.edges.push({ index: event.firstIndex + at, rising: level !== 0, lostBefore: this.#lost })
      this.#level = level
      this.#lost = 0
    }
  }
}

/** The power of a stream on its grid, NaN where none came; null as soon as there is more than can be held. */
class HeldPower {
  // Memory that is never written takes no room.
  #powerW: Float32Array | null = new Float32Array(mostStepSamples)
  #end = 0

  /** @param offset place of the event's first sample */
  push(event: SampleEvent, offset: number): void {
    const end = offset + (event.kind === 'gap' ? event.count : event.powerW.length)
    if (end > mostStepSamples) this.#powerW = null
    this.#powerW?.fill(Number.NaN, this.#end, end)
    if (event.kind === 'samples') this.#powerW?.set(event.powerW, offset)
    this.#end = end
  }

  get powerW(): Float32Array | null {
    return this.#powerW?.subarray(0, this.#end) ?? null
  }
}

async function lookThrough(source: TraceSource, { channel, steps }: TraceEvidence): Promise<FirstLook> {
  const finder = new EdgeFinder(channel ?? 0)
  const held = steps ? new HeldPower() : null
  let firstIndex = Number.NaN
  let endIndex = 0
  for await (const event of source.events()) {
    if (Number.isNaN(firstIndex)) firstIndex = event.firstIndex
    if (channel !== undefined) finder.push(event)
    held?.push(event, event.firstIndex - firstIndex)
    endIndex = event.firstIndex + (event.kind === 'gap' ? event.count : event.powerW.length)
  }
  const { edges } = finder
  return { edges: edges.length > mostEdges ? null : edges, powerW: held?.powerW ?? null, firstIndex, endIndex }
}

function evidenceOf(look: FirstLook, evidence: TraceEvidence, sampleRateHz: number): WindowEvidence {
  const { inferences, channel, eventIndexes, laps, steps } = evidence
  const { edges, powerW } = look
  return {
    ...(channel === undefined
      ? {}
      : {
          'marker edges': () =>
            edges
              ? windowsFromLevels(edges, channel, sampleRateHz, inferences)
              : { windows: null, reason: `digital channel ${channel} changes more than ${mostEdges} times` },
        }),
    ...(eventIndexes ? { 'event line': () => windowsFromEvents(eventIndexes, sampleRateHz, inferences) } : {}),
    ...(laps ? { 'device laps': () => windowsFromLaps(laps.laps, laps.points, sampleRateHz) } : {}),
    ...(steps
      ? {
          'found steps': () => {
            if (!powerW) return { windows: null, reason: 'the trace is too long to look for steps' }
            const found = windowsFromSteps(powerW, { sampleRateHz, inferences, ...steps })
            if (!found.windows) return found
            const shift = (window: PlacedWindow): PlacedWindow => ({
              ...window,
              startIndex: window.startIndex + look.firstIndex,
              endIndex: window.endIndex + look.firstIndex,
            })
            return { windows: found.windows.map(shift) }
          },
        }
      : {}),
  }
}

/** A stretch to be integrated when the samples up to its end have gone by. */
interface Stretch {
  readonly startIndex: number
  readonly endIndex: number
  take(buffer: PowerBuffer): void
}

function idleStretch(from: number, to: number, rate: number, take: (level: IdleLevel | null) => void): Stretch[] {
  if (to - from < leastIdleS * rate) return []
  return [{ startIndex: from, endIndex: to, take: (buffer) => take(idleLevel(buffer, from, to).idle) }]
}

/** Cuts a block of any length into pieces that a short buffer can take; the raw bytes are left out. */
function* piecesOf(event: SampleEvent): Generator<SampleEvent> {
  if (event.kind === 'gap') return yield event
  for (let at = 0; at < event.powerW.length; at += pieceSamples) {
    yield {
      kind: 'samples',
      firstIndex: event.firstIndex + at,
      powerW: event.powerW.subarray(at, at + pieceSamples),
      digital: event.digital.subarray(at, at + pieceSamples),
      raw: new Uint8Array(0),
      arrivalS: event.arrivalS,
    }
  }
}

/**
 * Runs the trace through sums over the windows, of any length, and through a buffer that is as long as the longest
 * stretch of idle.
 */
async function integrate(source: TraceSource, stretches: readonly Stretch[], windows: WindowSums): Promise<void> {
  const longest = stretches.reduce((most, { startIndex, endIndex }) => Math.max(most, endIndex - startIndex), 0)
  const rate = source.sampleRateHz
  // Room for the pieces in which a stretch begins and ends.
  const buffer = new PowerBuffer({ sampleRateHz: rate, clock: noClock, keepS: (longest + 2 * pieceSamples) / rate })
  const waiting = [...stretches].sort((a, b) => a.endIndex - b.endIndex)
  const takeDue = (endIndex: number) => {
    while (waiting[0] && waiting[0].endIndex <= endIndex) waiting.shift()!.take(buffer)
  }
  for await (const event of source.events()) {
    for (const piece of piecesOf(event)) {
      windows.push(piece)
      buffer.push(piece)
      takeDue(buffer.endIndex)
    }
  }
  buffer.end()
  takeDue(Number.POSITIVE_INFINITY)
}

/**
 * The session of a recorded trace, read twice in memory that does not depend on its length (looking for steps apart):
 * windows by the most trusted evidence, idle before the first window and after the last.
 * @returns the reason where no windows are found
 */
export async function sessionFromTrace(
  source: TraceSource,
  evidence: TraceEvidence,
  options: TraceSessionOptions,
): Promise<EnergySession | { readonly reason: string }> {
  const rate = source.sampleRateHz
  const look = await lookThrough(source, evidence)
  const found = bestWindows(evidenceOf(look, evidence, rate))
  if (!found.windows) return { reason: found.reason }
  const places = found.windows
  const sums = new WindowSums(places, rate)
  const idle: { before: IdleLevel | null; after: IdleLevel | null } = { before: null, after: null }
  const windowsStart = places[0]!.startIndex - idleMarginS * rate
  const windowsEnd = places.at(-1)!.endIndex + idleMarginS * rate
  const stretches: readonly Stretch[] = [
    ...idleStretch(Math.max(look.firstIndex, windowsStart - mostIdleS * rate), windowsStart, rate, (level) => {
      idle.before = level
    }),
    ...idleStretch(windowsEnd, Math.min(look.endIndex, windowsEnd + mostIdleS * rate), rate, (level) => {
      idle.after = level
    }),
  ]
  await integrate(source, stretches, sums)
  const energies = sums.results()
  return {
    windows: places.map((place, at) => ({ place, energy: energies[at]! })),
    idleBefore: idle.before,
    idleAfter: idle.after,
    sampleRateHz: rate,
    ...options,
  }
}
