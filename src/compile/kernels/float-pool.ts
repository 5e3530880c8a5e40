import type { FloatPoolStep } from '../float-steps.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitCut, fourLanes, oneLane } from './lanes.ts'
import { emitOutputs, tapLoop } from './window.ts'

/** Average or maximum of floats over windows clipped to the image; four channels at once where they come in fours. */
export function floatPoolKernel(step: FloatPoolStep, vector: boolean): ChosenKernel {
  const { geometry: g, mode } = step
  const lanes = vector && g.inputChannels % 4 === 0 ? fourLanes : oneLane
  const average = mode === 'average'
  return {
    name: `${mode}-pool f32 ${lanes === fourLanes ? 'simd128' : 'scalar'}`,
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const [channel, count, output, acc] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local(lanes.type)]
      const eachTap = tapLoop(f, g, 4)
      f.i32(context.addressOf(step.output)).set(output)
      emitOutputs(f, g, context.addressOf(step.inputs[0]!), 4, (site) => {
        f.count(channel, 0, 4 * g.inputChannels, 4 * lanes.count, () => {
          lanes.constant(f, average ? 0 : Number.NEGATIVE_INFINITY)
          f.set(acc).i32(0).set(count)
          eachTap(site, ({ address }) => {
            f.get(acc).get(address).get(channel).op('i32.add').at(lanes.load)
            lanes.op(f, average ? 'add' : 'max')
            f.set(acc).advance(count, 1)
          })
          f.get(output).get(acc)
          if (average) {
            f.get(count).op('f32.convert_i32_s')
            if (lanes === fourLanes) f.op('f32x4.splat')
            lanes.op(f, 'div')
          }
          emitCut(f, lanes, step.min, step.max)
          f.at(lanes.store).advance(output, 4 * lanes.count)
        })
      })
      return context.module.add(f)
    },
  }
}
