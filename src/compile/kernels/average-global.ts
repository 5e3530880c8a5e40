import type { PoolStep } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'

/** Windows whose sums fit int16: 128 · 255. */
const maxPixels = 255

/** Whether a pool takes the whole image at once, in few enough pixels for int16 sums. */
export function isGlobalAverage({ kind, geometry: g }: PoolStep): boolean {
  return (
    kind === 'average-pool' &&
    g.outputHeight * g.outputWidth === 1 &&
    g.padTop + g.padLeft === 0 &&
    g.filterHeight >= g.inputHeight &&
    g.filterWidth >= g.inputWidth &&
    g.inputHeight * g.inputWidth <= maxPixels &&
    g.inputChannels % 8 === 0
  )
}

/**
 * Average over the whole image, 8 channels at once. The rounded quotient is taken in float32, which is exact here:
 * below 2^16 / n the distance of a quotient to the next integer exceeds half a float32 step.
 */
export function averageGlobalKernel(step: PoolStep): ChosenKernel {
  return {
    name: 'average-pool simd128 global',
    scratchBytes: 0,
    emit: (context) => {
      const { geometry: g } = step
      const f = new FunctionBuilder([], [])
      const zero = step.inputs[0]!.zeroPoint
      const pixels = g.inputHeight * g.inputWidth
      const channels = g.inputChannels
      const [batch, channel, pixel, source, image, output] = [0, 1, 2, 3, 4, 5].map(() => f.local('i32')) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const [sum, low] = [f.local('v128'), f.local('v128')]
      f.i32(context.addressOf(step.inputs[0]!)).set(image)
      f.i32(context.addressOf(step.output)).set(output)
      const quotient = (extend: 'i32x4.extend_low_i16x8_s' | 'i32x4.extend_high_i16x8_s') => {
        if (step.semantics === 'fp32') {
          // zero + RNE((sum - n · zero) / n), as onnxruntime.
          f.get(sum)
            .op(extend)
            .i32x4(pixels * zero)
            .op('i32x4.sub')
            .op('f32x4.convert_i32x4_s')
          f.f32x4(pixels).op('f32x4.div').op('f32x4.nearest').op('i32x4.trunc_sat_f32x4_s')
          f.i32x4(zero).op('i32x4.add')
          return
        }
        // (sum + sign(sum) · (n >> 1)) / n, truncated.
        f.get(sum)
          .op(extend)
          .tee(low)
          .i32x4(pixels >> 1)
        f.i32x4(-(pixels >> 1))
          .get(low)
          .i32x4(0)
          .op('i32x4.gt_s')
          .op('v128.bitselect')
          .op('i32x4.add')
        f.op('f32x4.convert_i32x4_s').f32x4(pixels).op('f32x4.div').op('i32x4.trunc_sat_f32x4_s')
      }
      f.count(batch, 0, g.batches, 1, () => {
        f.count(channel, 0, channels, 8, () => {
          f.get(image).get(channel).op('i32.add').set(source)
          f.i16x8(0).set(sum)
          f.count(pixel, 0, pixels, 1, () => {
            f.get(source).at('v128.load8x8_s').get(sum).op('i16x8.add').set(sum)
            f.advance(source, channels)
          })
          f.get(output).get(channel).op('i32.add')
          quotient('i32x4.extend_low_i16x8_s')
          quotient('i32x4.extend_high_i16x8_s')
          f.op('i16x8.narrow_i32x4_s').set(sum).get(sum).get(sum).op('i8x16.narrow_i16x8_s')
          f.i8x16(step.min).op('i8x16.max_s').i8x16(step.max).op('i8x16.min_s')
          f.storeLane('v128.store64_lane', 0)
        })
        f.advance(image, pixels * channels).advance(output, channels)
      })
      return context.module.add(f)
    },
  }
}
