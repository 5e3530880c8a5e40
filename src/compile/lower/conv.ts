import type { FloatConvStep, FloatDepthwiseStep } from '../float-steps.ts'
import type { ConvStep, DepthwiseStep } from '../program.ts'
import { requantizationOf } from '../requantization.ts'
import {
  activationOf,
  constantBias,
  constantInt8,
  inputValue,
  type LowerContext,
  outputValue,
  refuse,
  requireType,
  tensorAt,
  weightScales,
} from './context.ts'
import { lowerFloatConv, lowerFloatDepthwise } from './float-conv.ts'
import { geometryOf } from './geometry.ts'

/** conv_2d with weights OHWI. */
export function lowerConv(context: LowerContext): ConvStep | FloatConvStep {
  if (tensorAt(context, 0).dtype === 'float32') return lowerFloatConv(context)
  const input = inputValue(context, 0)
  const output = outputValue(context)
  requireType(context, 'int8', input, output)
  const { tensor, data } = constantInt8(context, 1)
  const [channels, height, width, depth] = tensor.shape as [number, number, number, number]
  const geometry = geometryOf(context, input, output, { height, width })
  if (depth !== geometry.inputChannels) throw refuse(context, 'grouped convolutions are not compiled yet')
  if (channels !== geometry.outputChannels) throw refuse(context, 'its weights do not fit its output')
  const size = height * width * depth
  return {
    kind: 'conv',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: geometry.batches * geometry.outputHeight * geometry.outputWidth * channels * size,
    geometry,
    weights: data,
    requantize: requantizationOf(
      {
        input,
        output,
        weightScales: weightScales(context, tensor, channels),
        bias: constantBias(context, 2, channels),
        channels,
        activation: activationOf(context),
        floatProduct: false,
        weightsOf: (channel) => data.subarray(channel * size, (channel + 1) * size),
      },
      context.semantics,
    ),
  }
}

/** depthwise_conv_2d with weights 1HWC. One input channel makes it a plain convolution. */
export function lowerDepthwise(context: LowerContext): DepthwiseStep | ConvStep | FloatDepthwiseStep | FloatConvStep {
  if (tensorAt(context, 0).dtype === 'float32') return lowerFloatDepthwise(context)
  const input = inputValue(context, 0)
  const output = outputValue(context)
  requireType(context, 'int8', input, output)
  const { tensor, data } = constantInt8(context, 1)
  const [, height, width, channels] = tensor.shape as [number, number, number, number]
  const geometry = geometryOf(context, input, output, { height, width })
  if (channels !== geometry.outputChannels || channels % geometry.inputChannels !== 0)
    throw refuse(context, 'its weights do not fit its output')
  const taps = height * width
  const weightsOf = (channel: number) => Int8Array.from({ length: taps }, (_, tap) => data[tap * channels + channel]!)
  const requantize = requantizationOf(
    {
      input,
      output,
      weightScales: weightScales(context, tensor, channels),
      bias: constantBias(context, 2, channels),
      channels,
      activation: activationOf(context),
      floatProduct: false,
      weightsOf,
    },
    context.semantics,
  )
  const base = {
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: geometry.batches * geometry.outputHeight * geometry.outputWidth * channels * taps,
    geometry,
    requantize,
  }
  if (geometry.inputChannels > 1) return { kind: 'depthwise', ...base, weights: data }
  const weights = new Int8Array(channels * taps)
  for (let channel = 0; channel < channels; channel++) weights.set(weightsOf(channel), channel * taps)
  return { kind: 'conv', ...base, weights }
}
