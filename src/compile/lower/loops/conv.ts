import { type ConvolutionForm, convolve, depthwiseForm, plainForm, transposedForm } from '../../loops/convolution.ts'
import type { LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { type LowerContext, refuse } from '../context.ts'
import { geometryOf } from '../geometry.ts'
import { productsOf } from './products.ts'
import { optionalSource, sourceAt, targetAt } from './source.ts'

/** Numbers of the inputs: activations, weights, bias. */
type Inputs = readonly [number, number, number]

const forms: Readonly<Record<string, { readonly inputs: Inputs; readonly form: ConvolutionForm }>> = {
  conv_2d: { inputs: [0, 1, 2], form: plainForm },
  depthwise_conv_2d: { inputs: [0, 1, 2], form: depthwiseForm },
  transpose_conv: { inputs: [2, 1, 3], form: transposedForm },
}

/** Any convolution of any types: conv_2d (in groups too), depthwise_conv_2d, transpose_conv. */
export function lowerConvLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const { inputs, form } = forms[context.node.op]!
  const [x, weights] = [sourceAt(w, context, inputs[0]), sourceAt(w, context, inputs[1])]
  const out = targetAt(w, context)
  const [, height, width] = weights.value.shape as [number, number, number, number]
  const g = geometryOf(context, x.value, out.value, { height, width })
  const depth = form === depthwiseForm ? 1 : weights.value.shape[3]!
  const groups = g.inputChannels / depth
  const channels = g.outputChannels
  if (!Number.isInteger(groups) || channels % groups !== 0) throw refuse(context, 'its weights do not fit its input')
  const bias = optionalSource(w, context, inputs[2])
  convolve(w, g, form, depth, productsOf(w, context, { x, weights, bias, out, channels }), out.store)
  const pixels = form === transposedForm ? g.inputHeight * g.inputWidth : g.outputHeight * g.outputWidth
  const macs = g.batches * pixels * channels * g.filterHeight * g.filterWidth * depth
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`, macs)
}
