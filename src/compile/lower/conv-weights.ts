import { sizeOf } from '../program.ts'
import { constantBias, constantInt8, type LowerContext, tensorAt, toValue, weightScales } from './context.ts'
import { constantFloats, floatBias } from './float-values.ts'

/** Constant weights of a convolution with their bias: int8 with a scale each channel or one, or floats. */
export type ConvWeights = {
  /** As it stands in the model. */
  readonly shape: readonly number[]
} & (
  | {
      readonly kind: 'int8'
      readonly data: Int8Array
      readonly scales: readonly number[]
      readonly bias: Int32Array | null
    }
  | { readonly kind: 'float32'; readonly data: Float32Array; readonly bias: Float32Array }
)

/** Which inputs hold weights and bias, and which axis of the weights counts the output's channels. */
interface WeightPlaces {
  readonly weights: number
  readonly bias: number
  readonly axis: number
}

/** Weights for the type of the first activation: of floats where that is float32. */
export function constantWeights(context: LowerContext, { weights, bias, axis }: WeightPlaces): ConvWeights {
  const shape = toValue(tensorAt(context, weights)).shape
  const channels = shape[axis]!
  const activations = tensorAt(context, context.node.op === 'transpose_conv' ? 2 : 0)
  if (activations.dtype === 'float32') {
    const { data } = constantFloats(context, weights)
    return { kind: 'float32', shape, data, bias: floatBias(context, bias, channels) }
  }
  const { tensor, data } = constantInt8(context, weights)
  const scales = weightScales(context, tensor, channels)
  return { kind: 'int8', shape, data, scales, bias: constantBias(context, bias, channels) }
}

/** Some neighbouring output channels of weights OHWI. */
export function pickChannels(weights: ConvWeights, first: number, count: number): ConvWeights {
  const shape = [count, ...weights.shape.slice(1)]
  const size = sizeOf(weights.shape.slice(1))
  const [from, to] = [first * size, (first + count) * size]
  if (weights.kind === 'float32')
    return { ...weights, shape, data: weights.data.slice(from, to), bias: weights.bias.slice(first, first + count) }
  const { scales, bias } = weights
  return {
    ...weights,
    shape,
    data: weights.data.slice(from, to),
    scales: scales.length === 1 ? scales : scales.slice(first, first + count),
    bias: bias?.slice(first, first + count) ?? null,
  }
}

/** Elements in another order: the new place of each is where `from` finds it. */
export function rearranged(weights: ConvWeights, from: (index: number) => number): ConvWeights {
  if (weights.kind === 'float32')
    return { ...weights, data: weights.data.map((_, index) => weights.data[from(index)]!) }
  return { ...weights, data: weights.data.map((_, index) => weights.data[from(index)]!) }
}
