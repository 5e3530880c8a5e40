import { cepstrumRows } from '../cepstrum.ts'
import { type FeatureShape, type FeatureSpec, featureShape } from '../feature-spec.ts'
import { melFilters } from '../mel-filters.ts'

/** Fraction bits of a feature in fixed point: a value of 256 is 1. */
export const featureFractionBits = 8
/** Fraction bits of windows and sines, of mel weights, of binary logarithms. */
export const waveBits = 15
const weightBits = 12
export const logBits = 15
/** Segments of the table of binary logarithms, as a power of two. */
export const logTableBits = 7
/** By how much a bin of twice the spectrum is shifted right before it is squared. */
export const binShift = 4

/** What doubles hold exactly, in bits. */
const exactBits = 53

/** Numbers that make the front end in fixed point, the same for TypeScript and C. */
export interface FixedTables extends FeatureShape {
  readonly spec: FeatureSpec
  /** Hann window, 15 fraction bits; one shift right brings sample · window to the transform's scale. */
  readonly window: Int16Array
  readonly windowShift: number
  /** sin(2πk / fftSize) for k below 3/4 · fftSize, 15 fraction bits; cosines lie a quarter further. */
  readonly sines: Int16Array
  /** Of each mel band: its first bin, how many, and all weights one behind the other, 12 fraction bits. */
  readonly bandFirst: Int16Array
  readonly bandCount: Int16Array
  readonly weights: Int16Array
  /** Right shift of a squared bin before it is weighted; 0 for magnitudes. */
  readonly powerShift: number
  /** Fraction bits of a mel band. */
  readonly melBits: number
  readonly logFloor: number
  /** log2(1 + k / 128), 15 fraction bits. */
  readonly logTable: Uint16Array
  /** Rows of the DCT times ln 2; one number, ln 2, of `log-mel`. */
  readonly cepstrum: Int16Array
  readonly cepstrumBits: number
  /** How often bands are divided by the clip's peak. */
  readonly peakTimes: 0 | 1 | 2
}

const rounded = (values: ArrayLike<number>, bits: number) =>
  Int16Array.from(Array.from(values), (value) => Math.min(32767, Math.round(value * 2 ** bits)))

/** Most bits with which all values stay within int16. */
function bitsFor(values: ArrayLike<number>): number {
  const most = Array.from(values).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  return Math.floor(Math.log2(32767 / most))
}

/** Bits that the energy of all bins takes, times the weight 1: by Parseval from a frame of full scale. */
function energyBits(frame: number, fftSize: number, sampleBits: number): number {
  const windowEnergy = 0.375 * frame
  return Math.ceil(Math.log2((fftSize / 2) * windowEnergy) + 2 * (sampleBits - (binShift - 1)) + weightBits)
}

/**
 * Makes the tables of a spec.
 * @throws RangeError when the frame does not fit the transform, whose size is a power of two from 8 on, or bands reach
 * beyond half the sample rate
 */
export function fixedTables(spec: FeatureSpec): FixedTables {
  const shape = featureShape(spec)
  const { fftSize } = spec
  if (!Number.isInteger(Math.log2(fftSize)) || fftSize < 8 || shape.frame > fftSize)
    throw new RangeError(`a frame of ${shape.frame} samples does not fit a transform of ${fftSize}`)
  if (spec.melLowHz < 0 || spec.melHighHz > spec.sampleRateHz / 2)
    throw new RangeError(`bands from ${spec.melLowHz} to ${spec.melHighHz} Hz do not lie within the spectrum`)
  const hann = Array.from({ length: shape.frame }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / shape.frame))
  // The sum of all windowed samples stays below 2^29, so that no step of the transform overflows.
  const windowShift = Math.ceil(Math.log2(shape.frame / 2)) + 1
  const sampleBits = 2 * waveBits - windowShift
  const magnitude = spec.spectrum === 'magnitude'
  const powerShift = magnitude ? 0 : Math.max(0, energyBits(shape.frame, fftSize, sampleBits) - exactBits)
  const binBits = sampleBits - (binShift - 1)
  const melBits = (magnitude ? binBits : 2 * binBits - powerShift) + weightBits
  const bands = melFilters(spec)
  const factors = spec.kind === 'log-mel' ? [1] : cepstrumRows(spec).flatMap((row) => Array.from(row))
  const inLog2 = factors.map((factor) => factor * Math.LN2)
  return {
    ...shape,
    spec,
    window: rounded(hann, waveBits),
    windowShift,
    sines: rounded(
      Array.from({ length: (3 * fftSize) / 4 }, (_, k) => Math.sin((2 * Math.PI * k) / fftSize)),
      waveBits,
    ),
    bandFirst: Int16Array.from(bands, ({ firstBin }) => firstBin),
    bandCount: Int16Array.from(bands, ({ weights }) => weights.length),
    weights: rounded(
      bands.flatMap(({ weights }) => Array.from(weights)),
      weightBits,
    ),
    powerShift,
    melBits,
    logFloor: Math.max(1, Math.round(spec.logFloor * 2 ** melBits)),
    logTable: Uint16Array.from({ length: 2 ** logTableBits + 1 }, (_, k) =>
      Math.round(Math.log2(1 + k / 2 ** logTableBits) * 2 ** logBits),
    ),
    cepstrum: rounded(inLog2, bitsFor(inLog2)),
    cepstrumBits: bitsFor(inLog2),
    peakTimes: spec.peakNormalized ? (magnitude ? 1 : 2) : 0,
  }
}

/** Values of a frame. */
export function columnLength({ spec }: FixedTables): number {
  return spec.kind === 'log-mel' ? spec.melBins : spec.coefficients
}
