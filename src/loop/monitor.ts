import type { TensorValue } from '../backends/backend.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { MonitorInference, MonitorMeter, MonitorState } from '../dashboard/state.ts'
import { emptyValues } from '../graph/reference/values.ts'
import { openMeter } from '../meters/list.ts'
import type { Meter, MeterCounts, MeterInfo } from '../meters/meter.ts'
import type { WindowEnergy } from '../trace/power-buffer.ts'
import type { PyramidColumns } from '../trace/pyramid.ts'
import { RecentPower } from '../trace/recent-power.ts'
import type { LoadedModel } from './model.ts'
import type { PowerSession } from './power.ts'
import { openRuntimeOn, type Runtime, type RuntimeOptions, startSession } from './runtime.ts'

/** How to monitor. */
export interface MonitorOptions extends Pick<RuntimeOptions, 'meterOptions' | 'traceBase' | 'backends'> {
  /** Gives the meter to open, as `DRIVER:PATH`; asked again whenever there is none. @throws MilliwattError METER_* */
  meter(): Promise<string>
  /** Model to run while the page is open. */
  readonly model?: string
  /** Digital channel whose high level marks inferences that run elsewhere; default 0. */
  readonly channel?: number
  /** Inferences in one high pulse; default 1. */
  readonly inferencesPerPulse?: number
  readonly signal: AbortSignal
}

/** Pause between two looks for a meter, in seconds. */
const retryS = 2
/** Pause between two looks for pulses, and between two measured windows of a model, in seconds. */
const pollS = 0.1
/** Length of a measured window of a model, in seconds. */
const windowS = 0.03
const keptInferences = 200

const toMonitorMeter = ({ model, path, provenance, sampleRateHz, supplyV, warnings }: MeterInfo): MonitorMeter => ({
  model,
  path,
  provenance,
  sampleRateHz,
  supplyV,
  warnings,
})

/** One view of the power: what was asked for, or the newest seconds. */
export interface MonitorView {
  readonly fromS: number
  readonly toS: number
  readonly columns: PyramidColumns
}

/**
 * Watches a meter for as long as it is asked to: what goes away is waited for, and what it gave before stays. All
 * times count from the start of the first stream.
 */
export class Monitor {
  readonly #host: Host
  readonly #options: MonitorOptions
  #power: RecentPower | null = null
  #meter: MonitorMeter | null = null
  #counts: () => MeterCounts = () => ({ received: 0, lost: 0, saturated: 0, invalid: 0, discardedBytes: 0 })
  #before = { received: 0, lost: 0, saturated: 0 }
  #status: MonitorState['status'] = 'waiting'
  #message: string | null = 'Looking for a meter.'
  #activity: string | null = null
  #inferences: MonitorInference[] = []
  #inferenceCount = 0
  #startS = 0
  #sessions = 0

  constructor(host: Host, options: MonitorOptions) {
    this.#host = host
    this.#options = options
  }

  /** Everything that is known now. */
  get state(): MonitorState {
    const { received, lost, saturated } = this.#counts()
    const power = this.#power
    const end = power?.endIndex ?? 0
    return {
      status: this.#status,
      message: this.#message,
      meter: this.#meter,
      model: this.#options.model ?? null,
      activity: this.#activity,
      durationS: power ? (end - power.startIndex) / power.sampleRateHz : 0,
      received: this.#before.received + received,
      lost: this.#before.lost + lost,
      saturated: this.#before.saturated + saturated,
      powerW: power && this.#status === 'measuring' ? power.meanW(end - power.sampleRateHz, end) : null,
      energyJ: power?.energyJ ?? 0,
      inferences: this.#inferences,
      inferenceCount: this.#inferenceCount,
    }
  }

  /**
   * The power between two times, or over the last seconds (infinite: all).
   * @param maxColumns most columns to give
   */
  view(
    range: { readonly fromS: number; readonly toS: number } | { readonly lastS: number },
    maxColumns: number,
  ): MonitorView {
    const power = this.#power
    if (!power) return { fromS: 0, toS: 1, columns: { startS: 0, columnS: 1, minW: [], meanW: [], maxW: [] } }
    const rate = power.sampleRateHz
    const endS = power.endIndex / rate
    const [fromS, toS] =
      'lastS' in range ? [Math.max(power.startIndex / rate, endS - range.lastS), endS] : [range.fromS, range.toS]
    return { fromS, toS, columns: power.columns(fromS * rate, toS * rate, maxColumns) }
  }

  /** Watches until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#options
    while (!signal.aborted) {
      try {
        await this.#watch(await this.#options.meter())
      } catch (error) {
        this.#status = this.#meter ? 'lost' : 'waiting'
        this.#message = messageOf(error)
      }
      await this.#host.clock.sleep(retryS, signal)
    }
  }

  /** One meter from its opening to its end. */
  async #watch(spec: string): Promise<void> {
    const { model, meterOptions, traceBase, backends, signal } = this.#options
    const meter = await openMeter(this.#host, spec, meterOptions ?? {})
    const offset = this.#begin(meter)
    this.#sessions++
    const options: RuntimeOptions = {
      meter,
      // A meter that comes back is recorded beside what it gave before.
      ...(traceBase === undefined
        ? {}
        : { traceBase: this.#sessions > 1 ? `${traceBase}-${this.#sessions}` : traceBase }),
      ...(backends ? { backends } : {}),
      onProgress: ({ stage, done, total }) => {
        this.#activity = `${stage} ${done} of ${total}`
      },
      onSamples: (event) => this.#power?.push({ ...event, firstIndex: event.firstIndex + offset }),
      signal,
    }
    try {
      if (model === undefined) {
        await using session = await startSession(this.#host, options)
        await this.#followPulses(session!, offset)
      } else {
        await using runtime = await openRuntimeOn(this.#host, options)
        await this.#runModel(runtime, model, offset)
      }
    } finally {
      await meter.close()
    }
  }

  /** Takes over a meter. @returns where its first sample lies on the time line of the page, in samples */
  #begin(meter: Meter): number {
    const { received, lost, saturated } = this.state
    const nowS = this.#host.clock.nowS()
    const rate = meter.info.sampleRateHz
    if (this.#power?.sampleRateHz !== rate) {
      this.#power = new RecentPower({ sampleRateHz: rate })
      this.#startS = nowS
      this.#inferences = []
    }
    this.#before = { received, lost, saturated }
    this.#counts = () => meter.counts
    this.#meter = toMonitorMeter(meter.info)
    this.#status = 'measuring'
    this.#message = null
    return Math.max(this.#power.endIndex, Math.round((nowS - this.#startS) * rate))
  }

  #note(window: WindowEnergy, offset: number, inferences: number, method: string): void {
    const rate = this.#power!.sampleRateHz
    const known = window.verdict !== 'invalid'
    this.#inferenceCount++
    this.#inferences = [
      ...this.#inferences.slice(1 - keptInferences),
      {
        startS: (window.startIndex + offset) / rate,
        endS: (window.endIndex + offset) / rate,
        inferences,
        energyJ: known ? window.energyJ / inferences : null,
        meanPowerW: known ? window.meanPowerW : null,
        method,
        reason: window.reason,
      },
    ]
  }

  async #followPulses(session: PowerSession, offset: number): Promise<void> {
    const { channel = 0, inferencesPerPulse = 1, signal } = this.#options
    let next = 0
    while (!signal.aborted) {
      if (session.lost) throw session.lost
      const { windows, nextIndex } = session.pulses(channel, next)
      next = nextIndex
      for (const window of windows) this.#note(window, offset, inferencesPerPulse, `D${channel}`)
      await this.#host.clock.sleep(pollS, signal)
    }
  }

  async #runModel(runtime: Runtime, name: string, offset: number): Promise<void> {
    const { signal } = this.#options
    const session = runtime.session!
    const model = await runtime.load(name)
    this.#activity = null
    const input = zeroInput(model)
    while (!signal.aborted) {
      if (session.lost) throw session.lost
      const repeats = Math.max(1, Math.round(windowS / (model.latency?.medianS ?? windowS)))
      const { window } = await model.measure(input, { repeats })
      if (window?.energy) this.#note(window.energy, offset, repeats, window.marks.method)
      await this.#host.clock.sleep(pollS, signal)
    }
  }
}

/** Zeros in the form of a model's inputs: the time of a run does not hang on the values. */
function zeroInput({ inputs }: LoadedModel): Readonly<Record<string, TensorValue>> {
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      const lengths = shape?.map(Number) ?? []
      const count = lengths.reduce((product, length) => product * length, 1)
      if (!Number.isInteger(count)) throw new MilliwattError('INPUT_SHAPE', name, `Its shape is open: [${shape}].`)
      return [name, { dtype, shape: lengths, data: emptyValues(dtype, count, name) }]
    }),
  )
}
