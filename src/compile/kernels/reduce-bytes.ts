import type { ReduceStep } from '../program.ts'
import type { FunctionBuilder } from '../wasm/function.ts'
import type { EmitContext } from './context.ts'
import type { Accumulator } from './reduce.ts'
import { scalarRequantize } from './requantize-scalar.ts'

const least = -(2 ** 31)

/** Where a reduction of bytes happens: one accumulator or four, `count` elements each. */
interface Site {
  readonly wide: boolean
  readonly count: number
  /** 16 bytes for four accumulators. */
  readonly scratch: number
}

/** Accumulators of int8 and uint8: int32, requantised one by one. */
export function byteAccumulator(
  f: FunctionBuilder,
  context: EmitContext,
  step: ReduceStep,
  { wide, count, scratch }: Site,
): Accumulator {
  const { mode, requantize: r } = step
  const input = step.inputs[0]!
  const signed = input.dtype === 'int8'
  const acc = f.local(wide ? 'v128' : 'i32')
  const [value, channel] = [f.local('i32'), f.local('i32')]
  const requantize = r ? scalarRequantize(f, context, r) : null
  const first = { mean: 0, sum: 0, max: least, min: -(least + 1) }[mode]
  const combine = () => {
    if (mode === 'mean' || mode === 'sum') f.op(wide ? 'i32x4.add' : 'i32.add')
    else if (wide) f.op(mode === 'max' ? 'i32x4.max_s' : 'i32x4.min_s')
    else {
      f.set(value).get(value).get(acc).get(value)
      f.op(mode === 'max' ? 'i32.gt_s' : 'i32.lt_s').op('select')
    }
  }
  const store = (lane: number) => {
    if (requantize) {
      f.i32(input.zeroPoint * count).op('i32.sub')
      requantize(channel)
    }
    f.at('i32.store8', lane)
  }
  return {
    start: () => {
      if (wide) f.i32x4(first).set(acc)
      else f.i32(first).set(acc)
    },
    take: (address) => {
      f.get(acc)
      address()
      if (wide) {
        f.at('v128.load32_zero').op(signed ? 'i16x8.extend_low_i8x16_s' : 'i16x8.extend_low_i8x16_u')
        f.op('i32x4.extend_low_i16x8_s')
      } else f.at(signed ? 'i32.load8_s' : 'i32.load8_u')
      combine()
      f.set(acc)
    },
    finish: (address) => {
      if (wide) f.i32(scratch).get(acc).at('v128.store')
      for (let lane = 0; lane < (wide ? 4 : 1); lane++) {
        address()
        if (wide) f.i32(scratch).at('i32.load', 4 * lane)
        else f.get(acc)
        store(lane)
      }
    },
  }
}
