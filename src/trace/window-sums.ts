import type { SampleEvent } from './samples.ts'
import { judgedWindow, type WindowEnergy } from './window-energy.ts'

/** A window with fractional sample indexes as borders. */
export interface WindowBorders {
  readonly startIndex: number
  readonly endIndex: number
}

interface Sum extends WindowBorders {
  powerSumW: number
  received: number
  invalid: number
}

/**
 * Energy of known windows, summed while a trace of any length goes by. Windows may overlap. Rectangle rule; a
 * sample that a border cuts counts in part, and what never came counts as lost.
 */
export class WindowSums {
  readonly #rate: number
  readonly #maxPowerW: number
  readonly #all: readonly Sum[]
  readonly #byStart: readonly Sum[]
  #next = 0
  #open: Sum[] = []

  /** @param maxPowerW the most that one sample can be, for the upper bound; default infinite */
  constructor(windows: readonly WindowBorders[], sampleRateHz: number, maxPowerW: number = Number.POSITIVE_INFINITY) {
    this.#rate = sampleRateHz
    this.#maxPowerW = maxPowerW
    this.#all = windows.map(({ startIndex, endIndex }) => ({
      startIndex,
      endIndex,
      powerSumW: 0,
      received: 0,
      invalid: 0,
    }))
    this.#byStart = [...this.#all].sort((a, b) => a.startIndex - b.startIndex)
  }

  /** Takes what the trace yields, in its order. */
  push(event: SampleEvent): void {
    if (event.kind === 'gap') return
    const end = event.firstIndex + event.powerW.length
    for (; this.#next < this.#byStart.length && this.#byStart[this.#next]!.startIndex < end; this.#next++) {
      this.#open.push(this.#byStart[this.#next]!)
    }
    for (const sum of this.#open) add(sum, event.firstIndex, event.powerW)
    this.#open = this.#open.filter((sum) => sum.endIndex > end)
  }

  /** The windows in the order in which they were given; samples that did not come count as lost. */
  results(): readonly WindowEnergy[] {
    return this.#all.map(({ startIndex, endIndex, powerSumW, received, invalid }) => {
      const lost = Math.max(0, endIndex - startIndex - received - invalid)
      const meter = { sampleRateHz: this.#rate, maxPowerW: this.#maxPowerW }
      // Sums of parts of samples come out a rounding error beside the whole.
      return judgedWindow(startIndex, endIndex, { powerSumW, lost: lost < 1e-6 ? 0 : lost, invalid }, meter)
    })
  }
}

function add(sum: Sum, firstIndex: number, powerW: Float32Array): void {
  const from = Math.max(0, Math.floor(sum.startIndex) - firstIndex)
  const to = Math.min(powerW.length, Math.ceil(sum.endIndex) - firstIndex)
  for (let at = from; at < to; at++) {
    const index = firstIndex + at
    const cut = index < sum.startIndex || index + 1 > sum.endIndex
    const share = cut ? Math.min(index + 1, sum.endIndex) - Math.max(index, sum.startIndex) : 1
    const value = powerW[at]!
    if (Number.isFinite(value)) {
      sum.powerSumW += share * value
      sum.received += share
    } else sum.invalid += share
  }
}
