import type { StatedWindow } from './formats/format.ts'
import type { SampleEvent } from './samples.ts'
import { judgedWindow, type WindowEnergy } from './window-energy.ts'

/** More windows than this on one channel are no measuring windows (a clock line, say); counting then stops. */
const mostWindows = 100_000

/** Windows that a digital channel drew, with what each cost. They are made when they are asked for, as there may be many. */
export interface FoundWindows {
  readonly method: string
  readonly count: number
  /** Channels that drew a window, the chosen one or not. */
  readonly channels: readonly number[]
  /** The window of this number, from 0. */
  at(number: number): { readonly window: StatedWindow; readonly energy: WindowEnergy }
}

/** Places of the numbers of a stretch, which lie in a row. */
const place = { start: 0, end: 1, sumW: 2, received: 3, invalid: 4 } as const
const fields = 5

/** Stretches in which a channel was high, forty bytes each. */
class Stretches {
  #values = new Float64Array(16 * fields)
  count = 0

  /** Begins one at this index and gives its row. */
  begin(index: number): number {
    if ((this.count + 1) * fields > this.#values.length) {
      const larger = new Float64Array(2 * this.#values.length)
      larger.set(this.#values)
      this.#values = larger
    }
    const row = this.count++ * fields
    this.#values.fill(0, row, row + fields)
    this.#values[row + place.start] = index
    return row
  }

  end(row: number, index: number): void {
    this.#values[row + place.end] = index
  }

  /** Adds samples from..to of a block, after which the stretch has its end for now. */
  add(
    row: number,
    block: { readonly firstIndex: number; readonly powerW: Float32Array },
    from: number,
    to: number,
  ): void {
    // Summed sample by sample, so that the result does not depend on how the trace is cut into blocks.
    let [sum, valid] = [this.#values[row + place.sumW]!, 0]
    for (let at = from; at < to; at++) {
      const value = block.powerW[at]!
      if (!Number.isFinite(value)) continue
      sum += value
      valid++
    }
    this.#values[row + place.sumW] = sum
    this.#values[row + place.received]! += valid
    this.#values[row + place.invalid]! += to - from - valid
    this.end(row, block.firstIndex + to)
  }

  energy(number: number, sampleRateHz: number): WindowEnergy {
    const of = (field: number) => this.#values[number * fields + field]!
    const [start, end, invalid] = [of(place.start), of(place.end), of(place.invalid)]
    const totals = { powerSumW: of(place.sumW), invalid, lost: end - start - of(place.received) - invalid }
    return judgedWindow(start, end, totals, { sampleRateHz, maxPowerW: Number.POSITIVE_INFINITY })
  }
}

/** One channel: what it was last, and the stretches in which it was high. */
class Channel {
  readonly stretches: Stretches = new Stretches()
  /** Row of the stretch that goes on; -1 for one that is not kept, null while the channel is low. */
  #open: number | null = null

  /** Takes samples from..to of a block, in all of which the channel has this level. */
  take(
    high: boolean,
    known: boolean,
    block: { readonly firstIndex: number; readonly powerW: Float32Array },
    from: number,
    to: number,
  ): void {
    if (high !== (this.#open !== null)) this.#change(high, known, block.firstIndex + from)
    if (this.#open !== null && this.#open >= 0) this.stretches.add(this.#open, block, from, to)
  }

  #change(high: boolean, known: boolean, index: number): void {
    if (high) {
      // A channel that is high from the first sample on began its window before the trace.
      this.#open = known && this.stretches.count < mostWindows ? this.stretches.begin(index) : -1
      return
    }
    // Until the fall was seen the level held, through lost samples as well.
    if (this.#open! >= 0) this.stretches.end(this.#open!, index)
    this.#open = null
  }

  /** Closed stretches: one that lasts to the end of the trace has no known end. */
  get closed(): number {
    return this.stretches.count - (this.#open !== null && this.#open >= 0 ? 1 : 0)
  }
}

/**
 * Measuring windows by the digital channels, found while a trace of any length goes by: a window is a stretch
 * in which a channel is high, from its first high sample to its first low one.
 */
export class ChannelWindows {
  readonly #rate: number
  readonly #channels: readonly Channel[] = Array.from({ length: 8 }, () => new Channel())
  #begun = false

  constructor(sampleRateHz: number) {
    this.#rate = sampleRateHz
  }

  /** Takes what the trace yields, in its order. */
  push(event: SampleEvent): void {
    if (event.kind === 'gap' || event.powerW.length === 0) return
    const { digital } = event
    for (let from = 0; from < digital.length; ) {
      const level = digital[from]!
      let to = from + 1
      while (to < digital.length && digital[to] === level) to++
      this.#channels.forEach((channel, bit) => {
        channel.take((level & (1 << bit)) !== 0, this.#begun, event, from, to)
      })
      this.#begun = true
      from = to
    }
  }

  /** Windows of a channel; without one those of the only channel that ever fell after a rise. */
  windows(channel?: number): FoundWindows {
    const used = this.#channels.flatMap((each, at) => (each.closed > 0 ? [at] : []))
    const chosen = channel ?? (used.length === 1 ? used[0] : undefined)
    if (chosen === undefined) {
      const which =
        used.length > 1 ? `channels ${used.join(', ')} all draw windows, choose one` : 'the trace states none'
      return { method: `none: ${which}`, count: 0, channels: used, at: noWindow }
    }
    const { closed, stretches } = this.#channels[chosen]!
    if (closed === 0)
      return { method: `none: channel ${chosen} draws no window`, count: 0, channels: used, at: noWindow }
    const method = `high levels of digital channel ${chosen}`
    return {
      method,
      count: closed,
      channels: used,
      at: (number) => {
        const energy = stretches.energy(number, this.#rate)
        const { startIndex, endIndex } = energy
        const window = { label: `D${chosen} ${number + 1}`, startIndex, endIndex, method, inferences: null }
        return { window, energy }
      },
    }
  }
}

/** Stands where there are no windows. @throws RangeError */
export function noWindow(number: number): never {
  throw new RangeError(`no window ${number}`)
}
