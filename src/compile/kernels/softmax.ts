import type { SoftmaxStep } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { emitClamp, emitHighMultiply, emitRoundingShift, fixedPointLocals } from './fixed-point.ts'
import type { ChosenKernel } from './kernel.ts'

/** Fraction bits below the accumulated sum (TFLite reference softmax.h: kAccumulationIntegerBits = 12). */
const accumulationBits = 12

/**
 * TFLite's int8 reference softmax: exponentials from a table, their sum in Q12.19, its reciprocal by three Newton
 * steps (gemmlowp's one_over_one_plus_x_for_x_in_0_1), products rounded to Q0.8.
 */
export function softmaxKernel(step: SoftmaxStep): ChosenKernel {
  return {
    name: 'softmax table',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const table = context.constant(step.exponentials)
      const [row, at, max, sum, value, headroom, half, x, bits] = Array.from({ length: 9 }, () => f.local('i32')) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const fixed = fixedPointLocals(f)
      const wide = f.local('i64')
      const limit = 2147483647n
      /** The i32 on the stack times 2^bits, at most 2^31 − 1 (what is shifted here is never very negative). */
      const emitSaturatingShift = (count: number) => {
        f.op('i64.extend_i32_s').i64(BigInt(count)).op('i64.shl').set(wide)
        f.get(wide).i64(limit).get(wide).i64(limit).op('i64.lt_s').op('select').op('i32.wrap_i64')
      }
      const input = context.addressOf(step.inputs[0]!)
      const output = context.addressOf(step.output)
      const exponential = () => {
        f.get(max).get(row).get(at).op('i32.add').at('i32.load8_s', input).op('i32.sub')
        f.i32(2).op('i32.shl').at('i32.load', table)
      }
      f.count(row, 0, step.rows * step.depth, step.depth, () => {
        f.i32(-128).set(max).i32(0).set(sum)
        f.count(at, 0, step.depth, 1, () => {
          f.get(row).get(at).op('i32.add').at('i32.load8_s', input).set(value)
          f.get(value).get(max).get(value).get(max).op('i32.gt_s').op('select').set(max)
        })
        f.count(at, 0, step.depth, 1, () => {
          exponential()
          f.set(fixed.x).i32(accumulationBits).set(fixed.exponent)
          emitRoundingShift(f, fixed)
          f.get(sum).op('i32.add').set(sum)
        })
        // GetReciprocal: the sum as 1 + half_denominator's fraction, and the bits over the unit.
        f.get(sum).op('i32.clz').set(headroom)
        f.i32(accumulationBits).get(headroom).op('i32.sub').set(bits)
        f.get(sum).get(headroom).op('i32.shl').i32(-0x80000000).op('i32.sub').set(value)
        // half = RoundingHalfSum(value, 1.0), 1.0 in Q0.31 being 2^31 − 1.
        f.get(value)
          .op('i64.extend_i32_s')
          .i64(limit + 1n)
          .op('i64.add')
          .i64(1n)
          .op('i64.shr_s')
        f.op('i32.wrap_i64').set(half)
        // x = 48/17 − 32/17 · half in Q2.29, then x += x · (1 − half · x) thrice.
        emitHighMultiply(
          f,
          () => f.get(half),
          () => f.i32(-1010580540),
        )
        f.i32(1515870810).op('i32.add').set(x)
        for (let turn = 0; turn < 3; turn++) {
          f.i32(1 << 29)
          emitHighMultiply(
            f,
            () => f.get(half),
            () => f.get(x),
          )
          f.op('i32.sub').set(value)
          emitHighMultiply(
            f,
            () => f.get(x),
            () => f.get(value),
          )
          emitSaturatingShift(2)
          f.get(x).op('i32.add').set(x)
        }
        f.get(x)
        emitSaturatingShift(1)
        f.set(x)
        f.count(at, 0, step.depth, 1, () => {
          f.get(row).get(at).op('i32.add')
          emitHighMultiply(f, () => f.get(x), exponential)
          f.set(fixed.x)
            .get(bits)
            .i32(31 - 8)
            .op('i32.add')
            .set(fixed.exponent)
          emitRoundingShift(f, fixed)
          f.i32(128).op('i32.sub')
          emitClamp(
            f,
            value,
            () => f.i32(-128),
            () => f.i32(127),
          )
          f.at('i32.store8', output)
        })
      })
      return context.module.add(f)
    },
  }
}
