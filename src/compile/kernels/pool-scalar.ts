import type { PoolStep } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { emitClamp } from './fixed-point.ts'
import type { ChosenKernel } from './kernel.ts'

/** Average (rounded half away from zero, TFLite pooling.h) or maximum over windows clipped to the image, one by one. */
export function poolScalarKernel(step: PoolStep): ChosenKernel {
  return {
    name: `${step.kind} scalar`,
    scratchBytes: 0,
    emit: (context) => {
      const { geometry: g } = step
      const f = new FunctionBuilder([], [])
      const zero = step.inputs[0]!.zeroPoint
      const average = step.kind === 'average-pool'
      const [batch, oy, ox, channel, ky, kx, iy, ix, acc, count, image, output, value] = Array.from(
        { length: 13 },
        () => f.local('i32'),
      ) as [number, number, number, number, number, number, number, number, number, number, number, number, number]
      f.i32(context.addressOf(step.inputs[0]!)).set(image)
      f.i32(context.addressOf(step.output)).set(output)
      const emitWindow = () => {
        f.i32(average ? 0 : -128)
          .set(acc)
          .i32(0)
          .set(count)
        f.count(ky, 0, g.filterHeight, 1, () => {
          f.get(oy).i32(g.strideHeight).op('i32.mul').i32(g.padTop).op('i32.sub').get(ky).op('i32.add').tee(iy)
          f.i32(g.inputHeight).op('i32.lt_u')
          f.if(() => {
            f.count(kx, 0, g.filterWidth, 1, () => {
              f.get(ox).i32(g.strideWidth).op('i32.mul').i32(g.padLeft).op('i32.sub').get(kx).op('i32.add').tee(ix)
              f.i32(g.inputWidth).op('i32.lt_u')
              f.if(() => {
                f.get(iy).i32(g.inputWidth).op('i32.mul').get(ix).op('i32.add').i32(g.inputChannels).op('i32.mul')
                f.get(channel).op('i32.add').get(image).op('i32.add').at('i32.load8_s').set(value)
                if (average) f.get(acc).get(value).op('i32.add').set(acc).advance(count, 1)
                else f.get(value).get(acc).get(value).get(acc).op('i32.gt_s').op('select').set(acc)
              })
            })
          })
        })
      }
      f.count(batch, 0, g.batches, 1, () => {
        f.count(oy, 0, g.outputHeight, 1, () => {
          f.count(ox, 0, g.outputWidth, 1, () => {
            f.count(channel, 0, g.outputChannels, 1, () => {
              emitWindow()
              f.get(output)
              if (average && step.semantics === 'fp32') {
                f.get(acc).i32(zero).get(count).op('i32.mul').op('i32.sub').op('f32.convert_i32_s')
                f.get(count).op('f32.convert_i32_s').op('f32.div').op('f32.nearest').op('i32.trunc_f32_s')
                f.i32(zero).op('i32.add')
              } else if (average) {
                f.get(count).i32(1).op('i32.shr_u').set(value)
                f.get(acc).get(value).i32(0).get(value).op('i32.sub').get(acc).i32(0).op('i32.gt_s').op('select')
                f.op('i32.add').get(count).op('i32.div_s')
              } else f.get(acc)
              emitClamp(
                f,
                value,
                () => f.i32(step.min),
                () => f.i32(step.max),
              )
              f.at('i32.store8').advance(output, 1)
            })
          })
        })
        f.advance(image, g.inputHeight * g.inputWidth * g.inputChannels)
      })
      return context.module.add(f)
    },
  }
}
