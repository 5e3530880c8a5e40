import type { FeatureSpec } from '../feature-spec.ts'
import { FixedFrontend } from '../fixed/frontend.ts'
import { featureFractionBits, fixedTables } from '../fixed/tables.ts'

/**
 * Features of the last `clipS` seconds of a stream, hop by hop, in whole numbers. Begins as after a clip of silence.
 * Nothing is allocated after it is made.
 */
export class FeatureStream {
  readonly spec: FeatureSpec
  /** Samples of a hop. */
  readonly hop: number
  /** Columns of the window, oldest first, with 8 fraction bits. */
  readonly window: Int16Array
  readonly #frontend: FixedFrontend
  readonly #peaks: Int32Array
  #columns = 0

  /** @throws RangeError where the spec cannot be computed in fixed point */
  constructor(spec: FeatureSpec) {
    const tables = fixedTables(spec)
    this.spec = spec
    this.hop = tables.hop
    this.#frontend = new FixedFrontend(tables)
    this.window = new Int16Array(tables.frames * this.#frontend.values.length)
    this.#peaks = new Int32Array(tables.frames)
    const silence = new Int16Array(tables.clipSamples)
    for (let at = 0; at < silence.length; ) at = this.push(silence, at)
    this.#frontend.reset()
    this.#columns = 0
  }

  /** Columns since the beginning of the stream. */
  get columns(): number {
    return this.#columns
  }

  /** The last `push` ended a frame. */
  get ended(): boolean {
    return this.#frontend.ended
  }

  /** Takes samples up to the one that ends a frame; gives the place of the first one that was not taken. */
  push(samples: Int16Array, from = 0): number {
    if (this.spec.peakNormalized) this.#notePeak(samples, from)
    const next = this.#frontend.push(samples, from)
    if (!this.#frontend.ended) return next
    const { values } = this.#frontend
    this.window.copyWithin(0, values.length)
    this.window.set(values, this.window.length - values.length)
    this.#peaks[this.#columns % this.#peaks.length] = 0
    this.#columns += 1
    return next
  }

  /** Writes the window as floats. */
  toFloats(output: Float32Array): void {
    for (let at = 0; at < this.window.length; at++) output[at] = this.window[at]! / 2 ** featureFractionBits
  }

  /** The highest sample of about a clip is what a column is divided by: of a stream there is no other peak. */
  #notePeak(samples: Int16Array, from: number): void {
    const at = this.#columns % this.#peaks.length
    const end = Math.min(samples.length, from + this.hop)
    for (let n = from; n < end; n++) if (samples[n]! > this.#peaks[at]!) this.#peaks[at] = samples[n]!
    let peak = 1
    for (const each of this.#peaks) if (each > peak) peak = each
    this.#frontend.peak = peak
  }
}
