import { dequantized } from '../../../graph/reference/dequantized.ts'
import type { Products } from '../../loops/convolution.ts'
import { add, convert, mul, sub } from '../../loops/expressions.ts'
import { clampFloat } from '../../loops/fixed-point.ts'
import type { Expression } from '../../loops/loops.ts'
import type { LoopWriter } from '../../loops/writer.ts'
import { type LowerContext, refuse, requireScale } from '../context.ts'
import { rangeOf } from './ranges.ts'
import { productRequantize } from './requantize.ts'
import { isFloat, requireQuantized, type Source, type Target } from './source.ts'

/** Operands of a layer that sums products. */
export interface Layer {
  readonly x: Source
  readonly weights: Source
  readonly bias: Source | null
  readonly out: Target
  readonly channels: number
  /** As TFLite's fully connected computes its factor. */
  readonly floatProduct?: boolean
}

/** Reads weights as floats: scale · (q − zero point) for integers, of which constants are dequantised here. */
function floatReader(w: LoopWriter, context: LowerContext, weights: Source): (index: Expression) => Expression {
  if (isFloat(weights)) return weights.load
  const { tensor, value, data } = weights
  if (data instanceof BigInt64Array || data instanceof BigUint64Array || weights.scalar !== 'i32')
    throw refuse(context, `"${value.name}" is ${value.dtype}`)
  if (data) {
    const floats = w.constant('float32', dequantized(data, { tensor, shape: value.shape, data }))
    return (index) => w.load(floats, index)
  }
  requireScale(context, tensor)
  return (index) => {
    const steps = sub(convert(weights.load(index), 'f64'), value.zeroPoint)
    return convert(mul(steps, value.scale), 'f32')
  }
}

function floatProducts(w: LoopWriter, context: LowerContext, { x, weights, bias, out }: Layer): Products {
  const range = rangeOf(context, out)
  const read = floatReader(w, context, weights)
  return {
    start: () => w.number('f32', 0),
    take: (sum, xIndex, weightIndex) => w.set(sum, add(sum, mul(x.load(xIndex), read(weightIndex)))),
    finish: (sum, channel) => clampFloat(bias ? add(sum, convert(bias.load(channel), 'f32')) : add(sum, 0), range),
  }
}

/** The arithmetic for the types at hand. */
export function productsOf(w: LoopWriter, context: LowerContext, layer: Layer): Products {
  const { x, weights, bias, out, channels, floatProduct = false } = layer
  if (isFloat(x)) {
    if (!isFloat(out)) throw refuse(context, `from float32 to ${out.value.dtype}`)
    return floatProducts(w, context, layer)
  }
  requireQuantized(context, x, out)
  if (weights.scalar !== 'i32') throw refuse(context, `"${weights.value.name}" is ${weights.value.dtype}`)
  if (bias && bias.scalar !== 'i32' && bias.scalar !== 'i64') throw refuse(context, 'its bias is not of integers')
  const range = rangeOf(context, out)
  const wide = x.value.dtype === 'int16' && bias?.value.dtype !== 'int32'
  const requantize = productRequantize(w, context, { x, weights, out }, range, { floatProduct, wide, channels })
  const narrow = (operand: Source) => ['int4', 'int8', 'uint8'].includes(operand.value.dtype)
  // `tflm` sums in 32 bits, which wrap; `fp32` rounds the exact sum.
  const fixed = context.semantics === 'tflm' && !wide
  const type = fixed || (narrow(x) && narrow(weights) && bias?.scalar !== 'i64') ? 'i32' : 'i64'
  const step = (operand: Source, index: Expression) => convert(sub(operand.load(index), operand.value.zeroPoint), type)
  return {
    start: () => w.number(type, 0),
    take: (sum, xIndex, weightIndex) => w.set(sum, add(sum, mul(step(x, xIndex), step(weights, weightIndex)))),
    finish: (sum, channel) => requantize(bias ? add(sum, convert(bias.load(channel), type)) : sum, channel),
  }
}
