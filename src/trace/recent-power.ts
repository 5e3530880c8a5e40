import { Pyramid, type PyramidColumns } from './pyramid.ts'
import type { SampleEvent } from './samples.ts'

/** How much a stream of power keeps in which detail. */
export interface RecentPowerOptions {
  readonly sampleRateHz: number
  /** Seconds of single samples; default 20. */
  readonly samplesS?: number
  /** Seconds of columns of a millisecond; default 600. */
  readonly columnsS?: number
}

/** The longest column of the middle level, in seconds. */
const columnS = 0.001

/**
 * A stream of any length for a live plot, in bounded memory: the last seconds sample by sample, the last minutes in
 * columns of a millisecond, all of it in the columns of a pyramid. About 25 bytes a column, 4 a sample.
 */
export class RecentPower {
  readonly sampleRateHz: number
  readonly #pyramid: Pyramid
  readonly #samples: Float32Array
  readonly #columnSamples: number
  readonly #column: Float64Array
  readonly #min: Float32Array
  readonly #max: Float32Array
  readonly #sum: Float64Array
  readonly #count: Uint32Array
  #first = Number.NaN
  #end = 0
  #energyJ = 0

  constructor({ sampleRateHz, samplesS = 20, columnsS = 600 }: RecentPowerOptions) {
    const columns = Math.ceil(columnsS / columnS)
    this.sampleRateHz = sampleRateHz
    this.#pyramid = new Pyramid(sampleRateHz)
    this.#samples = new Float32Array(Math.ceil(samplesS * sampleRateHz)).fill(Number.NaN)
    this.#columnSamples = Math.max(1, Math.round(sampleRateHz * columnS))
    this.#column = new Float64Array(columns).fill(-1)
    this.#min = new Float32Array(columns)
    this.#max = new Float32Array(columns)
    this.#sum = new Float64Array(columns)
    this.#count = new Uint32Array(columns)
  }

  /** Index of the first sample of the stream; 0 before it. */
  get startIndex(): number {
    return Number.isNaN(this.#first) ? 0 : this.#first
  }

  /** Index after the newest sample. */
  get endIndex(): number {
    return this.#end
  }

  /** Energy of all samples that arrived, in joules (rectangle rule). */
  get energyJ(): number {
    return this.#energyJ
  }

  /** Takes what a meter yielded, at indexes that never go back. */
  push(event: SampleEvent): void {
    if (Number.isNaN(this.#first)) {
      this.#first = event.firstIndex
      this.#end = event.firstIndex
    }
    this.#forget(event.firstIndex + (event.kind === 'gap' ? event.count : 0))
    this.#pyramid.push(event)
    if (event.kind === 'samples') this.#append(event.firstIndex, event.powerW)
  }

  /** Mean over the samples that arrived in startIndex..endIndex, in watts; null when there are none at hand. */
  meanW(startIndex: number, endIndex: number): number | null {
    return this.columns(startIndex, endIndex, 1).meanW[0] ?? null
  }

  /**
   * Columns that cover the samples startIndex..endIndex in the finest detail that is still at hand.
   * @param maxColumns most columns to give
   */
  columns(startIndex: number, endIndex: number, maxColumns: number): PyramidColumns {
    const from = Math.max(Math.floor(startIndex), this.startIndex)
    const to = Math.min(Math.ceil(endIndex), this.#end)
    const span = Math.max(0, to - from)
    const fine = span / maxColumns < 2 * this.#columnSamples
    if (fine && from >= this.#end - this.#samples.length) return this.#fromSamples(from, to, maxColumns)
    const oldest = (Math.floor(this.#end / this.#columnSamples) - this.#column.length + 1) * this.#columnSamples
    if (from >= oldest) return this.#fromColumns(from, to, maxColumns)
    return this.#pyramid.columns(from, to, maxColumns)
  }

  /** Places that nothing filled hold no reading. */
  #forget(upTo: number): void {
    const skipped = Math.min(upTo - this.#end, this.#samples.length)
    for (let index = upTo - skipped; index < upTo; index++) this.#samples[index % this.#samples.length] = Number.NaN
    this.#end = Math.max(this.#end, upTo)
  }

  #append(firstIndex: number, powerW: Float32Array): void {
    let sum = 0
    for (let i = 0; i < powerW.length; i++) {
      const value = powerW[i]!
      const index = firstIndex + i
      this.#samples[index % this.#samples.length] = value
      if (!Number.isFinite(value)) continue
      sum += value
      this.#addToColumn(Math.floor(index / this.#columnSamples), value)
    }
    this.#energyJ += sum / this.sampleRateHz
    this.#end = firstIndex + powerW.length
  }

  #addToColumn(column: number, value: number): void {
    const at = column % this.#column.length
    if (this.#column[at] !== column) {
      this.#column[at] = column
      this.#min[at] = value
      this.#max[at] = value
      this.#sum[at] = value
      this.#count[at] = 1
      return
    }
    if (value < this.#min[at]!) this.#min[at] = value
    if (value > this.#max[at]!) this.#max[at] = value
    this.#sum[at]! += value
    this.#count[at]! += 1
  }

  #fromSamples(from: number, to: number, maxColumns: number): PyramidColumns {
    const size = Math.max(1, Math.ceil((to - from) / maxColumns))
    return this.#gather(from, to, size, (index, take) => {
      const value = this.#samples[index % this.#samples.length]!
      if (Number.isFinite(value)) take(value, value, value, 1)
    })
  }

  #fromColumns(from: number, to: number, maxColumns: number): PyramidColumns {
    const [first, end] = [Math.floor(from / this.#columnSamples), Math.ceil(to / this.#columnSamples)]
    const size = Math.max(1, Math.ceil((end - first) / maxColumns))
    const columns = this.#gather(first, end, size, (column, take) => {
      const at = column % this.#column.length
      if (this.#column[at] === column) take(this.#min[at]!, this.#max[at]!, this.#sum[at]!, this.#count[at]!)
    })
    const { startS, columnS: each } = columns
    return { ...columns, startS: startS * this.#columnSamples, columnS: each * this.#columnSamples }
  }

  /** Folds `size` neighbours into one column each. */
  #gather(
    from: number,
    to: number,
    size: number,
    read: (index: number, take: (min: number, max: number, sum: number, count: number) => void) => void,
  ): PyramidColumns {
    const [minW, meanW, maxW]: [(number | null)[], (number | null)[], (number | null)[]] = [[], [], []]
    for (let start = from; start < to; start += size) {
      let [low, high, total, n] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
      for (let index = start; index < Math.min(start + size, to); index++)
        read(index, (min, max, sum, count) => {
          low = Math.min(low, min)
          high = Math.max(high, max)
          total += sum
          n += count
        })
      minW.push(n === 0 ? null : low)
      maxW.push(n === 0 ? null : high)
      meanW.push(n === 0 ? null : Math.min(high, Math.max(low, total / n)))
    }
    return { startS: from / this.sampleRateHz, columnS: size / this.sampleRateHz, minW, meanW, maxW }
  }
}
