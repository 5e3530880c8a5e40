import { waveBits } from './tables.ts'

/** floor(a · w / 2^15) of an int32 and an int16, from two products of 32 bits. */
function times(a: number, w: number): number {
  return ((Math.imul(a >> 16, w) << 1) + (Math.imul(a & 0xffff, w) >> waveBits)) | 0
}

/** Places of `count` elements in the order of reversed bits. */
export function reversedBits(count: number): Uint16Array {
  const bits = Math.log2(count)
  return Uint16Array.from({ length: count }, (_, index) => {
    let reversed = 0
    for (let bit = 0; bit < bits; bit++) reversed |= ((index >> bit) & 1) << (bits - 1 - bit)
    return reversed
  })
}

/**
 * Complex transform in place of `count` numbers, real and imaginary parts in turn, whose order is reversed already:
 * Cooley-Tukey, decimation in time, nothing is scaled down.
 * @param sines sin(2πk / 2·count) with 15 fraction bits for k below 3/2 · count
 */
export function transform(data: Int32Array, count: number, sines: Int16Array): void {
  for (let half = 1; half < count; half *= 2) {
    const stride = count / half
    for (let k = 0; k < half; k++) {
      const sine = sines[k * stride]!
      const cosine = sines[k * stride + count / 2]!
      for (let a = 2 * k; a < 2 * count; a += 4 * half) {
        const b = a + 2 * half
        const re = (times(data[b]!, cosine) + times(data[b + 1]!, sine)) | 0
        const im = (times(data[b + 1]!, cosine) - times(data[b]!, sine)) | 0
        const [toRe, toIm] = [data[a]!, data[a + 1]!]
        data[b] = toRe - re
        data[b + 1] = toIm - im
        data[a] = toRe + re
        data[a + 1] = toIm + im
      }
    }
  }
}

/**
 * Makes of the transform of `count` pairs of real samples twice the spectrum of the samples, in place: bins 1 to
 * count − 1. The first pair stays as it is.
 */
export function splitSpectrum(data: Int32Array, count: number, sines: Int16Array): void {
  for (let k = 1; k <= count / 2; k++) {
    const a = 2 * k
    const b = 2 * (count - k)
    const evenRe = data[a]! + data[b]!
    const evenIm = data[a + 1]! - data[b + 1]!
    const oddRe = data[a + 1]! + data[b + 1]!
    const oddIm = data[b]! - data[a]!
    const cosine = sines[k + count / 2]!
    const sine = sines[k]!
    const re = times(oddRe, cosine) + times(oddIm, sine)
    const im = times(oddIm, cosine) - times(oddRe, sine)
    data[b] = evenRe - re
    data[b + 1] = im - evenIm
    data[a] = evenRe + re
    data[a + 1] = evenIm + im
  }
}
