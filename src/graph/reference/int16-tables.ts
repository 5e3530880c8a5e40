import { roundHalfAway } from './fixed-point.ts'

const saturate = (value: number) => Math.min(32767, Math.max(-32768, value))

/** 2^16 · sigmoid(i / 24). */
const sigmoid = (i: number) => 65536 / (1 + Math.exp(-i / 24))

/**
 * sigmoid(i / 24) in Q0.16, each raised by half of what a straight line to the next misses in the middle: the table of
 * TensorFlow Lite's 16-bit logistic and tanh. The last entry stands for all that follow.
 */
export const sigmoidTable: readonly number[] = Array.from({ length: 256 }, (_, i) =>
  i === 255 ? 65535 : Math.round(sigmoid(i) + (sigmoid(i + 0.5) - (sigmoid(i) + sigmoid(i + 1)) / 2) / 2),
)

/** A factor to the scale 1 / (3 · 4096) of the table: steps · multiplier / 2^shift, halves upwards. */
export interface TableInput {
  readonly multiplier: number
  readonly shift: number
}

/** Nearest power of two, where a scale is one (TensorFlow Lite's CheckedLog2); null where it is not. */
export function powerOfTwo(scale: number): number | null {
  const power = Math.log2(scale)
  return Math.abs(power - Math.round(power)) < 1e-3 ? Math.round(power) : null
}

/**
 * How 16-bit steps of a scale enter the table. Powers of two from 2^-12 up to `widest` bits above it are exact, others
 * get a multiplier of 15 bits.
 */
export function tableInput(scale: number, widest: 0 | 1): TableInput {
  const left = 12 + (powerOfTwo(scale) ?? Number.NaN)
  if (left >= 0 && left <= widest) return { multiplier: 3 << left, shift: 0 }
  let [multiplier, shift] = [scale * 4096 * 3, 0]
  for (; multiplier <= 32767 / 2 && shift <= 30; shift++) multiplier *= 2
  return { multiplier: Math.trunc(multiplier), shift }
}

function enter(steps: number, { multiplier, shift }: TableInput): number {
  return Math.floor((steps * multiplier + (shift > 0 ? 2 ** (shift - 1) : 0)) / 2 ** shift)
}

/** Between two entries; `bits` of the place lie between them, `most` is beyond the table. */
function interpolate(place: number, bits: number, most: number): number {
  const at = place >>> bits
  if (at >= 255) return most
  const [from, to] = [sigmoidTable[at]!, sigmoidTable[at + 1]!]
  return from * 2 ** bits + (place & (2 ** bits - 1)) * (to - from)
}

/** Logistic function of 16-bit steps in Q0.15, by TensorFlow Lite's table. */
export function logistic16(steps: number, input: TableInput): number {
  const place = enter(steps, input)
  const value = interpolate(Math.abs(place), 9, 0x7fff * 1024)
  return (place >= 0 ? value + 512 : 2 ** 25 - value + 511) >>> 10
}

/** Hyperbolic tangent of 16-bit steps in Q0.15: tanh x = 2 sigmoid(2x) − 1. */
export function tanh16(steps: number, input: TableInput): number {
  const place = enter(steps, input)
  const value = interpolate(Math.abs(place), 8, 0xffff * 256) - 2 ** 23
  return (place >= 0 ? value + 128 : -value + 127) >> 8
}

/**
 * A table of 513 entries of a function in Q0.15 over a range, each moved by half the error of interpolation in the
 * middle (TensorFlow Lite's gen_lut, in float32 as TensorFlow Lite Micro computes it).
 */
export function interpolationTable(f: (x: number) => number, low: number, high: number): Int16Array {
  const step = Math.fround((high - low) / 512)
  const half = Math.fround(step / 2)
  const scaled = (x: number) => Math.fround(Math.fround(f(x)) * 32768)
  const table = Int16Array.from({ length: 513 }, (_, i) => {
    if (i === 512) return saturate(roundHalfAway(scaled(high)))
    const at = Math.fround(low + Math.fround(i * step))
    const next = Math.fround(low + Math.fround((i + 1) * step))
    const sample = roundHalfAway(scaled(at))
    const between = roundHalfAway(Math.fround(Math.fround(scaled(next) + sample) / 2))
    const error = between - roundHalfAway(scaled(Math.fround(at + half)))
    return saturate(sample - roundHalfAway(error / 2))
  })
  return table
}

/** The entry for an int16 value, between two of the table. */
export function lookUp(table: Int16Array, value: number): number {
  const index = 256 + (value >> 7)
  const slope = table[index + 1]! - table[index]!
  return table[index]! + ((slope * (value & 0x7f) + 64) >> 7)
}
