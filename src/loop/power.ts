import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Meter } from '../meters/meter.ts'
import type { Capture } from '../trace/capture.ts'
import { ClockFit } from '../trace/clock-fit.ts'
import { idleLevel } from '../trace/idle.ts'
import { PowerBuffer, type WindowEnergy } from '../trace/power-buffer.ts'
import { Pyramid } from '../trace/pyramid.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { type StreamSpan, StreamSpanMeter } from '../trace/stream-span.ts'
import { type WindowMarks, windowFromEdges, windowFromHostMarks, windowFromPulse } from '../trace/windows.ts'

/** A measuring window: where it lies, what it cost, and how it was lined up. */
export interface MeasuredWindow {
  readonly label: string
  readonly marks: WindowMarks
  readonly energy: WindowEnergy | null
  /** Why there is no energy figure, or why it is incomplete. */
  readonly reason: string | null
}

/** A marker pin that the device under test moves by itself. */
export interface DeviceWire {
  /** Hears the pin where it is emulated; the function given back ends that. */
  readonly onMarker?: ((listener: (high: boolean) => void) => () => void) | undefined
  /** Digital channel of the meter that the pin is wired to. */
  readonly channel?: number | undefined
}

/** How far from the host's idea of an edge the marker's edge is looked for, in seconds. */
const edgeSearchS = 0.05
/** Samples are looked through again after so long, in seconds. */
const pulseStepS = 0.02
/** Time after which nothing of earlier work is still on its way, in seconds. */
const settleS = 0.05
/** Longest wait for the samples of a window to arrive, in seconds. */
const arrivalDeadlineS = 2

/** Why a window says nothing with this meter; null when it is long enough. */
function tooShortFor({ model, minimumWindowS = 0 }: Meter['info'], durationS: number): string | null {
  if (durationS >= minimumWindowS) return null
  return `a window of ${durationS.toFixed(2)} s is too short for ${model}: it takes ${minimumWindowS} s or more (--window-ms)`
}

/**
 * A running measurement: one meter, streaming, its last seconds at hand for windows, everything captured. The
 * stream may end at any time (unplugged, disk full); the session then goes on and says so in what it returns.
 */
export class PowerSession implements AsyncDisposable {
  readonly meter: Meter
  readonly windows: MeasuredWindow[] = []
  readonly pyramid: Pyramid
  readonly #host: Host
  readonly #buffer: PowerBuffer
  readonly #fit: ClockFit
  readonly #span: StreamSpanMeter
  readonly #capture: Capture | null
  readonly #listener: ((event: SampleEvent) => void) | undefined
  readonly #stop = new AbortController()
  readonly #pump: Promise<void>
  #lost: MilliwattError | null = null
  #reason: string | null = null

  /**
   * Starts streaming at once; `ready` tells when samples flow.
   * @param listener sees everything that the meter yields, as it comes
   */
  constructor(host: Host, meter: Meter, capture: Capture | null, listener?: (event: SampleEvent) => void) {
    const { sampleRateHz } = meter.info
    this.#host = host
    this.meter = meter
    this.#capture = capture
    this.#listener = listener
    this.#buffer = new PowerBuffer({ sampleRateHz, clock: host.clock })
    this.#fit = new ClockFit({ sampleRateHz })
    this.#span = new StreamSpanMeter(sampleRateHz)
    this.pyramid = new Pyramid(sampleRateHz)
    this.#pump = this.#stream()
  }

  /** Why the stream ended before it was stopped; null while it runs. */
  get lost(): MilliwattError | null {
    return this.#lost
  }

  /** The capture that everything goes to, when there is one. */
  get capture(): Capture | null {
    return this.#capture
  }

  /** Index after the newest sample. */
  get endIndex(): number {
    return this.#buffer.endIndex
  }

  /** Resolves when samples flow and the clocks can be compared, or after two seconds without any. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    const { sampleRateHz } = this.meter.info
    const end = await this.#buffer.waitFor(0.05 * sampleRateHz, this.#host.clock.nowS() + arrivalDeadlineS, signal)
    return end === 'reached'
  }

  async #stream(): Promise<void> {
    try {
      for await (const event of this.meter.samples(this.#stop.signal)) {
        this.#buffer.push(event)
        this.pyramid.push(event)
        this.#capture?.push(event)
        this.#listener?.(event)
        if (event.kind === 'samples') this.#arrived(event.firstIndex + event.powerW.length, event.arrivalS)
      }
    } catch (error) {
      this.#lost = isMilliwattError(error)
        ? error
        : new MilliwattError('METER_LOST', this.meter.info.path, messageOf(error), error)
    } finally {
      this.#buffer.end()
    }
  }

  #arrived(endIndex: number, arrivalS: number): void {
    this.#fit.add(endIndex, arrivalS)
    this.#span.add(endIndex, arrivalS)
  }

  /** How many samples there were by the stream's own count and by the host's clock; null at the beginning. */
  get span(): StreamSpan | null {
    return this.#span.span
  }

  /**
   * Runs `body` in a measuring window: the marker goes high around it where a wire exists, else the host's
   * clock marks it.
   * @param inferences how many `body` runs; the trace keeps it with the mark
   * @param wire the device's own marker pin, which sets the wire in the place of this process
   */
  async window<T>(
    label: string,
    inferences: number,
    body: () => Promise<T>,
    wire: DeviceWire = {},
  ): Promise<{ readonly value: T; readonly window: MeasuredWindow }> {
    const { clock } = this.#host
    const { marker } = this.meter
    const detach = marker && wire.onMarker?.((high) => marker.set(high))
    const fromIndex = this.#buffer.endIndex
    const startS = clock.nowS()
    if (!detach) marker?.set(true)
    let value: T
    try {
      value = await body()
    } finally {
      detach?.()
      marker?.set(false)
    }
    const channel = wire.channel ?? (detach ? marker?.channel : undefined)
    const byDevice = channel === undefined ? null : { channel, fromIndex }
    const window = await this.#measure(label, inferences, startS, clock.nowS(), byDevice)
    this.windows.push(window)
    return { value, window }
  }

  /**
   * The complete high pulses of a digital channel that begin at or after an index.
   * @returns their energy, and the index to go on from
   */
  pulses(
    channel: number,
    fromIndex: number,
  ): { readonly windows: readonly WindowEnergy[]; readonly nextIndex: number } {
    const edges = this.#buffer.edges(channel, fromIndex, this.#buffer.endIndex)
    const windows: WindowEnergy[] = []
    let rise: number | null = null
    let nextIndex = this.#buffer.endIndex
    for (const { index, rising } of edges) {
      if (!rising && rise !== null) windows.push(this.#buffer.window(rise, index))
      rise = rising ? index : null
    }
    if (rise !== null) nextIndex = rise
    return { windows, nextIndex }
  }

  /** Energy between two (fractional) sample indexes, read when the samples up to there have arrived or do not come. */
  async between(startIndex: number, endIndex: number): Promise<WindowEnergy> {
    await this.#buffer.waitFor(endIndex, this.#host.clock.nowS() + arrivalDeadlineS)
    return this.#buffer.window(startIndex, endIndex)
  }

  /** Samples from an index on at which a digital channel fell. */
  falls(channel: number, fromIndex: number): readonly number[] {
    const edges = this.#buffer.edges(channel, fromIndex, this.#buffer.endIndex)
    return edges.filter(({ rising }) => !rising).map(({ index }) => index)
  }

  /** Measures the idle level: nothing runs for so long. Null with a reason when there are no samples. */
  async idle(durationS: number, signal?: AbortSignal): Promise<ReturnType<typeof idleLevel>> {
    const { sampleRateHz } = this.meter.info
    // Blocks of earlier work are still on their way: leave them out.
    const start = this.#buffer.endIndex + settleS * sampleRateHz
    const end = start + durationS * sampleRateHz
    await this.#buffer.waitFor(end, this.#host.clock.nowS() + settleS + durationS + arrivalDeadlineS, signal)
    return idleLevel(this.#buffer, start, Math.min(end, this.#buffer.endIndex))
  }

  async #measure(
    label: string,
    inferences: number,
    startS: number,
    endS: number,
    byDevice: { readonly channel: number; readonly fromIndex: number } | null,
  ): Promise<MeasuredWindow> {
    const { info, marker } = this.meter
    const tooShort = tooShortFor(info, endS - startS)
    if (tooShort)
      return { label, marks: { method: 'none', reason: tooShort, words: tooShort }, energy: null, reason: tooShort }
    const margin = (marker ? edgeSearchS / 2 : 0) * info.sampleRateHz
    await this.#buffer.waitFor(this.#fit.indexAt(endS) + margin, this.#host.clock.nowS() + arrivalDeadlineS)
    const marks = byDevice ? await this.#pulse(byDevice.channel, byDevice.fromIndex) : this.#marked(startS, endS)
    if (marks.method === 'none') return { label, marks, energy: null, reason: this.#lost?.message ?? marks.reason }
    const { startIndex, endIndex, method, edgeUncertaintyS } = marks
    this.#capture?.mark({ label, startIndex, endIndex, method, inferences, edgeUncertaintyS })
    const energy = this.#buffer.window(marks.startIndex, marks.endIndex)
    if (energy.verdict === 'invalid')
      return { label, marks, energy: null, reason: this.#lost?.message ?? energy.reason }
    return { label, marks, energy, reason: energy.reason }
  }

  #marked(startS: number, endS: number): WindowMarks {
    const { marker } = this.meter
    if (!marker) return windowFromHostMarks(this.#fit, startS, endS)
    const [start, end] = [this.#fit.indexAt(startS), this.#fit.indexAt(endS)]
    return windowFromEdges(this.#buffer, marker.channel, start, end, edgeSearchS)
  }

  /** The window that the device drew; its wire may be late, an emulated one above all. */
  async #pulse(channel: number, fromIndex: number): Promise<WindowMarks> {
    const { clock } = this.#host
    for (const untilS = clock.nowS() + arrivalDeadlineS; ; ) {
      const found = windowFromPulse(this.#buffer, channel, fromIndex)
      if (found) return found
      const step = this.#buffer.endIndex + pulseStepS * this.meter.info.sampleRateHz
      if ((await this.#buffer.waitFor(step, untilS)) === 'reached') continue
      const reason = `the device never drove digital channel ${channel} high and low again`
      return { method: 'none', reason, words: `not lined up: ${reason}` }
    }
  }

  /** States why the trace will not be complete, when the run ends early. */
  interrupt(reason: string): void {
    this.#reason ??= reason
  }

  /** Stops streaming and closes trace and meter; what was recorded stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#pump
    await this.#capture?.close(this.#lost?.message ?? this.#reason)
    await this.meter.close()
  }
}
