/**
 * In-place radix-2 FFT plan for one power-of-two size, reused without allocation.
 * Cooley-Tukey, decimation in time, forward sign e^(-2πi·kn/N), no scaling.
 */
export interface Fft {
  readonly size: number
  /** Transforms `re` and `im` (both of length `size`) in place. */
  transform(re: Float64Array, im: Float64Array): void
}

function reversedBits(size: number): Uint32Array {
  const bits = Math.log2(size)
  return Uint32Array.from({ length: size }, (_, index) => {
    let reversed = 0
    for (let bit = 0; bit < bits; bit++) reversed |= ((index >> bit) & 1) << (bits - 1 - bit)
    return reversed
  })
}

function permute(values: Float64Array, order: Uint32Array): void {
  for (let i = 0; i < order.length; i++) {
    const j = order[i]!
    if (j <= i) continue
    const kept = values[i]!
    values[i] = values[j]!
    values[j] = kept
  }
}

/** Makes a plan. @throws RangeError when `size` is not a power of two ≥ 2. */
export function createFft(size: number): Fft {
  if (size < 2 || (size & (size - 1)) !== 0) throw new RangeError(`FFT size ${size} is not a power of two`)
  const order = reversedBits(size)
  const cos = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size))
  const sin = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size))
  const transform = (re: Float64Array, im: Float64Array) => {
    permute(re, order)
    permute(im, order)
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half)
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const a = start + k
          const b = a + half
          const c = cos[k * stride]!
          const s = sin[k * stride]!
          const reB = re[b]! * c + im[b]! * s
          const imB = im[b]! * c - re[b]! * s
          re[b] = re[a]! - reB
          im[b] = im[a]! - imB
          re[a] = re[a]! + reB
          im[a] = im[a]! + imB
        }
      }
    }
  }
  return { size, transform }
}
