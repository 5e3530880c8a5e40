import { MilliwattError } from '../core/errors.ts'
import { quantizedRange } from '../graph/reference/activation.ts'
import { quantizeMultiplier } from '../graph/reference/fixed-point.ts'
import type { Requantization, Semantics, Value } from './program.ts'

/** Fused activation functions of TFLite. */
export type Activation = 'none' | 'relu' | 'relu6' | 'relu_n1_to_1'

/** Quantised range of an output behind a fused activation. @throws MilliwattError OP_UNSUPPORTED for others */
export function activationRange(activation: string, output: Value): { readonly min: number; readonly max: number } {
  const range = quantizedRange(activation, output)
  if (!range)
    throw new MilliwattError('OP_UNSUPPORTED', output.name, `the fused activation ${activation} is not compiled`)
  return { min: range[0], max: range[1] }
}

/** What a layer's accumulators are made of. `sums` walks the weights of one output channel. */
export interface Accumulation {
  readonly input: Value
  readonly output: Value
  readonly weightScales: readonly number[]
  readonly bias: Int32Array | null
  readonly channels: number
  readonly activation: string
  /** TFLite forms the product of a fully connected layer's scales in float32, that of a convolution in float64. */
  readonly floatProduct: boolean
  weightsOf(channel: number): Iterable<number>
}

/** Multipliers and reachable accumulators of a layer, channel by channel. */
export function requantizationOf(layer: Accumulation, semantics: Semantics): Requantization {
  const { input, output, channels } = layer
  const inputLow = -128 - input.zeroPoint
  const inputHigh = 127 - input.zeroPoint
  const result = {
    semantics,
    bias: new Int32Array(channels),
    multipliers: new Int32Array(channels),
    shifts: new Int32Array(channels),
    scales: new Float32Array(channels),
    low: new Float64Array(channels),
    high: new Float64Array(channels),
    zeroPoint: output.zeroPoint,
    ...activationRange(layer.activation, output),
  }
  for (let channel = 0; channel < channels; channel++) {
    const weightScale = layer.weightScales[layer.weightScales.length === 1 ? 0 : channel]!
    const product = input.scale * weightScale
    const real = (layer.floatProduct ? Math.fround(product) : product) / output.scale
    const fixed = quantizeMultiplier(real)
    const bias = layer.bias?.[channel] ?? 0
    let low = bias
    let high = bias
    for (const weight of layer.weightsOf(channel)) {
      low += weight > 0 ? weight * inputLow : weight * inputHigh
      high += weight > 0 ? weight * inputHigh : weight * inputLow
    }
    result.bias[channel] = bias
    result.multipliers[channel] = fixed.multiplier
    result.shifts[channel] = fixed.shift
    result.scales[channel] = Math.fround(Math.fround(product) / Math.fround(output.scale))
    result.low[channel] = low
    result.high[channel] = high
  }
  return result
}
