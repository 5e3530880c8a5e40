import { cepstrumRows } from '../cepstrum.ts'
import { type CardFeatures, type FeatureShape, featureShape } from '../feature-spec.ts'
import { FixedFrontend } from '../fixed/frontend.ts'
import { fixedTables } from '../fixed/tables.ts'
import type { Frontend } from './frontend.ts'

function fixedFrontend(spec: CardFeatures): Frontend {
  if (spec.kind === 'model') throw new RangeError('a front end that is a model must be opened first')
  return new FixedFrontend(fixedTables(spec))
}

/**
 * Features of the last `clipS` seconds of a stream, hop by hop, in whole numbers. Begins as after a clip of silence.
 * Nothing is allocated after it is made.
 */
export class FeatureStream {
  readonly spec: CardFeatures
  /** Samples of a hop. */
  readonly hop: number
  /** Columns of the window, oldest first, as the front end makes them. */
  readonly window: Int16Array
  readonly #frontend: Frontend
  readonly #peaks: Int32Array
  /** The first coefficient is the sum of the bands times a constant: what makes their mean of it. */
  readonly #firstRow: number
  #columns = 0

  /**
   * @param frontend what makes the columns; by default the front end in fixed point that the spec describes
   * @throws RangeError where there is none
   */
  constructor(spec: CardFeatures, frontend?: Frontend) {
    const { hop, frames, clipSamples }: FeatureShape = featureShape(spec)
    this.spec = spec
    this.hop = hop
    this.#frontend = frontend ?? fixedFrontend(spec)
    this.window = new Int16Array(frames * this.#frontend.values.length)
    this.#firstRow = spec.kind === 'mfcc' ? 1 / (spec.melBins * cepstrumRows(spec)[0]![0]!) : 1
    this.#peaks = new Int32Array(frames)
    const silence = new Int16Array(clipSamples)
    for (let at = 0; at < silence.length; ) at = this.push(silence, at)
    // The first frame is all of the stream, so that a column's end is a known time of it.
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
    if (this.spec.kind !== 'model' && this.spec.peakNormalized) this.#notePeak(samples, from)
    const next = this.#frontend.push(samples, from)
    if (!this.#frontend.ended) return next
    const { values } = this.#frontend
    this.window.copyWithin(0, values.length)
    this.window.set(values, this.window.length - values.length)
    this.#peaks[this.#columns % this.#peaks.length] = 0
    this.#columns += 1
    return next
  }

  /** Loudness of the loudest of the last columns: the mean logarithm of the mel bands, 1 being 4.3 dB of power. */
  loudest(columns: number): number {
    let most = Number.NEGATIVE_INFINITY
    for (let ago = 0; ago < columns; ago++) most = Math.max(most, this.#loudness(ago))
    return most
  }

  /** Loudness of the quietest of the last columns. */
  quietest(columns: number): number {
    let least = Number.POSITIVE_INFINITY
    for (let ago = 0; ago < columns; ago++) least = Math.min(least, this.#loudness(ago))
    return least
  }

  #loudness(ago: number): number {
    const length = this.#frontend.values.length
    const at = this.window.length - (ago + 1) * length
    const { scale, zeroPoint } = this.#frontend
    if (this.spec.kind === 'mfcc') return this.window[at]! * scale * this.#firstRow
    let sum = 0
    for (let k = 0; k < length; k++) sum += this.window[at + k]! - zeroPoint
    return (sum / length) * scale
  }

  /** Writes the window as floats. */
  toFloats(output: Float32Array): void {
    const { scale, zeroPoint } = this.#frontend
    for (let at = 0; at < this.window.length; at++) output[at] = (this.window[at]! - zeroPoint) * scale
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
