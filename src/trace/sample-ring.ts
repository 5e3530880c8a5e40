import type { SampleEvent } from './samples.ts'

/** Sums over all samples before one border; a border may lie inside a sample, which then counts in part. */
export interface RunningTotals {
  /** Sum of the valid samples' power in watts (times 1/rate: joules). */
  readonly powerSumW: number
  readonly lost: number
  readonly invalid: number
}

/**
 * The last `capacity` samples as running totals at their borders, so that any window costs two look-ups,
 * and the digital levels of each. Lost samples keep the level before them. About 17 bytes a sample.
 */
export class SampleRing {
  readonly capacity: number
  readonly #borders: number
  readonly #sumW: Float64Array
  readonly #lost: Uint32Array
  readonly #invalid: Uint32Array
  readonly #digital: Uint8Array
  #first = Number.NaN
  #end = 0
  #level = 0

  constructor(capacity: number) {
    if (!(capacity >= 1)) throw new RangeError(`capacity of ${capacity} samples`)
    this.capacity = Math.ceil(capacity)
    this.#borders = this.capacity + 1
    this.#sumW = new Float64Array(this.#borders)
    this.#lost = new Uint32Array(this.#borders)
    this.#invalid = new Uint32Array(this.#borders)
    this.#digital = new Uint8Array(this.#borders)
  }

  /** Index of the oldest sample that is still here. */
  get startIndex(): number {
    return Number.isNaN(this.#first) ? 0 : Math.max(this.#first, this.#end - this.capacity)
  }

  /** Index after the newest sample; 0 before the first. */
  get endIndex(): number {
    return this.#end
  }

  /**
   * Appends. Places that no event names are counted as lost.
   * @throws RangeError when the event begins before what was already pushed
   */
  push(event: SampleEvent): void {
    if (Number.isNaN(this.#first)) this.#begin(event.firstIndex)
    if (event.firstIndex < this.#end) throw new RangeError(`samples from ${event.firstIndex} after ${this.#end}`)
    if (event.firstIndex > this.#end) this.#skip(event.firstIndex - this.#end)
    if (event.kind === 'gap') this.#skip(event.count)
    else this.#append(event.powerW, event.digital)
  }

  /** Totals before a border, linear inside a sample. The border must lie in startIndex..endIndex. */
  totalsAt(border: number): RunningTotals {
    const whole = Math.floor(border)
    const part = border - whole
    const a = whole % this.#borders
    const totals = { powerSumW: this.#sumW[a]!, lost: this.#lost[a]!, invalid: this.#invalid[a]! }
    if (part === 0) return totals
    const b = (whole + 1) % this.#borders
    return {
      powerSumW: totals.powerSumW + part * (this.#sumW[b]! - totals.powerSumW),
      lost: totals.lost + part * ((this.#lost[b]! - totals.lost) >>> 0),
      invalid: totals.invalid + part * ((this.#invalid[b]! - totals.invalid) >>> 0),
    }
  }

  /** Digital levels with this sample, bit c for channel c; a lost sample shows the level before it. */
  levelAt(index: number): number {
    return this.#digital[index % this.#borders]!
  }

  /** Whether this sample did not arrive. */
  isLost(index: number): boolean {
    return this.#lost[index % this.#borders] !== this.#lost[(index + 1) % this.#borders]
  }

  #begin(index: number): void {
    this.#first = index
    this.#end = index
  }

  #skip(count: number): void {
    const stored = Math.min(count, this.#borders)
    const from = this.#end % this.#borders
    const [sumW, lost, invalid] = [this.#sumW[from]!, this.#lost[from]! + count - stored, this.#invalid[from]!]
    const first = this.#end + count - stored
    for (let done = 0; done <= stored; done++) {
      const at = (first + done) % this.#borders
      if (done > 0 || count > stored) {
        this.#sumW[at] = sumW
        this.#lost[at] = lost + done
        this.#invalid[at] = invalid
      }
      if (done < stored) this.#digital[at] = this.#level
    }
    this.#end += count
  }

  #append(powerW: Float32Array, digital: Uint8Array): void {
    let at = this.#end % this.#borders
    let sumW = this.#sumW[at]!
    let invalid = this.#invalid[at]!
    const lost = this.#lost[at]!
    for (let i = 0; i < powerW.length; i++) {
      const value = powerW[i]!
      if (Number.isFinite(value)) sumW += value
      else invalid++
      this.#digital[at] = digital[i]!
      at = at + 1 === this.#borders ? 0 : at + 1
      this.#sumW[at] = sumW
      this.#lost[at] = lost
      this.#invalid[at] = invalid
    }
    if (digital.length > 0) this.#level = digital[powerW.length - 1]!
    this.#end += powerW.length
  }
}
