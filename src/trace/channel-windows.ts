import type { StatedWindow } from './formats/format.ts'
import type { SampleEvent } from './samples.ts'
import { judgedWindow, type WindowEnergy } from './window-energy.ts'

/** More windows than this on one channel are no measuring windows (a clock line, say); counting then stops. */
const mostWindows = 100_000

interface Stretch {
  readonly startIndex: number
  endIndex: number
  powerSumW: number
  received: number
  invalid: number
}

/** Windows that a digital channel drew, with what each cost. */
export interface FoundWindows {
  readonly method: string
  readonly windows: readonly StatedWindow[]
  readonly energies: readonly WindowEnergy[]
  /** Channels that drew a window, the chosen one or not. */
  readonly channels: readonly number[]
}

/** One channel: what it was last, and the stretches in which it was high. */
class Channel {
  readonly stretches: Stretch[] = []
  edges = 0
  #open: Stretch | null = null

  /** Takes samples from..to of a block, in all of which the channel has this level. */
  take(
    high: boolean,
    known: boolean,
    block: { readonly firstIndex: number; readonly powerW: Float32Array },
    from: number,
    to: number,
  ): void {
    if (high !== (this.#open !== null)) this.#change(high, known, block.firstIndex + from)
    const open = this.#open
    if (!open) return
    open.endIndex = block.firstIndex + to
    for (let at = from; at < to; at++) {
      const value = block.powerW[at]!
      if (Number.isFinite(value)) {
        open.powerSumW += value
        open.received++
      } else open.invalid++
    }
  }

  #change(high: boolean, known: boolean, index: number): void {
    this.edges++
    if (!high) {
      // Until the fall was seen the level held, through lost samples as well.
      this.#open!.endIndex = index
      this.#open = null
      return
    }
    // A channel that is high from the first sample on began its window before the trace.
    this.#open = { startIndex: index, endIndex: index, powerSumW: 0, received: 0, invalid: 0 }
    if (known && this.stretches.length < mostWindows) this.stretches.push(this.#open)
  }

  /** Closed stretches: one that lasts to the end of the trace has no known end. */
  closed(): readonly Stretch[] {
    return this.stretches.filter((stretch) => stretch !== this.#open)
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
    const drawn = this.#channels.map((each) => each.closed())
    const used = drawn.flatMap((stretches, at) => (stretches.length > 0 ? [at] : []))
    const chosen = channel ?? (used.length === 1 ? used[0] : undefined)
    if (chosen === undefined) {
      const which =
        used.length > 1 ? `channels ${used.join(', ')} all draw windows, choose one` : 'the trace states none'
      return { method: `none: ${which}`, windows: [], energies: [], channels: used }
    }
    const stretches = drawn[chosen]!
    const method =
      stretches.length > 0 ? `high levels of digital channel ${chosen}` : `none: channel ${chosen} draws no window`
    return {
      method,
      windows: stretches.map(({ startIndex, endIndex }, at) => ({
        label: `D${chosen} ${at + 1}`,
        startIndex,
        endIndex,
        method,
        inferences: null,
      })),
      energies: stretches.map((stretch) => this.#energy(stretch)),
      channels: used,
    }
  }

  #energy({ startIndex, endIndex, powerSumW, received, invalid }: Stretch): WindowEnergy {
    const totals = { powerSumW, invalid, lost: endIndex - startIndex - received - invalid }
    return judgedWindow(startIndex, endIndex, totals, { sampleRateHz: this.#rate, maxPowerW: Number.POSITIVE_INFINITY })
  }
}
