import type { FloatConvStep, FloatDepthwiseStep } from '../float-steps.ts'
import type { ConvStep, DepthwiseStep, Geometry, Value } from '../program.ts'
import { requantizationOf } from '../requantization.ts'
import { activationOf, inputValue, type LowerContext, outputValue, refuse, requireType } from './context.ts'
import { type ConvWeights, constantWeights, rearranged } from './conv-weights.ts'
import { floatRange } from './float-values.ts'
import { geometryOf } from './geometry.ts'

/** What a convolution, of any kind, reads and writes. */
export interface Places {
  readonly input: Value
  readonly output: Value
  readonly geometry: Geometry
}

/** The places of a node's convolution, of the type of its weights. @throws MilliwattError OP_UNSUPPORTED for others */
export function placesOf(context: LowerContext, inputIndex: number, weights: ConvWeights): Places {
  const [input, output] = [inputValue(context, inputIndex), outputValue(context)]
  requireType(context, weights.kind, input, output)
  const [, height, width] = weights.shape as [number, number, number, number]
  return { input, output, geometry: geometryOf(context, input, output, { height, width }) }
}

/** What steps of int8 and of floats share. */
function baseOf({ node }: LowerContext, { input, output, geometry: g }: Places, productsAnOutput: number) {
  const outputs = g.batches * g.outputHeight * g.outputWidth * g.outputChannels
  const name = node.name || output.name
  return { name, op: node.op, inputs: [input], output, macs: outputs * productsAnOutput, geometry: g }
}

/** A convolution without groups by weights OHWI: the step that has fast kernels. */
export function convStep(context: LowerContext, places: Places, weights: ConvWeights): ConvStep | FloatConvStep {
  const { input, output, geometry: g } = places
  const size = g.filterHeight * g.filterWidth * g.inputChannels
  const base = baseOf(context, places, size)
  const activation = activationOf(context)
  if (weights.kind === 'float32')
    return {
      kind: 'float-conv',
      ...base,
      weights: weights.data,
      bias: weights.bias,
      ...floatRange(context, activation),
    }
  const { data, scales: weightScales, bias } = weights
  const weightsOf = (channel: number) => data.subarray(channel * size, (channel + 1) * size)
  const channels = g.outputChannels
  const layer = { input, output, weightScales, bias, channels, activation, floatProduct: false, weightsOf }
  return { kind: 'conv', ...base, weights: data, requantize: requantizationOf(layer, context.semantics) }
}

/** A convolution by channel with weights 1HWC; of one input channel it is a plain one. */
function depthwiseStep(
  context: LowerContext,
  places: Places,
  weights: ConvWeights,
): DepthwiseStep | FloatDepthwiseStep | ConvStep | FloatConvStep {
  const { input, output, geometry: g } = places
  const channels = g.outputChannels
  const taps = g.filterHeight * g.filterWidth
  if (g.inputChannels === 1) return convStep(context, places, transposed(weights, taps, channels))
  const base = baseOf(context, places, taps)
  const activation = activationOf(context)
  if (weights.kind === 'float32')
    return {
      kind: 'float-depthwise',
      ...base,
      weights: weights.data,
      bias: weights.bias,
      ...floatRange(context, activation),
    }
  const { data, scales: weightScales, bias } = weights
  const weightsOf = (channel: number) => Int8Array.from({ length: taps }, (_, tap) => data[tap * channels + channel]!)
  const layer = { input, output, weightScales, bias, channels, activation, floatProduct: false, weightsOf }
  return { kind: 'depthwise', ...base, weights: data, requantize: requantizationOf(layer, context.semantics) }
}

/** Weights [rows, columns] as [columns, rows]. */
function transposed(weights: ConvWeights, rows: number, columns: number): ConvWeights {
  return rearranged(weights, (index) => (index % rows) * columns + Math.floor(index / rows))
}

/** depthwise_conv_2d with weights 1HWC. */
export function lowerDepthwise(context: LowerContext): DepthwiseStep | FloatDepthwiseStep | ConvStep | FloatConvStep {
  const weights = constantWeights(context, { weights: 1, bias: 2, axis: 3 })
  const places = placesOf(context, 0, weights)
  const { inputChannels, outputChannels } = places.geometry
  if (weights.shape[3] !== outputChannels || outputChannels % inputChannels !== 0)
    throw refuse(context, 'its weights do not fit its output')
  return depthwiseStep(context, places, weights)
}

/** conv_2d with weights OHWI. As many groups as channels make a convolution by channel, fewer are cut apart. */
export function lowerConv(context: LowerContext): ReturnType<typeof lowerDepthwise> {
  const weights = constantWeights(context, { weights: 1, bias: 2, axis: 0 })
  const places = placesOf(context, 0, weights)
  const { inputChannels, outputChannels, filterHeight, filterWidth } = places.geometry
  const [channels, , , depth] = weights.shape as [number, number, number, number]
  const groups = inputChannels / depth
  if (channels !== outputChannels || !Number.isInteger(groups) || channels % groups !== 0)
    throw refuse(context, 'its weights do not fit its output')
  if (groups === 1) return convStep(context, places, weights)
  if (depth > 1) throw refuse(context, 'it has groups of several channels')
  return depthwiseStep(context, places, transposed(weights, channels, filterHeight * filterWidth))
}
