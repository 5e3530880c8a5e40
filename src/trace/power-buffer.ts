import type { Clock } from '../core/host.ts'
import { SampleRing } from './sample-ring.ts'
import type { SampleEvent } from './samples.ts'
import { type WindowEnergy, windowEnergy } from './window-energy.ts'

export type { WindowEnergy } from './window-energy.ts'

/** A change of a digital channel: the sample `index` is the first with the new level. */
export interface DigitalEdge {
  readonly index: number
  readonly rising: boolean
  /** Lost samples right before it: the change may have come that much earlier. */
  readonly lostBefore: number
}

/** How a wait for a sample ended. */
export type WaitEnd = 'reached' | 'stream ended' | 'deadline' | 'aborted'

/** How much a power buffer keeps. */
export interface PowerBufferOptions {
  readonly sampleRateHz: number
  readonly clock: Pick<Clock, 'nowS' | 'sleep'>
  /** Seconds of samples to keep; default 20. */
  readonly keepS?: number
  /** The most that one sample can be in watts (full scale of the meter times the supply); default infinite. */
  readonly maxPowerW?: number
}

/** A timer of the platform may not last for ever; longer waits go round again. */
const longestSleepS = 3600

/** The last seconds of a meter's stream, ready to be integrated over any window. */
export class PowerBuffer {
  readonly sampleRateHz: number
  readonly #clock: Pick<Clock, 'nowS' | 'sleep'>
  readonly #maxPowerW: number
  readonly #ring: SampleRing
  readonly #waiting = new Set<{ readonly index: number; readonly wake: () => void }>()
  #ended = false

  constructor(options: PowerBufferOptions) {
    this.sampleRateHz = options.sampleRateHz
    this.#clock = options.clock
    this.#maxPowerW = options.maxPowerW ?? Number.POSITIVE_INFINITY
    this.#ring = new SampleRing((options.keepS ?? 20) * options.sampleRateHz)
  }

  /** Index of the oldest sample that is still here. */
  get startIndex(): number {
    return this.#ring.startIndex
  }

  /** Index after the newest sample. */
  get endIndex(): number {
    return this.#ring.endIndex
  }

  /** Whether the stream has ended. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Appends what the meter yielded.
   * @throws RangeError when the event begins before what was already pushed
   */
  push(event: SampleEvent): void {
    this.#ring.push(event)
    this.#wake()
  }

  /** Says that nothing more will come. Windows that reach beyond the end then miss their last samples. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** Energy between two borders (fractional sample indexes). Never throws. */
  window(startIndex: number, endIndex: number): WindowEnergy {
    const meter = { sampleRateHz: this.sampleRateHz, maxPowerW: this.#maxPowerW, ended: this.#ended }
    return windowEnergy(this.#ring, startIndex, endIndex, meter)
  }

  /** Changes of a channel (0..7) at samples from ≤ index < to, oldest first. */
  edges(channel: number, fromIndex: number, toIndex: number): readonly DigitalEdge[] {
    const found: DigitalEdge[] = []
    const mask = 1 << channel
    const last = Math.min(Math.ceil(toIndex), this.endIndex)
    for (let index = Math.max(Math.ceil(fromIndex), this.startIndex + 1); index < last; index++) {
      const level = this.#ring.levelAt(index) & mask
      if (level === (this.#ring.levelAt(index - 1) & mask)) continue
      found.push({ index, rising: level !== 0, lostBefore: this.#lostBefore(index) })
    }
    return found
  }

  /**
   * Resolves when the stream has reached the index, has ended, the host clock has reached `deadlineS`, or
   * the signal aborts; tells which.
   */
  async waitFor(index: number, deadlineS: number, signal?: AbortSignal): Promise<WaitEnd> {
    for (;;) {
      const end = this.#waitEnd(index, signal)
      if (end) return end
      const leftS = deadlineS - this.#clock.nowS()
      if (!(leftS > 0)) return 'deadline'
      await this.#sleepUntil(index, Math.min(leftS, longestSleepS), signal)
    }
  }

  async #sleepUntil(index: number, seconds: number, signal: AbortSignal | undefined): Promise<void> {
    const timer = new AbortController()
    const stop = () => timer.abort()
    const waiter = { index, wake: stop }
    this.#waiting.add(waiter)
    signal?.addEventListener('abort', stop)
    try {
      await this.#clock.sleep(seconds, timer.signal)
    } finally {
      this.#waiting.delete(waiter)
      signal?.removeEventListener('abort', stop)
    }
  }

  #waitEnd(index: number, signal: AbortSignal | undefined): WaitEnd | null {
    if (this.endIndex >= index) return 'reached'
    if (this.#ended) return 'stream ended'
    return signal?.aborted ? 'aborted' : null
  }

  #wake(): void {
    for (const waiter of this.#waiting) if (this.#ended || this.endIndex >= waiter.index) waiter.wake()
  }

  #lostBefore(index: number): number {
    let first = index
    while (first > this.startIndex && this.#ring.isLost(first - 1)) first--
    return index - first
  }
}
