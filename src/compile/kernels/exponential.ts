import type { FunctionBuilder, Local } from '../wasm/function.ts'

const log2e = Math.LOG2E
/** ln 2 in two parts; the first has zeros behind its first 33 bits, so that k · high is exact. */
export const ln2High: number = 0.6931471803691238
export const ln2Low: number = 1.9082149292705877e-10
const terms = 13

/** 1.5 · 2^52: added to a small integer, it leaves the integer in the lowest bits. */
export const integerMagic: number = 6755399441055744

/** 1/n!, highest first: Taylor's series of e^r for |r| ≤ ln 2 / 2, whose rest is below 2^-53. */
export const coefficients: readonly number[] = Array.from({ length: terms + 1 }, (_, index) => {
  let factorial = 1
  for (let n = 2; n <= terms - index; n++) factorial *= n
  return 1 / factorial
})

/** e^t in float64 for t in [−700, 709], by the same steps as the kernel. */
export function exponential(t: number): number {
  const scaled = t * log2e
  const floor = Math.floor(scaled)
  const rest = scaled - floor
  const k = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
  const r = t - k * ln2High - k * ln2Low
  let sum = coefficients[0]!
  for (const coefficient of coefficients.slice(1)) sum = sum * r + coefficient
  return sum * 2 ** k
}

/**
 * e^t of the float64 local `t` → float64 on the stack, relative error about 2^-52; `t` and `k` are overwritten.
 * e^t = 2^k · e^r, k = round(t / ln 2). Beyond [−700, 709] t is cut, which in float32 is 0 and infinity all the same.
 */
export function emitExponential(f: FunctionBuilder, t: Local, k: Local): void {
  f.get(t).f64(-700).op('f64.max').f64(709).op('f64.min').tee(t)
  f.f64(log2e).op('f64.mul').op('f64.nearest').set(k)
  f.get(t).get(k).f64(ln2High).op('f64.mul').op('f64.sub').get(k).f64(ln2Low).op('f64.mul').op('f64.sub').set(t)
  f.f64(coefficients[0]!)
  for (const coefficient of coefficients.slice(1)) f.get(t).op('f64.mul').f64(coefficient).op('f64.add')
  f.get(k).f64(integerMagic).op('f64.add').op('i64.reinterpret_f64')
  f.i64(1023n).op('i64.add').i64(52n).op('i64.shl').op('f64.reinterpret_i64').op('f64.mul')
}
