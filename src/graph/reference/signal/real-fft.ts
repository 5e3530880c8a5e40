import type { FftNumbers } from './fft-numbers.ts'
import { type FftPlan, splitAngles, twiddleAngles } from './fft-plan.ts'

interface Complex {
  readonly re: number
  readonly im: number
}

/** Complex arithmetic over a number format. */
interface Arithmetic {
  add(a: Complex, b: Complex): Complex
  sub(a: Complex, b: Complex): Complex
  mul(a: Complex, b: Complex): Complex
  down(a: Complex, divisor: number): Complex
  at(angle: number): Complex
}

function arithmeticOf(n: FftNumbers): Arithmetic {
  return {
    add: (a, b) => ({ re: n.wrap(a.re + b.re), im: n.wrap(a.im + b.im) }),
    sub: (a, b) => ({ re: n.wrap(a.re - b.re), im: n.wrap(a.im - b.im) }),
    mul: (a, b) => ({ re: n.products(a.re, b.re, -a.im, b.im), im: n.products(a.re, b.im, a.im, b.re) }),
    down: (a, divisor) => ({ re: n.scaleDown(a.re, divisor), im: n.scaleDown(a.im, divisor) }),
    at: (angle) => ({ re: n.factor(Math.cos(angle)), im: n.factor(Math.sin(angle)) }),
  }
}

/** a − j·b, or a + j·b in an inverse transform, and its mirror. */
function turned(n: FftNumbers, a: Complex, b: Complex, inverse: boolean): readonly [Complex, Complex] {
  const minus = { re: n.wrap(a.re + b.im), im: n.wrap(a.im - b.re) }
  const plus = { re: n.wrap(a.re - b.im), im: n.wrap(a.im + b.re) }
  return inverse ? [plus, minus] : [minus, plus]
}

/** Transforms complex numbers; the fixed-point forms divide by the length. */
function transform(n: FftNumbers, plan: FftPlan, input: readonly Complex[], inverse: boolean): Complex[] {
  const { add, sub, mul, down, at } = arithmeticOf(n)
  const twiddles = twiddleAngles(plan.length, inverse).map(at)
  const data = plan.order.map((from) => input[from]!)
  for (const { radix, span, stride } of plan.stages)
    for (let group = 0; group < plan.length; group += radix * span)
      for (let k = 0; k < span; k++) {
        const parts = Array.from({ length: radix }, (_, q) => {
          const part = down(data[group + k + q * span]!, radix)
          return q === 0 ? part : mul(part, twiddles[q * k * stride]!)
        })
        butterfly(n, parts, inverse, { add, sub }).forEach((value, q) => {
          data[group + k + q * span] = value
        })
      }
  return data
}

function butterfly(
  n: FftNumbers,
  parts: readonly Complex[],
  inverse: boolean,
  { add, sub }: Pick<Arithmetic, 'add' | 'sub'>,
): readonly Complex[] {
  const [a, b, c, d] = parts as readonly [Complex, Complex, Complex, Complex]
  if (parts.length === 2) return [add(a, b), sub(a, b)]
  const [even, odd] = [add(a, c), add(b, d)]
  const [one, three] = turned(n, sub(a, c), sub(b, d), inverse)
  return [add(even, odd), one, sub(even, odd), three]
}

function complexPairs(values: ArrayLike<number>): readonly Complex[] {
  return Array.from({ length: values.length / 2 }, (_, i) => ({ re: values[2 * i]!, im: values[2 * i + 1]! }))
}

const flat = (numbers: readonly Complex[]) => numbers.flatMap(({ re, im }) => [re, im])

const conjugate = (n: FftNumbers, { re, im }: Complex): Complex => ({ re, im: n.wrap(-im) })

/**
 * Spectrum of real samples, bins 0 to length / 2, real and imaginary parts in turn: even and odd samples as one
 * complex transform of half the length, then parted (KISS FFT's kiss_fftr). The fixed-point forms divide by the length.
 * @param plan of half the number of samples
 */
export function realFft(n: FftNumbers, plan: FftPlan, samples: ArrayLike<number>): readonly number[] {
  const { add, sub, mul, down, at } = arithmeticOf(n)
  const { length } = plan
  const packed = transform(n, plan, complexPairs(samples), false)
  const spectrum: Complex[] = new Array<Complex>(length + 1)
  const dc = down(packed[0]!, 2)
  spectrum[0] = { re: n.wrap(dc.re + dc.im), im: 0 }
  spectrum[length] = { re: n.wrap(dc.re - dc.im), im: 0 }
  for (const [index, angle] of splitAngles(length, false).entries()) {
    const k = index + 1
    const left = down(packed[k]!, 2)
    const right = down(conjugate(n, packed[length - k]!), 2)
    const [sum, part] = [add(left, right), mul(sub(left, right), at(angle))]
    spectrum[k] = { re: n.half(sum.re + part.re), im: n.half(sum.im + part.im) }
    spectrum[length - k] = { re: n.half(sum.re - part.re), im: n.half(part.im - sum.im) }
  }
  return flat(spectrum)
}

/** Real samples of a spectrum, the inverse of `realFft` up to a factor (KISS FFT's kiss_fftri). */
export function inverseRealFft(n: FftNumbers, plan: FftPlan, spectrum: ArrayLike<number>): readonly number[] {
  const { add, sub, mul, down, at } = arithmeticOf(n)
  const { length } = plan
  const bins = complexPairs(spectrum)
  const packed: Complex[] = new Array<Complex>(length)
  const [first, last] = [bins[0]!.re, bins[length]!.re]
  packed[0] = down({ re: n.wrap(first + last), im: n.wrap(first - last) }, 2)
  for (const [index, angle] of splitAngles(length, true).entries()) {
    const k = index + 1
    const left = down(bins[k]!, 2)
    const right = down(conjugate(n, bins[length - k]!), 2)
    const [sum, part] = [add(left, right), mul(sub(left, right), at(angle))]
    packed[k] = add(sum, part)
    packed[length - k] = conjugate(n, sub(sum, part))
  }
  return flat(transform(n, plan, packed, true))
}
