import { cepstrumRows } from './cepstrum.ts'
import { type CardFeatures, type FeatureSpec, featureShape } from './feature-spec.ts'
import { createFft } from './fft.ts'
import { melFilters } from './mel-filters.ts'

/** Turns one clip of exactly `clipSamples` samples into `frames × coefficients` values, row by row. */
export interface FeatureExtractor {
  readonly spec: CardFeatures
  readonly clipSamples: number
  readonly frames: number
  /** How 8 bit inputs take the values, where that is not the net's own affair. */
  readonly quantization?: { readonly scale: number; readonly zeroPoint: number }
  /** Writes into `output` (length frames·coefficients) when given, else into a new array. */
  extract(samples: Float32Array, output?: Float32Array): Float32Array
}

function dot(row: Float64Array, values: Float64Array, offset = 0): number {
  let sum = 0
  for (let i = 0; i < row.length; i++) sum += row[i]! * values[offset + i]!
  return sum
}

/** What a clip is multiplied with: 1, or one over its highest sample. */
function gainOf(samples: Float32Array, { peakNormalized }: FeatureSpec): number {
  if (!peakNormalized) return 1
  let peak = 0
  for (const sample of samples) if (sample > peak) peak = sample
  return peak > 0 ? 1 / peak : 1
}

/**
 * Prepares the extraction of features in float: periodic Hann window, spectrum, mel, natural logarithm, DCT-II.
 * The extractor allocates nothing per call when an output is passed in.
 */
export function createFeatureExtractor(spec: FeatureSpec): FeatureExtractor {
  const { frame, hop, clipSamples, frames } = featureShape(spec)
  const hann = Float64Array.from({ length: frame }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / frame))
  const fft = createFft(spec.fftSize)
  const filters = melFilters(spec)
  const rows = cepstrumRows(spec)
  const re = new Float64Array(spec.fftSize)
  const im = new Float64Array(spec.fftSize)
  const logMel = new Float64Array(spec.melBins)
  const magnitude = spec.spectrum === 'magnitude'
  const added = spec.floorBy === 'add' ? spec.logFloor : 0

  const extractFrame = (samples: Float32Array, gain: number, start: number, output: Float32Array, at: number) => {
    re.fill(0)
    im.fill(0)
    for (let n = 0; n < frame; n++) re[n] = gain * samples[start + n]! * hann[n]!
    fft.transform(re, im)
    for (let bin = 0; bin <= spec.fftSize / 2; bin++) {
      const power = re[bin]! * re[bin]! + im[bin]! * im[bin]!
      re[bin] = magnitude ? Math.sqrt(power) : power
    }
    filters.forEach((band, index) => {
      logMel[index] = Math.log(Math.max(dot(band.weights, re, band.firstBin) + added, spec.logFloor))
    })
    for (let k = 0; k < rows.length; k++) output[at + k] = dot(rows[k]!, logMel)
  }

  const extract = (samples: Float32Array, output = new Float32Array(frames * spec.coefficients)) => {
    if (samples.length !== clipSamples)
      throw new RangeError(`feature extraction wants ${clipSamples} samples, got ${samples.length}`)
    const gain = gainOf(samples, spec)
    for (let index = 0; index < frames; index++)
      extractFrame(samples, gain, index * hop, output, index * spec.coefficients)
    return output
  }
  return { spec, clipSamples, frames, extract }
}
