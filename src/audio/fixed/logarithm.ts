import { logBits, logTableBits } from './tables.ts'

/** Bits of a number's fraction that are looked at. */
const mantissaBits = 16
const restBits = mantissaBits - logTableBits

/** 2^(16 − e) for every place e of the highest bit. */
const scales = Float64Array.from({ length: 64 }, (_, e) => 2 ** (mantissaBits - e))

/**
 * log2 of a whole number from 1 to 2^53, with 15 fraction bits: a table of 128 segments, straight lines between; 2 units off
 * at most.
 */
export function log2Fixed(value: number, table: Uint16Array): number {
  const high = Math.floor(value / 2 ** 32)
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value)
  const fraction = Math.floor(value * scales[exponent]!) - 2 ** mantissaBits
  const segment = fraction >> restBits
  const rest = fraction & (2 ** restBits - 1)
  const start = table[segment]!
  const rise = table[segment + 1]! - start
  return (exponent << logBits) + start + ((rise * rest + 2 ** (restBits - 1)) >> restBits)
}
