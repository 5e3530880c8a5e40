import { coefficients, integerMagic, ln2High, ln2Low } from '../kernels/exponential.ts'
import { add, binary, bits, convert, mul, num, select, sub, unary } from './expressions.ts'
import { clampFloat } from './fixed-point.ts'
import type { Expression } from './loops.ts'
import type { LoopWriter } from './writer.ts'

const f64 = (value: number) => num('f64', value)

/** A polynomial by its coefficients, highest power first. */
function polynomial(x: Expression, [first, ...rest]: readonly number[]): Expression {
  return rest.reduce<Expression>((sum, coefficient) => add(mul(sum, x), coefficient), f64(first!))
}

/** The lowest 32 bits of the integer that a small float64 holds, as i64. */
function integerBits(k: Expression): Expression {
  return bits(add(k, integerMagic), 'i64')
}

/** e^t in float64, relative error about 2^-52; t is cut to [−700, 709], which in float32 is 0 and infinity. */
export function exponential(w: LoopWriter, x: Expression): Expression {
  const t = w.let(clampFloat(x, [-700, 709]))
  const k = w.let(unary('nearest', mul(t, Math.LOG2E)))
  const r = w.let(sub(sub(t, mul(k, ln2High)), mul(k, ln2Low)))
  const power = bits(binary('shl', add(integerBits(k), 1023), 52), 'f64')
  return w.let(mul(polynomial(r, coefficients), power))
}

/** 1/3, 1/5, … : ln m = 2 (s + s³/3 + s⁵/5 + …), s = (m − 1) / (m + 1), which is at most 0.172 here. */
const logCoefficients: readonly number[] = Array.from({ length: 12 }, (_, index) => 1 / (2 * (11 - index) + 1))

/** ln x in float64 of a float32 in float64. */
export function logarithm(w: LoopWriter, x: Expression): Expression {
  const raw = w.let(bits(x, 'i64'))
  // Exponent and fraction, so that the fraction lies in [√½, √2).
  const one = binary('shl', num('i64', 1023), 52)
  const low = w.let(bits(binary('or', binary('and', raw, 2 ** 52 - 1), one), 'f64'))
  const big = w.let(binary('gt', low, Math.SQRT2))
  const m = w.let(select(big, mul(low, 0.5), low))
  const k = w.let(convert(add(convert(sub(binary('shr_u', raw, 52), 1023), 'i32'), big), 'f64'))
  const s = w.let(binary('div', sub(m, 1), add(m, 1)))
  const square = w.let(mul(s, s))
  const series = mul(mul(s, 2), polynomial(square, logCoefficients))
  const finite = add(mul(k, ln2High), add(mul(k, ln2Low), series))
  const invalid = add(x, select(binary('lt', x, 0), f64(Number.NaN), 0))
  const outside = select(binary('eq', x, 0), f64(Number.NEGATIVE_INFINITY), invalid)
  const regular = binary('and', binary('gt', x, 0), binary('lt', x, Number.POSITIVE_INFINITY))
  return w.let(select(regular, finite, outside))
}

/** π/2 in three parts; the first two have zeros behind their first 33 bits. */
const halfPi = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const

const series = (first: number, terms: number): readonly number[] => {
  const made: number[] = []
  let factor = 1
  for (let index = 0; index < terms; index++) {
    if (index > 0) factor /= -(2 * index + first) * (2 * index + first - 1)
    made.unshift(factor)
  }
  return made
}

/** sin x (cos x a quarter further) in float64; |x| up to 10^6, beyond which the angle loses digits. */
export function sine(w: LoopWriter, x: Expression, quarters: 0 | 1): Expression {
  const k = w.let(unary('nearest', mul(x, 2 / Math.PI)))
  const r = w.let(halfPi.reduce((rest, part) => sub(rest, mul(k, part)), x))
  const square = w.let(mul(r, r))
  const sin = w.let(mul(r, polynomial(square, series(1, 9))))
  const cos = w.let(polynomial(square, series(0, 9)))
  const quadrant = w.let(add(convert(k, 'i32'), quarters))
  const value = w.let(select(binary('and', quadrant, 1), cos, sin))
  return w.let(select(binary('and', quadrant, 2), unary('neg', value), value))
}
