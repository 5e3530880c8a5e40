import { createFft } from './fft.ts'

/** How audio becomes the net's input. All of it stands in the model's card, so that no code guesses. */
export interface FeatureSpec {
  readonly kind: 'mfcc'
  readonly sampleRateHz: number
  /** Length of audio that one inference sees, in seconds. */
  readonly clipS: number
  /** Analysis frame and its step, in seconds. */
  readonly frameS: number
  readonly hopS: number
  readonly fftSize: number
  readonly melBins: number
  readonly melLowHz: number
  readonly melHighHz: number
  /** Floor under each mel energy before the natural logarithm. */
  readonly logFloor: number
  /** Cepstral coefficients kept, from 0 up. */
  readonly coefficients: number
}

/** Turns one clip of exactly `clipSamples` samples into `frames × coefficients` values, row by row. */
export interface FeatureExtractor {
  readonly spec: FeatureSpec
  readonly clipSamples: number
  readonly frames: number
  /** Writes into `output` (length frames·coefficients) when given, else into a new array. */
  extract(samples: Float32Array, output?: Float32Array): Float32Array
}

/** HTK mel scale (Young et al., The HTK Book): m = 2595·log10(1 + f/700). */
const hzToMel = (hz: number) => 2595 * Math.log10(1 + hz / 700)
const melToHz = (mel: number) => 700 * (10 ** (mel / 2595) - 1)

interface MelBand {
  readonly firstBin: number
  readonly weights: Float64Array
}

/** Triangular filters on the bins' centre frequencies, corners equally spaced in mel, height 1. */
function melFilters(spec: FeatureSpec): readonly MelBand[] {
  const low = hzToMel(spec.melLowHz)
  const step = (hzToMel(spec.melHighHz) - low) / (spec.melBins + 1)
  const corner = (index: number) => melToHz(low + step * index)
  const bins = spec.fftSize / 2 + 1
  return Array.from({ length: spec.melBins }, (_, band) => {
    const [left, centre, right] = [corner(band), corner(band + 1), corner(band + 2)]
    const all = Array.from({ length: bins }, (_, bin) => {
      const hz = (bin * spec.sampleRateHz) / spec.fftSize
      return Math.max(0, Math.min((hz - left) / (centre - left), (right - hz) / (right - centre)))
    })
    const firstBin = Math.max(
      0,
      all.findIndex((weight) => weight > 0),
    )
    return { firstBin, weights: Float64Array.from(all.slice(firstBin, all.findLastIndex((weight) => weight > 0) + 1)) }
  })
}

/** Orthonormal DCT-II rows 0..coefficients-1 over `bins` values. */
function dctRows(coefficients: number, bins: number): readonly Float64Array[] {
  return Array.from({ length: coefficients }, (_, k) => {
    const scale = Math.sqrt((k === 0 ? 1 : 2) / bins)
    return Float64Array.from({ length: bins }, (_, n) => scale * Math.cos((Math.PI * k * (2 * n + 1)) / (2 * bins)))
  })
}

function dot(row: Float64Array, values: Float64Array, offset = 0): number {
  let sum = 0
  for (let i = 0; i < row.length; i++) sum += row[i]! * values[offset + i]!
  return sum
}

/**
 * Prepares MFCC extraction: periodic Hann window, power spectrum, mel, natural logarithm, orthonormal DCT-II.
 * The extractor allocates nothing per call when an output is passed in.
 */
export function createFeatureExtractor(spec: FeatureSpec): FeatureExtractor {
  const frame = Math.round(spec.frameS * spec.sampleRateHz)
  const hop = Math.round(spec.hopS * spec.sampleRateHz)
  const clipSamples = Math.round(spec.clipS * spec.sampleRateHz)
  const frames = Math.floor((clipSamples - frame) / hop) + 1
  const hann = Float64Array.from({ length: frame }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / frame))
  const fft = createFft(spec.fftSize)
  const filters = melFilters(spec)
  const rows = dctRows(spec.coefficients, spec.melBins)
  const re = new Float64Array(spec.fftSize)
  const im = new Float64Array(spec.fftSize)
  const logMel = new Float64Array(spec.melBins)

  const extractFrame = (samples: Float32Array, start: number, output: Float32Array, at: number) => {
    re.fill(0)
    im.fill(0)
    for (let n = 0; n < frame; n++) re[n] = samples[start + n]! * hann[n]!
    fft.transform(re, im)
    for (let bin = 0; bin <= spec.fftSize / 2; bin++) re[bin] = re[bin]! * re[bin]! + im[bin]! * im[bin]!
    filters.forEach((band, index) => {
      logMel[index] = Math.log(Math.max(dot(band.weights, re, band.firstBin), spec.logFloor))
    })
    for (let k = 0; k < rows.length; k++) output[at + k] = dot(rows[k]!, logMel)
  }

  const extract = (samples: Float32Array, output = new Float32Array(frames * spec.coefficients)) => {
    if (samples.length !== clipSamples)
      throw new RangeError(`feature extraction wants ${clipSamples} samples, got ${samples.length}`)
    for (let index = 0; index < frames; index++) extractFrame(samples, index * hop, output, index * spec.coefficients)
    return output
  }
  return { spec, clipSamples, frames, extract }
}
