import type { SampleEvent } from './samples.ts'

/** Counts and sums over a whole trace, taken while it goes by. */
export class TraceTotals {
  firstIndex = 0
  endIndex = 0
  received = 0
  lost = 0
  /** Received, but no valid readings. */
  invalid = 0
  /** Samples of the longest gap. */
  largestGap = 0
  sumW = 0
  minW: number = Number.POSITIVE_INFINITY
  maxW: number = Number.NEGATIVE_INFINITY
  #begun = false
  #gap = 0

  /** Takes what the trace yields, in its order. Places that no event names are lost. */
  push(event: SampleEvent): void {
    if (!this.#begun) {
      this.#begun = true
      this.firstIndex = event.firstIndex
      this.endIndex = event.firstIndex
    }
    this.#lose(event.firstIndex - this.endIndex)
    if (event.kind === 'gap') this.#lose(event.count)
    else this.#add(event.powerW)
  }

  #lose(count: number): void {
    if (count <= 0) return
    this.lost += count
    this.endIndex += count
    this.#gap += count
    this.largestGap = Math.max(this.largestGap, this.#gap)
  }

  #add(powerW: Float32Array): void {
    if (powerW.length > 0) this.#gap = 0
    this.endIndex += powerW.length
    this.received += powerW.length
    let [sum, min, max, invalid] = [0, this.minW, this.maxW, 0]
    for (let at = 0; at < powerW.length; at++) {
      const value = powerW[at]!
      if (value - value !== 0) {
        invalid++
        continue
      }
      sum += value
      if (value < min) min = value
      if (value > max) max = value
    }
    this.sumW += sum
    this.minW = min
    this.maxW = max
    this.invalid += invalid
  }
}
