import { roundingMagic64, tieBreak } from '../requantize-proof.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import type { EmitContext } from './context.ts'

const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
const lowWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]
const signOfFloat64 = new Uint8Array(new Float64Array([-0, -0]).buffer)

/**
 * Helper: requantises accumulators that a kernel spilled in float64, for channels whose float32 form could not be
 * proved. Parameters: accumulators, constants (float64 scales of all channels, then offsets), bytes from scales to
 * offsets, output, rows, bytes between rows of accumulators, bytes between rows of outputs, channels, zero point,
 * min, max.
 */
export function wideStore(context: EmitContext): number {
  return context.helper('wide-store', () => {
    const f = new FunctionBuilder(
      Array.from({ length: 11 }, () => 'i32' as const),
      [],
    )
    const [accumulators, constants, offsetsAt, output, rows, rowBytes, outputBytes, channels, zero, min, max] = [
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ] as const
    const [channel, source, scales, offsets, target] = [0, 1, 2, 3, 4].map(() => f.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ]
    const [y, low, first, zeros] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('v128')]
    const bytes = f.local('i64')
    const half = (at: number) => {
      f.op('f64x2.convert_low_i32x4_s').get(scales).at('v128.load', at).op('f64x2.mul')
      f.tee(y).get(y).v128(signOfFloat64).op('v128.and').get(offsets).at('v128.load', at).op('v128.xor')
      f.op('f64x2.add').f64x2(tieBreak).op('f64x2.add').f64x2(roundingMagic64).op('f64x2.add')
    }
    const four = (index: number) => {
      f.get(source).at('v128.load', 16 * index)
      half(32 * index)
      f.set(low)
      f.get(source)
        .at('v128.load', 16 * index)
        .tee(y)
        .get(y)
        .shuffle(highHalf)
      half(32 * index + 16)
      f.set(y).get(low).get(y).shuffle(lowWords).get(zeros).op('i32x4.add')
    }
    f.get(zero).op('i32x4.splat').set(zeros)
    f.loop(() => {
      f.i32(0).set(channel).get(output).set(target).get(accumulators).set(source).get(constants).tee(scales)
      f.get(offsetsAt).op('i32.add').set(offsets)
      f.loop(() => {
        four(0)
        f.set(first)
        four(1)
        f.set(low).get(first).get(low).op('i16x8.narrow_i32x4_s')
        f.get(min).op('i16x8.splat').op('i16x8.max_s').get(max).op('i16x8.splat').op('i16x8.min_s')
        f.tee(y).get(y).op('i8x16.narrow_i16x8_s').lane('i64x2.extract_lane', 0).set(bytes)
        f.advance(channel, 8).get(channel).get(channels).op('i32.le_s')
        f.if(
          () => f.get(target).get(bytes).at('i64.store'),
          () => {
            f.get(channel).i32(8).op('i32.sub').set(channel)
            f.loop(() => {
              f.get(target).get(bytes).at('i64.store8').get(bytes).i64(8n).op('i64.shr_u').set(bytes)
              f.advance(target, 1).advance(channel, 1).get(channel).get(channels).op('i32.lt_s').brIf(0)
            })
          },
        )
        f.advance(target, 8).advance(source, 32).advance(scales, 64).advance(offsets, 64)
        f.get(channel).get(channels).op('i32.lt_s').brIf(0)
      })
      f.get(accumulators).get(rowBytes).op('i32.add').set(accumulators)
      f.get(output).get(outputBytes).op('i32.add').set(output)
      f.get(rows).i32(1).op('i32.sub').tee(rows).brIf(0)
    })
    return context.module.add(f)
  })
}
