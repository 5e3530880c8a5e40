import type { ConvStep, DepthwiseStep } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { scalarRequantize } from './requantize-scalar.ts'

/** Any convolution, one product after the other: what runs where SIMD is absent or no fast kernel fits. */
export function convScalarKernel(step: ConvStep | DepthwiseStep): ChosenKernel {
  return {
    name: `${step.kind} scalar`,
    scratchBytes: 0,
    emit: (context) => {
      const { geometry: g, requantize: r } = step
      const depthwise = step.kind === 'depthwise'
      const depth = depthwise ? 1 : g.inputChannels
      const multiplier = g.outputChannels / g.inputChannels
      const f = new FunctionBuilder([], [])
      const weightsAt = context.constant(step.weights)
      const biasAt = context.constant(r.bias)
      const requantize = scalarRequantize(f, context, r)
      const [batch, oy, ox, channel, ky, kx, iy, ix, acc, image, output, source, weight, at] = Array.from(
        { length: 14 },
        () => f.local('i32'),
      ) as number[] as [
        number,
        number,
        number,
        number,
        number,
        number,
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
      const input = step.inputs[0]!
      f.i32(context.addressOf(input)).set(image)
      f.i32(context.addressOf(step.output)).set(output)
      const emitProducts = () => {
        f.get(iy).i32(g.inputWidth).op('i32.mul').get(ix).op('i32.add').i32(g.inputChannels).op('i32.mul')
        if (depthwise) f.get(channel).i32(multiplier).op('i32.div_u').op('i32.add')
        f.get(image).op('i32.add').set(source)
        f.get(ky).i32(g.filterWidth).op('i32.mul').get(kx).op('i32.add')
        if (depthwise) f.i32(g.outputChannels).op('i32.mul').get(channel).op('i32.add')
        else
          f.get(channel)
            .i32(g.filterHeight * g.filterWidth)
            .op('i32.mul')
            .op('i32.add')
            .i32(depth)
            .op('i32.mul')
        f.set(weight)
        f.count(at, 0, depth, 1, () => {
          f.get(source).get(at).op('i32.add').at('i32.load8_s').i32(input.zeroPoint).op('i32.sub')
          f.get(weight).get(at).op('i32.add').at('i32.load8_s', weightsAt).op('i32.mul')
          f.get(acc).op('i32.add').set(acc)
        })
      }
      const emitAccumulator = () => {
        f.get(channel).i32(2).op('i32.shl').at('i32.load', biasAt).set(acc)
        f.count(ky, 0, g.filterHeight, 1, () => {
          f.get(oy).i32(g.strideHeight).op('i32.mul').i32(g.padTop).op('i32.sub')
          f.get(ky).i32(g.dilationHeight).op('i32.mul').op('i32.add').tee(iy).i32(g.inputHeight).op('i32.lt_u')
          f.if(() => {
            f.count(kx, 0, g.filterWidth, 1, () => {
              f.get(ox).i32(g.strideWidth).op('i32.mul').i32(g.padLeft).op('i32.sub')
              f.get(kx).i32(g.dilationWidth).op('i32.mul').op('i32.add').tee(ix).i32(g.inputWidth).op('i32.lt_u')
              f.if(emitProducts)
            })
          })
        })
      }
      f.count(batch, 0, g.batches, 1, () => {
        f.count(oy, 0, g.outputHeight, 1, () => {
          f.count(ox, 0, g.outputWidth, 1, () => {
            f.count(channel, 0, g.outputChannels, 1, () => {
              emitAccumulator()
              f.get(output).get(acc)
              requantize(channel)
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
