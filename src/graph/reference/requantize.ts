import {
  type Multiplier,
  multiplyByQuantizedMultiplier,
  multiplyWideByQuantizedMultiplier,
  quantizeMultiplier,
  roundHalfEven,
} from './fixed-point.ts'
import { type Call, type Operand, scale } from './kernel.ts'

/** From an accumulator to the output's steps, zero point not yet added; `channel` for scales by channel. */
export type Requantize = (accumulator: number, channel: number) => number

/**
 * Factor of a product in TFLite: double arithmetic for convolutions and whenever the weights have a scale a channel;
 * the product of the two scales in float32 for a fully connected layer and for uint8.
 */
function realMultipliers(x: Operand, weights: Operand, out: Operand, floatProduct: boolean): readonly number[] {
  const scales = weights.tensor.quantization?.scales ?? [scale(weights)]
  const single = scales.length === 1 && floatProduct
  return scales.map((each) => (single ? Math.fround(scale(x) * each) : scale(x) * each) / scale(out))
}

function fixedPoint(multipliers: readonly Multiplier[], wide: boolean): Requantize {
  const multiply = wide ? multiplyWideByQuantizedMultiplier : multiplyByQuantizedMultiplier
  const last = multipliers.length - 1
  return (accumulator, channel) => multiply(wide ? accumulator : accumulator | 0, multipliers[Math.min(channel, last)]!)
}

/** RNE(fl32(accumulator) · fl32(fl32(x · w) / out)): the order of XNNPACK and onnxruntime. */
function floatScale(x: Operand, weights: Operand, out: Operand): Requantize {
  const scales = (weights.tensor.quantization?.scales ?? [scale(weights)]).map((each) =>
    Math.fround(Math.fround(scale(x) * each) / scale(out)),
  )
  const last = scales.length - 1
  return (accumulator, channel) =>
    roundHalfEven(Math.fround(Math.fround(accumulator) * scales[Math.min(channel, last)]!))
}

/**
 * Requantisation of sums of products x · weights.
 * @param floatProduct as TFLite's fully connected computes its factor
 * @param wide accumulators of 64 bits (int16 activations with an int64 bias)
 */
export function productRequantize(
  call: Call,
  x: Operand,
  weights: Operand,
  out: Operand,
  { floatProduct = false, wide = false }: { readonly floatProduct?: boolean; readonly wide?: boolean } = {},
): Requantize {
  if (call.semantics === 'fp32') return floatScale(x, weights, out)
  const float = floatProduct || x.tensor.dtype === 'uint8'
  return fixedPoint(realMultipliers(x, weights, out, float).map(quantizeMultiplier), wide)
}

/** Requantisation by one real factor (double arithmetic in `tflm`, one float32 factor in `fp32`). */
export function factorRequantize(call: Call, real: number): Requantize {
  if (call.semantics === 'tflm') return fixedPoint([quantizeMultiplier(real)], false)
  const factor = Math.fround(real)
  return (accumulator) => roundHalfEven(Math.fround(Math.fround(accumulator) * factor))
}
