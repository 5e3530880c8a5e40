import type { Requantization } from '../program.ts'
import type { FunctionBuilder, Local } from '../wasm/function.ts'
import type { EmitContext } from './context.ts'
import { emitClamp, emitMultiplyByQuantizedMultiplier, fixedPointLocals } from './fixed-point.ts'

/**
 * Prepares the requantisation of single accumulators. The returned writer takes the i32 on the stack to the output's
 * integer; `channel` is a local.
 */
export function scalarRequantize(
  f: FunctionBuilder,
  context: EmitContext,
  r: Requantization,
): (channel: Local) => void {
  const scratch = f.local('i32')
  if (r.semantics === 'fp32') {
    const scalesAt = context.constant(r.scales)
    // Clamped before it is rounded, which changes nothing and keeps the conversion in range.
    return (channel) => {
      f.op('f32.convert_i32_s').get(channel).i32(2).op('i32.shl').at('f32.load', scalesAt).op('f32.mul')
      f.f32(r.min - r.zeroPoint)
        .op('f32.max')
        .f32(r.max - r.zeroPoint)
        .op('f32.min')
      f.op('f32.nearest').op('i32.trunc_f32_s').i32(r.zeroPoint).op('i32.add')
    }
  }
  const fixed = fixedPointLocals(f)
  const multipliersAt = context.constant(r.multipliers)
  const shiftsAt = context.constant(r.shifts)
  return (channel) => {
    const load = (address: number) => () => f.get(channel).i32(2).op('i32.shl').at('i32.load', address)
    emitMultiplyByQuantizedMultiplier(f, fixed, load(multipliersAt), load(shiftsAt))
    f.i32(r.zeroPoint).op('i32.add')
    emitClamp(
      f,
      scratch,
      () => f.i32(r.min),
      () => f.i32(r.max),
    )
  }
}
