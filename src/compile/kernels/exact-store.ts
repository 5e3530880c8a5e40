import { FunctionBuilder } from '../wasm/function.ts'
import type { EmitContext } from './context.ts'
import { emitClamp, emitMultiplyByQuantizedMultiplier, fixedPointLocals } from './fixed-point.ts'

/**
 * Helper: requantises accumulators that a kernel spilled, one by one in fixed point, for channels whose float form
 * could not be proved. Parameters: accumulators, multipliers (the shifts behind them), bytes in between, output, rows, bytes between rows of
 * accumulators, bytes between rows of outputs, channels, zero point, min, max.
 */
export function exactStore(context: EmitContext): number {
  return context.helper('exact-store', () => {
    const f = new FunctionBuilder(
      Array.from({ length: 11 }, () => 'i32' as const),
      [],
    )
    const [accumulators, multipliers, between, output, rows, rowBytes, outputBytes, channels, zero, min, max] = [
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ] as const
    const channel = f.local('i32')
    const offset = f.local('i32')
    const result = f.local('i32')
    const locals = fixedPointLocals(f)
    f.loop(() => {
      f.i32(0).set(channel)
      f.loop(() => {
        f.get(channel).i32(2).op('i32.shl').set(offset)
        f.get(output).get(channel).op('i32.add')
        f.get(accumulators).get(offset).op('i32.add').at('i32.load')
        emitMultiplyByQuantizedMultiplier(
          f,
          locals,
          () => f.get(multipliers).get(offset).op('i32.add').at('i32.load'),
          () => f.get(multipliers).get(between).op('i32.add').get(offset).op('i32.add').at('i32.load'),
        )
        f.get(zero).op('i32.add')
        emitClamp(
          f,
          result,
          () => f.get(min),
          () => f.get(max),
        )
        f.at('i32.store8')
        f.advance(channel, 1).get(channel).get(channels).op('i32.lt_s').brIf(0)
      })
      f.get(accumulators).get(rowBytes).op('i32.add').set(accumulators)
      f.get(output).get(outputBytes).op('i32.add').set(output)
      f.get(rows).i32(1).op('i32.sub').tee(rows).brIf(0)
    })
    return context.module.add(f)
  })
}
