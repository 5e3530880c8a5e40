import { mostSignificantBit } from './bits.ts'

const segments = 128

/** log2(1 + i/128) − i/128 in Q16: the table of TensorFlow Lite Micro's log.cc. Two zeros end it. */
export const logarithmTable: readonly number[] = Array.from({ length: segments + 2 }, (_, i) =>
  i < segments ? Math.round(65536 * (Math.log2(1 + i / segments) - i / segments)) : 0,
)

/** ln 2 in Q16. */
const ln2 = 45426

/** log2 of 1 + x / 2^place − 1 in Q16, between two entries of the table. */
function fractionOf(x: number, place: number): number {
  const above = x - 2 ** place
  const fraction = place < 16 ? above * 2 ** (16 - place) : Math.floor(above / 2 ** (place - 16))
  const segment = fraction >> 9
  const [from, to] = [logarithmTable[segment]!, logarithmTable[segment + 1]!]
  return fraction + from + (((to - from) * (fraction - 512 * segment)) >> 16)
}

/** Natural logarithm of a uint32 above 0 times `scale`, as TensorFlow Lite Micro's Log32; the product wraps. */
export function scaledLogarithm(x: number, scale: number): number {
  const place = mostSignificantBit(x) - 1
  const log2 = place * 65536 + fractionOf(x, place)
  const natural = Math.floor((ln2 * log2 + 32768) / 65536)
  return ((Math.imul(scale, natural) + 32768) >>> 0) >>> 16
}
