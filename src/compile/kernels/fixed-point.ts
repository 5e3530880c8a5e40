import type { FunctionBuilder, Local } from '../wasm/function.ts'

/** Locals that the fixed-point sequences use. */
export interface FixedPointLocals {
  readonly x: Local
  readonly exponent: Local
}

/** Declares them. */
export function fixedPointLocals(f: FunctionBuilder): FixedPointLocals {
  return { x: f.local('i32'), exponent: f.local('i32') }
}

/** Stack: i32 a, i32 b → i32 saturating rounding doubling high product, for operands that are never both −2^31. */
export function emitHighMultiply(f: FunctionBuilder, a: () => void, b: () => void): void {
  a()
  f.op('i64.extend_i32_s')
  b()
  f.op('i64.extend_i32_s')
    .op('i64.mul')
    .i64(1n << 30n)
    .op('i64.add')
    .i64(31n)
    .op('i64.shr_s')
    .op('i32.wrap_i64')
}

/** RoundingDivideByPOT of `x` by `exponent` (locals), halves away from zero → i32. */
export function emitRoundingShift(f: FunctionBuilder, { x, exponent }: FixedPointLocals): void {
  // (x >> e) + ((x & mask) > (mask >> 1) + (x < 0))
  f.get(x).get(exponent).op('i32.shr_s')
  f.get(x).i32(1).get(exponent).op('i32.shl').i32(1).op('i32.sub').op('i32.and')
  f.i32(1).get(exponent).op('i32.shl').i32(1).op('i32.sub').i32(1).op('i32.shr_s')
  f.get(x).i32(31).op('i32.shr_u').op('i32.add')
  f.op('i32.gt_s').op('i32.add')
}

/** MultiplyByQuantizedMultiplier with double rounding of the i32 on the stack; multiplier and shift are pushed. */
export function emitMultiplyByQuantizedMultiplier(
  f: FunctionBuilder,
  locals: FixedPointLocals,
  multiplier: () => void,
  shift: () => void,
): void {
  const { x, exponent } = locals
  f.set(x)
  shift()
  f.set(exponent)
  // x << max(shift, 0)
  f.get(x).get(exponent).i32(0).get(exponent).i32(0).op('i32.gt_s').op('select').op('i32.shl').set(x)
  emitHighMultiply(f, () => f.get(x), multiplier)
  f.set(x)
  f.i32(0).i32(0).get(exponent).op('i32.sub').get(exponent).i32(0).op('i32.gt_s').op('select').set(exponent)
  emitRoundingShift(f, locals)
}

/** Clamps the i32 on the stack between two pushed values. */
export function emitClamp(f: FunctionBuilder, scratch: Local, min: () => void, max: () => void): void {
  f.set(scratch).get(scratch)
  max()
  f.get(scratch)
  max()
  f.op('i32.lt_s').op('select').set(scratch).get(scratch)
  min()
  f.get(scratch)
  min()
  f.op('i32.gt_s').op('select')
}
