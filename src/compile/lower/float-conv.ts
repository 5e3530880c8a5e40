import type { FloatConvStep, FloatDepthwiseStep } from '../float-steps.ts'
import { type Geometry, sizeOf, type Value } from '../program.ts'
import { activationOf, inputValue, type LowerContext, outputValue, refuse, requireType } from './context.ts'
import { constantFloats, floatBias, floatRange } from './float-values.ts'
import { geometryOf, rowsGeometry } from './geometry.ts'

function baseOf(context: LowerContext, geometry: Geometry, macs: number) {
  const output = outputValue(context)
  const input = inputValue(context, 0)
  requireType(context, 'float32', input, output)
  return {
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input] as readonly Value[],
    output,
    macs,
    geometry,
    bias: floatBias(context, geometry.outputChannels),
    ...floatRange(context, activationOf(context)),
  }
}

const pixelsOf = (g: Geometry) => g.batches * g.outputHeight * g.outputWidth

/** conv_2d of floats with weights OHWI. */
export function lowerFloatConv(context: LowerContext): FloatConvStep {
  const { shape, data } = constantFloats(context, 1)
  const [channels, height, width, depth] = shape as [number, number, number, number]
  const geometry = geometryOf(context, inputValue(context, 0), outputValue(context), { height, width })
  if (depth !== geometry.inputChannels) throw refuse(context, 'grouped convolutions are not compiled yet')
  if (channels !== geometry.outputChannels) throw refuse(context, 'its weights do not fit its output')
  return { kind: 'float-conv', ...baseOf(context, geometry, pixelsOf(geometry) * data.length), weights: data }
}

/** depthwise_conv_2d of floats with weights 1HWC. One input channel makes it a plain convolution. */
export function lowerFloatDepthwise(context: LowerContext): FloatDepthwiseStep | FloatConvStep {
  const { shape, data } = constantFloats(context, 1)
  const [, height, width, channels] = shape as [number, number, number, number]
  const geometry = geometryOf(context, inputValue(context, 0), outputValue(context), { height, width })
  if (channels !== geometry.outputChannels || channels % geometry.inputChannels !== 0)
    throw refuse(context, 'its weights do not fit its output')
  const base = baseOf(context, geometry, pixelsOf(geometry) * data.length)
  if (geometry.inputChannels > 1) return { kind: 'float-depthwise', ...base, weights: data }
  const taps = height * width
  const weights = data.map((_, at) => data[(at % taps) * channels + Math.floor(at / taps)]!)
  return { kind: 'float-conv', ...base, weights }
}

/** fully_connected of floats with weights [out, in]. */
export function lowerFloatFullyConnected(context: LowerContext): FloatConvStep {
  const { shape, data } = constantFloats(context, 1)
  const [channels, depth] = shape as [number, number]
  const rows = sizeOf(inputValue(context, 0).shape) / depth
  if (!Number.isInteger(rows) || rows * channels !== sizeOf(outputValue(context).shape))
    throw refuse(context, 'its weights do not fit its input and output')
  const base = baseOf(context, rowsGeometry(rows, depth, channels), rows * data.length)
  return { kind: 'float-conv', ...base, weights: data }
}
