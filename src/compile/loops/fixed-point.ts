import type { Multiplier } from '../../graph/reference/fixed-point.ts'
import { add, binary, convert, int, mul, num, select, sub } from './expressions.ts'
import type { Expression } from './loops.ts'
import type { LoopWriter } from './writer.ts'

/** A fixed-point factor whose parts are computed; a shift that is a constant makes shorter code. */
export interface MultiplierExpression {
  readonly multiplier: Expression
  readonly shift: Expression
}

/** A constant factor. Shifts beyond 31 leave nothing of an int32. */
export function constantMultiplier({ multiplier, shift }: Multiplier): MultiplierExpression {
  return shift > 31 ? { multiplier: int(0), shift: int(0) } : { multiplier: int(multiplier), shift: int(shift) }
}

/** gemmlowp's SaturatingRoundingDoublingHighMul of i32, for operands that are never both −2^31. */
export function highMultiply(a: Expression, b: Expression): Expression {
  const product = mul(convert(a, 'i64'), convert(b, 'i64'))
  return convert(binary('shr', add(product, num('i64', 2 ** 30)), 31), 'i32')
}

/** gemmlowp's RoundingDivideByPOT of i32: halves away from zero. Exponents count modulo 32. */
export function roundingShift(w: LoopWriter, x: Expression, exponent: Expression | number): Expression {
  const value = w.let(x)
  const by = typeof exponent === 'number' ? int(exponent) : w.let(exponent)
  if (by.kind === 'number' && by.value === 0) return value
  const mask = w.let(by.kind === 'number' ? int(((1 << by.value) - 1) | 0) : sub(binary('shl', int(1), by), 1))
  const threshold = add(binary('shr', mask, 1), binary('lt', value, 0))
  return add(binary('shr', value, by), binary('gt', binary('and', value, mask), threshold))
}

/** The larger of an i32 and 0. */
function positive(w: LoopWriter, x: Expression): Expression {
  if (x.kind === 'number') return int(Math.max(0, x.value))
  const value = w.let(x)
  return select(binary('gt', value, 0), value, 0)
}

/** TFLite's MultiplyByQuantizedMultiplier of an i32 with double rounding. */
export function multiplyByQuantizedMultiplier(
  w: LoopWriter,
  x: Expression,
  { multiplier, shift }: MultiplierExpression,
): Expression {
  const left = positive(w, shift)
  const shifted = left.kind === 'number' && left.value === 0 ? x : binary('shl', x, left)
  const high = highMultiply(shifted, multiplier)
  const right = shift.kind === 'number' ? int(Math.max(0, -shift.value)) : positive(w, sub(int(0), shift))
  return roundingShift(w, high, right)
}

/**
 * The form for accumulators of i64: the multiplier is cut to 16 bits, one rounding. Shifts of 14 and less.
 */
export function multiplyWide(x: Expression, { multiplier, shift }: MultiplierExpression): Expression {
  const total = sub(num('i64', 15), convert(shift, 'i64'))
  const half = binary('shl', num('i64', 1), sub(total, 1))
  return binary('shr', add(mul(x, convert(multiplier, 'i64')), half), total)
}

/** The multiplier of `multiplyWide`. */
export function cutMultiplier({ multiplier, shift }: Multiplier): Multiplier {
  return { multiplier: multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff, shift }
}

/** An integer within a range of the same type. */
export function clampInteger(w: LoopWriter, x: Expression, [low, high]: readonly [number, number]): Expression {
  const first = w.let(x)
  const capped = w.let(select(binary('lt', first, high), first, high))
  return select(binary('gt', capped, low), capped, low)
}

/** A float within a range of the same type; infinite ends cut nothing. */
export function clampFloat(x: Expression, [low, high]: readonly [number, number]): Expression {
  const raised = low === Number.NEGATIVE_INFINITY ? x : binary('max', x, low)
  return high === Number.POSITIVE_INFINITY ? raised : binary('min', raised, high)
}

/** An i32 plus a zero point, cut to a range within int32, as if the sum could not overflow. */
export function offsetAndClamp(
  w: LoopWriter,
  x: Expression,
  zeroPoint: number,
  [low, high]: readonly [number, number],
): Expression {
  const reach = (bound: number) => Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), bound))
  return add(clampInteger(w, x, [reach(low - zeroPoint), reach(high - zeroPoint)]), zeroPoint)
}

/** A float rounded to an integer already, plus a zero point, cut to a range within int32 → i32. */
export function integerFromFloat(x: Expression, zeroPoint: number, range: readonly [number, number]): Expression {
  return convert(clampFloat(add(convert(x, 'f64'), zeroPoint), range), 'i32')
}
