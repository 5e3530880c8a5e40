import { activationRange, clamp } from '../activation.ts'
import { dequantized } from '../dequantized.ts'
import { type Call, isFloat, numeric, type Operand, zeroPoint } from '../kernel.ts'
import { productRequantize } from '../requantize.ts'

/**
 * Arithmetic of layers that sum products: how one product adds to the accumulator, and how the accumulator becomes
 * an output. Floats round after every step, as TFLite's reference kernels in float32.
 */
export interface Products {
  /** Sum so far plus input element times weight element, by index. */
  add(sum: number, xIndex: number, weightIndex: number): number
  /** Output of a channel's sum: bias, scale, zero point, activation. */
  finish(sum: number, channel: number): number
}

/** Weights as floats; integers (a hybrid layer, which TensorFlow Lite Micro has not got) stand for scale · (q − zero). */
function floatWeights(call: Call, weights: Operand): ArrayLike<number> {
  const values = numeric(call, weights)
  return isFloat(weights) ? values : dequantized(values, weights)
}

function floatProducts(
  call: Call,
  x: Operand,
  weights: Operand,
  out: Operand,
  biasAt: (c: number) => number,
): Products {
  const range = activationRange(call, out)
  const [a, b] = [numeric(call, x), floatWeights(call, weights)]
  return {
    add: (sum, xIndex, weightIndex) => Math.fround(sum + Math.fround(a[xIndex]! * b[weightIndex]!)),
    finish: (sum, channel) => clamp(Math.fround(sum + biasAt(channel)), range),
  }
}

function biasReader(bias: Operand | null): (channel: number) => number {
  if (!bias) return () => 0
  const { data } = bias
  return (channel) => Number(data[channel]!)
}

/** Arithmetic for the types at hand; bias is optional. */
export function productsOf(
  call: Call,
  { x, weights, bias, out }: { x: Operand; weights: Operand; bias: Operand | null; out: Operand },
  floatProduct = false,
): Products {
  const biasAt = biasReader(bias)
  if (isFloat(x)) return floatProducts(call, x, weights, out, biasAt)
  const range = activationRange(call, out)
  const [a, b] = [numeric(call, x), numeric(call, weights)]
  const [xZero, weightZero, outZero] = [zeroPoint(x), zeroPoint(weights), zeroPoint(out)]
  const wide = x.tensor.dtype === 'int16' && bias?.tensor.dtype !== 'int32'
  const requantize = productRequantize(call, x, weights, out, { floatProduct, wide })
  return {
    add: (sum, xIndex, weightIndex) => sum + (a[xIndex]! - xZero) * (b[weightIndex]! - weightZero),
    finish: (sum, channel) => clamp(outZero + requantize(sum + biasAt(channel), channel), range),
  }
}
