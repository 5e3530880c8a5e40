import type { SampleEvent } from './samples.ts'

/** Columns of a plot: one min/mean/max triple each; null where no valid sample fell. */
export interface PyramidColumns {
  /** Left border of the first column in seconds of the meter's clock. */
  readonly startS: number
  readonly columnS: number
  readonly minW: readonly (number | null)[]
  readonly meanW: readonly (number | null)[]
  readonly maxW: readonly (number | null)[]
}

/**
 * Min, mean and max of a stream of any length in bounded memory: when all columns are used, neighbours are
 * folded by two and each column then stands for twice the time.
 */
export class Pyramid {
  readonly sampleRateHz: number
  readonly #capacity: number
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #sum: Float64Array
  readonly #count: Float64Array
  #columnSamples: number
  #first = Number.NaN
  #end = 0

  /**
   * @param capacity columns to keep, even
   * @param columnSamples samples of one column before the first fold
   */
  constructor(sampleRateHz: number, capacity = 8192, columnSamples = 16) {
    if (capacity < 2 || capacity % 2 !== 0) throw new RangeError(`capacity of ${capacity} columns`)
    this.sampleRateHz = sampleRateHz
    this.#capacity = capacity
    this.#columnSamples = columnSamples
    this.#min = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY)
    this.#max = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY)
    this.#sum = new Float64Array(capacity)
    this.#count = new Float64Array(capacity)
  }

  /** Samples that one column stands for at present. */
  get columnSamples(): number {
    return this.#columnSamples
  }

  /** Takes what the meter yielded; gaps and NaN leave no trace but their time. */
  push(event: SampleEvent): void {
    if (Number.isNaN(this.#first)) this.#first = event.firstIndex
    const length = event.kind === 'gap' ? event.count : event.powerW.length
    if (length === 0) return
    const end = event.firstIndex + length - this.#first
    while (end > this.#capacity * this.#columnSamples) this.#fold()
    if (event.kind === 'samples') this.#add(event.firstIndex - this.#first, event.powerW)
    this.#end = Math.max(this.#end, end)
  }

  /**
   * Columns that cover the samples startIndex..endIndex, widened to whole columns.
   * @param maxColumns most columns to give
   */
  columns(startIndex: number, endIndex: number, maxColumns: number): PyramidColumns {
    const size = this.#columnSamples
    const first = Number.isNaN(this.#first) ? 0 : this.#first
    const from = Math.max(0, Math.floor((startIndex - first) / size))
    const to = Math.min(Math.ceil((endIndex - first) / size), Math.ceil(this.#end / size))
    const merge = Math.max(1, Math.ceil((to - from) / Math.max(1, maxColumns)))
    const minW: (number | null)[] = []
    const meanW: (number | null)[] = []
    const maxW: (number | null)[] = []
    for (let at = from; at < to; at += merge) {
      const column = this.#merged(at, Math.min(at + merge, to))
      minW.push(column?.min ?? null)
      meanW.push(column?.mean ?? null)
      maxW.push(column?.max ?? null)
    }
    const startS = (first + from * size) / this.sampleRateHz
    return { startS, columnS: (size * merge) / this.sampleRateHz, minW, meanW, maxW }
  }

  #add(offset: number, powerW: Float32Array): void {
    for (let i = 0; i < powerW.length; i++) {
      const value = powerW[i]!
      if (!Number.isFinite(value)) continue
      const at = Math.floor((offset + i) / this.#columnSamples)
      if (value < this.#min[at]!) this.#min[at] = value
      if (value > this.#max[at]!) this.#max[at] = value
      this.#sum[at]! += value
      this.#count[at]! += 1
    }
  }

  #fold(): void {
    const half = this.#capacity / 2
    for (let at = 0; at < half; at++) {
      const [a, b] = [2 * at, 2 * at + 1]
      this.#min[at] = Math.min(this.#min[a]!, this.#min[b]!)
      this.#max[at] = Math.max(this.#max[a]!, this.#max[b]!)
      this.#sum[at] = this.#sum[a]! + this.#sum[b]!
      this.#count[at] = this.#count[a]! + this.#count[b]!
    }
    this.#min.fill(Number.POSITIVE_INFINITY, half)
    this.#max.fill(Number.NEGATIVE_INFINITY, half)
    this.#sum.fill(0, half)
    this.#count.fill(0, half)
    this.#columnSamples *= 2
  }

  #merged(from: number, to: number): { readonly min: number; readonly mean: number; readonly max: number } | null {
    let [min, max, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
    for (let at = from; at < to; at++) {
      min = Math.min(min, this.#min[at]!)
      max = Math.max(max, this.#max[at]!)
      sum += this.#sum[at]!
      count += this.#count[at]!
    }
    if (count === 0) return null
    // The mean of equal values can round one ulp outside; keep min <= mean <= max.
    return { min, mean: Math.min(max, Math.max(min, sum / count)), max }
  }
}
