import { add, binary, convert, int, num, select, sub } from './expressions.ts'
import { highMultiply, roundingShift } from './fixed-point.ts'
import type { Expression } from './loops.ts'
import type { LoopWriter } from './writer.ts'

/** x · 2^exponent of i32, saturating. */
function saturatingShift(w: LoopWriter, x: Expression, exponent: number): Expression {
  const wide = w.let(binary('shl', convert(x, 'i64'), exponent))
  const capped = w.let(select(binary('lt', wide, 2 ** 31 - 1), wide, 2 ** 31 - 1))
  return convert(select(binary('gt', capped, -(2 ** 31)), capped, -(2 ** 31)), 'i32')
}

/** 1 / (1 + a) of a in (0, 1), without integer bits: Newton's iterations as gemmlowp's. */
function oneOverOnePlus(w: LoopWriter, a: Expression): Expression {
  // (a + (2^31 − 1) + 1) / 2, which is never negative.
  const half = w.let(convert(binary('shr', add(convert(a, 'i64'), num('i64', 2 ** 31)), 1), 'i32'))
  const x = w.variable(add(int(1515870810), highMultiply(half, int(-1010580540))))
  for (let step = 0; step < 3; step++) {
    const error = w.let(sub(int(1 << 29), highMultiply(half, x)))
    w.set(x, add(x, saturatingShift(w, highMultiply(x, error), 2)))
  }
  return w.let(saturatingShift(w, x, 1))
}

/** The factor of 1 / sum for a sum with 12 integer bits, and the exponent that brings products to `outputBits`. */
export function reciprocalOfSum(
  w: LoopWriter,
  sum: Expression,
  outputBits: number,
): { readonly reciprocal: Expression; readonly exponent: Expression } {
  const headroom = w.let({ kind: 'unary', type: 'i32', op: 'clz', of: sum })
  const fraction = w.let(sub(binary('shl', sum, headroom), -(2 ** 31)))
  const reciprocal = oneOverOnePlus(w, fraction)
  return { reciprocal, exponent: w.let(sub(int(12 + 31 - outputBits), headroom)) }
}

/** A product with the factor, rounded at the exponent. */
export function scaledByReciprocal(
  w: LoopWriter,
  value: Expression,
  { reciprocal, exponent }: ReturnType<typeof reciprocalOfSum>,
): Expression {
  return roundingShift(w, highMultiply(reciprocal, value), exponent)
}
