/** Arithmetic of one number format, as KISS FFT computes in it. */
export interface FftNumbers {
  /** Cut to the format after a sum. */
  wrap(value: number): number
  /** a · b + c · d, rounded once to the format. */
  products(a: number, b: number, c: number, d: number): number
  /** x / divisor on the way into a butterfly; fixed point only, so that sums stay in range. */
  scaleDown(x: number, divisor: number): number
  half(x: number): number
  /** A cosine or sine in the format. */
  factor(real: number): number
}

const toInt16 = (value: number) => (value << 16) >> 16

/** Q0.15: products are rounded halves up, sums wrap. */
const int16: FftNumbers = {
  wrap: toInt16,
  products: (a, b, c, d) => toInt16((a * b + c * d + 2 ** 14) >> 15),
  scaleDown: (x, divisor) => toInt16((x * Math.floor(32767 / divisor) + 2 ** 14) >> 15),
  half: (x) => x >> 1,
  factor: (real) => Math.floor(0.5 + 32767 * real),
}

const most = 2 ** 31 - 1
const roundQ31 = (value: bigint) => Number(BigInt.asIntN(32, (value + (1n << 30n)) >> 31n))

/** Q0.31: as Q0.15. */
const int32: FftNumbers = {
  wrap: (value) => value | 0,
  products: (a, b, c, d) => roundQ31(BigInt(a) * BigInt(b) + BigInt(c) * BigInt(d)),
  scaleDown: (x, divisor) => roundQ31(BigInt(x) * BigInt(Math.floor(most / divisor))),
  half: (x) => (x | 0) >> 1,
  factor: (real) => Math.floor(0.5 + most * real),
}

/** Float32 after every step; nothing is scaled down. */
const float32: FftNumbers = {
  wrap: Math.fround,
  products: (a, b, c, d) => Math.fround(Math.fround(a * b) + Math.fround(c * d)),
  scaleDown: (x) => x,
  half: (x) => Math.fround(x * 0.5),
  factor: Math.fround,
}

/** Number formats of the transforms, by element type. */
export const fftNumbers: Readonly<Record<string, FftNumbers>> = { int16, int32, float32 }
