import type { FloatConvStep, FloatDepthwiseStep } from '../float-steps.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitCut, oneLane } from './lanes.ts'
import { emitOutputs, type TapSite, tapLoop } from './window.ts'

/** Any convolution of floats, one product after the other. */
export function floatConvScalarKernel(step: FloatConvStep | FloatDepthwiseStep): ChosenKernel {
  return {
    name: `${step.kind} scalar`,
    scratchBytes: 0,
    emit: (context) => {
      const { geometry: g } = step
      const depthwise = step.kind === 'float-depthwise'
      const depth = depthwise ? 1 : g.inputChannels
      const taps = g.filterHeight * g.filterWidth
      const f = new FunctionBuilder([], [])
      const weightsAt = context.constant(step.weights)
      const biasAt = context.constant(step.bias)
      const [channel, output, weight, source, at] = Array.from({ length: 5 }, () => f.local('i32')) as [
        number,
        number,
        number,
        number,
        number,
      ]
      const acc = f.local('f32')
      const eachTap = tapLoop(f, g, 4)
      const emitProducts = ({ tap, address }: TapSite) => {
        f.get(address)
        if (depthwise)
          f.get(channel)
            .i32(g.outputChannels / g.inputChannels)
            .op('i32.div_u')
            .i32(2)
            .op('i32.shl')
            .op('i32.add')
        f.set(source)
        if (depthwise) f.get(tap).i32(g.outputChannels).op('i32.mul').get(channel).op('i32.add')
        else f.get(channel).i32(taps).op('i32.mul').get(tap).op('i32.add').i32(depth).op('i32.mul')
        f.i32(2).op('i32.shl').set(weight)
        f.count(at, 0, 4 * depth, 4, () => {
          f.get(source).get(at).op('i32.add').at('f32.load')
          f.get(weight).get(at).op('i32.add').at('f32.load', weightsAt).op('f32.mul')
          f.get(acc).op('f32.add').set(acc)
        })
      }
      f.i32(context.addressOf(step.output)).set(output)
      emitOutputs(f, g, context.addressOf(step.inputs[0]!), 4, (site) => {
        f.count(channel, 0, g.outputChannels, 1, () => {
          f.f32(0).set(acc)
          eachTap(site, emitProducts)
          f.get(output).get(acc).get(channel).i32(2).op('i32.shl').at('f32.load', biasAt).op('f32.add')
          emitCut(f, oneLane, step.min, step.max)
          f.at('f32.store').advance(output, 4)
        })
      })
      return context.module.add(f)
    },
  }
}
