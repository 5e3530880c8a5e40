import type { FloatConvStep, FloatDepthwiseStep } from '../float-steps.ts'
import { convolve, depthwiseForm, type Products, plainForm } from '../loops/convolution.ts'
import { add, mul, sub } from '../loops/expressions.ts'
import { clampFloat } from '../loops/fixed-point.ts'
import { requantizationLoops } from '../loops/requantize.ts'
import { LoopWriter } from '../loops/writer.ts'
import type { ConvStep, DepthwiseStep } from '../program.ts'
import type { ChosenKernel } from './kernel.ts'
import { loopsKernel } from './loops.ts'

type AnyConvStep = ConvStep | DepthwiseStep | FloatConvStep | FloatDepthwiseStep

function productsOf(w: LoopWriter, step: AnyConvStep): Products {
  const { zeroPoint } = step.inputs[0]!
  const x = w.value(step.inputs[0]!)
  if ('requantize' in step) {
    const [weights, bias] = [w.constant('int8', step.weights), w.integers(step.requantize.bias)]
    const requantize = requantizationLoops(w, step.requantize)
    return {
      start: () => w.number('i32', 0),
      take: (sum, from, weight) => w.set(sum, add(sum, mul(sub(w.load(x, from), zeroPoint), w.load(weights, weight)))),
      finish: (sum, channel) => requantize(add(sum, w.load(bias, channel)), channel),
    }
  }
  const [weights, bias] = [w.constant('float32', step.weights), w.constant('float32', step.bias)]
  return {
    start: () => w.number('f32', 0),
    take: (sum, from, weight) => w.set(sum, add(sum, mul(w.load(x, from), w.load(weights, weight)))),
    finish: (sum, channel) => clampFloat(add(sum, w.load(bias, channel)), [step.min, step.max]),
  }
}

/** Any convolution, one product after the other. */
export function convScalarKernel(step: AnyConvStep): ChosenKernel {
  const w = new LoopWriter()
  const plain = step.kind === 'conv' || step.kind === 'float-conv'
  const { geometry: g } = step
  const out = w.value(step.output)
  convolve(w, g, plain ? plainForm : depthwiseForm, plain ? g.inputChannels : 1, productsOf(w, step), (at, value) =>
    w.store(out, at, value),
  )
  return loopsKernel(w.step(step, step.output, step.kind, step.macs))
}
