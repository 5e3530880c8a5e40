/** Documented bound of alignment by host time alone: ±1 to 3 ms typical on a direct serial port, tails beyond. */
export const hostAlignmentBoundS = 0.003

/** How a clock fit looks back. */
export interface ClockFitOptions {
  /** Nominal sample rate of the meter in hertz; its crystal is taken to be within 100 ppm of it. */
  readonly sampleRateHz: number
  /** Length of the sliding window in seconds; default 10. */
  readonly windowS?: number
}

interface Bucket {
  readonly number: number
  offsetS: number
}

const bucketsPerWindow = 10

/**
 * Host time against sample index where no wire connects the two. Blocks arrive late by a delay that
 * varies but is never negative, so the fit is the lower envelope:
 *
 *     offset = min over the window of (arrivalS - endIndex / rate)
 *
 * with the nominal rate. What remains is the smallest delay itself and the drift of the crystal over the
 * window; `uncertaintyS` states both.
 */
export class ClockFit {
  readonly sampleRateHz: number
  readonly #bucketS: number
  #buckets: Bucket[] = []

  constructor(options: ClockFitOptions) {
    if (!(options.sampleRateHz > 0)) throw new RangeError(`sample rate ${options.sampleRateHz} Hz`)
    this.sampleRateHz = options.sampleRateHz
    this.#bucketS = (options.windowS ?? 10) / bucketsPerWindow
  }

  /**
   * Takes note of a block.
   * @param endIndex index after the block's last sample
   * @param arrivalS host clock when its last byte arrived, in seconds
   */
  add(endIndex: number, arrivalS: number): void {
    const offsetS = arrivalS - endIndex / this.sampleRateHz
    if (!Number.isFinite(offsetS)) return
    const number = Math.floor(arrivalS / this.#bucketS)
    const last = this.#buckets.at(-1)
    if (last && last.number >= number) {
      last.offsetS = Math.min(last.offsetS, offsetS)
      return
    }
    this.#buckets.push({ number, offsetS })
    this.#buckets = this.#buckets.filter((bucket) => bucket.number > number - bucketsPerWindow)
  }

  /** Host time of sample index 0 by the present fit, in seconds; NaN before the first block. */
  get offsetS(): number {
    if (this.#buckets.length === 0) return Number.NaN
    return Math.min(...this.#buckets.map((bucket) => bucket.offsetS))
  }

  /** Fractional sample index at this host time; NaN before the first block. */
  indexAt(hostS: number): number {
    return (hostS - this.offsetS) * this.sampleRateHz
  }

  /** Host time at which the sample of this (fractional) index begins, in seconds; NaN before the first block. */
  timeAt(index: number): number {
    return index / this.sampleRateHz + this.offsetS
  }

  /**
   * Uncertainty of one edge in seconds: max(3 ms, spread of the envelope). The spread is the largest minus
   * the smallest minimum over tenths of the window (the running tenth left out); it grows with drift and
   * with a link whose shortest delay is seldom met. Infinite before the first block.
   */
  get uncertaintyS(): number {
    if (this.#buckets.length === 0) return Number.POSITIVE_INFINITY
    const whole = this.#buckets.length > 1 ? this.#buckets.slice(0, -1) : this.#buckets
    const offsets = whole.map((bucket) => bucket.offsetS)
    return Math.max(hostAlignmentBoundS, Math.max(...offsets) - Math.min(...offsets, this.offsetS))
  }
}
