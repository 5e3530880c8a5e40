import type { Frontend } from '../stream/frontend.ts'
import { reversedBits, splitSpectrum, transform } from './fft.ts'
import { log2Fixed } from './logarithm.ts'
import { binShift, columnLength, type FixedTables, featureFractionBits, logBits, waveBits } from './tables.ts'

/** Highest sample where nothing is normalised. */
const fullScale = 2 ** waveBits
const binHalf = 1 << (binShift - 1)
const toInt16 = (value: number) => Math.max(-32768, Math.min(32767, value))

/**
 * The front end in whole numbers, hop by hop: int16 samples come in any portions, features go out with 8 fraction bits.
 * Bit for bit what `firmware-bridge/audio` computes. Nothing is allocated after it is made.
 */
export class FixedFrontend implements Frontend {
  readonly tables: FixedTables
  readonly scale: number = 2 ** -featureFractionBits
  readonly zeroPoint: number = 0
  /** The last column: features with 8 fraction bits. */
  readonly values: Int16Array
  /** The last `push` ended a frame. */
  ended = false
  /** Highest sample of the clip, 1 to 32768: what a spec that normalises divides by, and takes its floor of. */
  peak: number = fullScale
  readonly #samples: Int16Array
  readonly #spectrum: Int32Array
  readonly #bins: Float64Array
  readonly #logs: Int32Array
  readonly #order: Uint16Array
  #filled = 0

  constructor(tables: FixedTables) {
    const { fftSize, melBins } = tables.spec
    this.tables = tables
    this.values = new Int16Array(columnLength(tables))
    this.#samples = new Int16Array(tables.frame)
    this.#spectrum = new Int32Array(fftSize)
    this.#bins = new Float64Array(fftSize / 2)
    this.#logs = new Int32Array(melBins)
    this.#order = reversedBits(fftSize / 2)
  }

  /** Forgets the samples of an unfinished frame, and the peak. */
  reset(): void {
    this.#filled = 0
    this.peak = fullScale
  }

  /**
   * Takes samples up to the one that ends a frame.
   * @param from first sample to take
   * @returns place of the first sample that was not taken; `values` is a new column if `ended` is true afterwards
   */
  push(samples: Int16Array, from = 0): number {
    const { frame, hop } = this.tables
    this.ended = false
    const take = Math.min(frame - this.#filled, samples.length - from)
    for (let n = 0; n < take; n++) this.#samples[this.#filled + n] = samples[from + n]!
    this.#filled += take
    if (this.#filled === frame) {
      this.#column()
      this.#samples.copyWithin(0, hop)
      this.#filled = frame - hop
      this.ended = true
    }
    return from + take
  }

  #column(): void {
    this.#window()
    transform(this.#spectrum, this.tables.spec.fftSize / 2, this.tables.sines)
    splitSpectrum(this.#spectrum, this.tables.spec.fftSize / 2, this.tables.sines)
    this.#power()
    this.#mel()
    this.#cepstrum()
  }

  #window(): void {
    const { frame, window, windowShift, spec } = this.tables
    const [samples, spectrum, order] = [this.#samples, this.#spectrum, this.#order]
    const half = 1 << (windowShift - 1)
    for (let n = 0; n < spec.fftSize; n++) {
      const at = 2 * order[n >> 1]! + (n & 1)
      spectrum[at] = n < frame ? (samples[n]! * window[n]! + half) >> windowShift : 0
    }
  }

  /** Bins 0 and fftSize / 2 are in no band. */
  #power(): void {
    const [bins, spectrum] = [this.#bins, this.#spectrum]
    const shrink = 2 ** -this.tables.powerShift
    const magnitude = this.tables.spec.spectrum === 'magnitude'
    for (let bin = 1; bin < bins.length; bin++) {
      const re = (spectrum[2 * bin]! + binHalf) >> binShift
      const im = (spectrum[2 * bin + 1]! + binHalf) >> binShift
      const power = re * re + im * im
      bins[bin] = Math.floor(magnitude ? Math.sqrt(power) : power * shrink)
    }
  }

  #mel(): void {
    const { bandFirst, bandCount, weights, logFloor, logTable, melBits, peakTimes, spec } = this.tables
    const [bins, logs] = [this.#bins, this.#logs]
    let floor = logFloor
    for (let time = 0; time < peakTimes; time++) floor = Math.max(1, Math.floor((floor * this.peak) / fullScale))
    const added = spec.floorBy === 'add' ? floor : 0
    const unit = (melBits << logBits) + peakTimes * (log2Fixed(this.peak, logTable) - (waveBits << logBits))
    let weight = 0
    for (let band = 0; band < logs.length; band++) {
      let sum = added
      const first = bandFirst[band]!
      const count = bandCount[band]!
      for (let n = 0; n < count; n++) sum += bins[first + n]! * weights[weight++]!
      logs[band] = log2Fixed(Math.max(sum, floor), logTable) - unit
    }
  }

  #cepstrum(): void {
    const { cepstrum, cepstrumBits, spec } = this.tables
    const [logs, values] = [this.#logs, this.values]
    const unit = 2 ** (logBits + cepstrumBits - featureFractionBits)
    const single = spec.kind === 'log-mel'
    for (let k = 0; k < values.length; k++) {
      let sum = 0
      if (single) sum = logs[k]! * cepstrum[0]!
      else for (let n = 0; n < logs.length; n++) sum += logs[n]! * cepstrum[k * logs.length + n]!
      values[k] = toInt16(Math.floor((sum + unit / 2) / unit))
    }
  }
}
