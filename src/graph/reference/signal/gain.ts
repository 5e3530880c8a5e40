import { mostSignificantBit, wrapInt16 } from './bits.ts'

/** Fraction bits of the signal-to-noise ratio and of the result. */
const ratioBits = 12
const outputBits = 6

/**
 * A function of a wide range as one parabola an octave: the table holds its values at 0, 1 and 2, then for every octave
 * start, slope and curvature (4 entries, one unused), as TensorFlow Lite Micro's WideDynamicFunction.
 */
export function wideDynamicFunction(x: number, table: ArrayLike<number>): number {
  if (x <= 2) return table[x]!
  const interval = mostSignificantBit(x)
  const at = 4 * interval - 6
  const [start, slope, curvature] = [table[at]!, table[at + 1]!, table[at + 2]!]
  const fraction = (interval < 11 ? x << (11 - interval) : x >>> (interval - 11)) & 0x3ff
  const steep = (((curvature * fraction) >> 5) + (slope << 5)) | 0
  return wrapInt16(((Math.imul(steep, fraction) + (1 << 14)) >> 15) + start)
}

/** x² / 4 below 2, x − 1 above: 12 fraction bits in, 6 out, as TensorFlow Lite Micro's PcanShrink. */
export function shrink(x: number): number {
  if (x < 2 << ratioBits) return Math.imul(x, x) >>> (2 + 2 * ratioBits - outputBits)
  return (x >>> (ratioBits - outputBits)) - (1 << outputBits)
}
