import { activationRange, clamp } from '../activation.ts'
import { dequantized } from '../dequantized.ts'
import { roundHalfAway, roundHalfEven } from '../fixed-point.ts'
import { input, isFloat, type Kernel, numeric, output, scale, zeroPoint } from '../kernel.ts'
import { factorRequantize } from '../requantize.ts'

/**
 * QUANTIZE. From floats: `tflm` rounds fl32(x / scale) with halves away from zero, `fp32` multiplies by fl32(1 / scale)
 * and rounds halves to even, as XNNPACK. From integers: requantisation by in / out.
 */
export const quantize: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const range = activationRange(call, out, 'none')
  const [source, data] = [numeric(call, x), numeric(call, out)]
  const zero = zeroPoint(out)
  const inverse = Math.fround(1 / scale(out))
  const steps = (value: number) =>
    call.semantics === 'tflm'
      ? roundHalfAway(Math.fround(value / scale(out)))
      : roundHalfEven(Math.fround(value * inverse))
  const requantize = isFloat(x) ? null : factorRequantize(call, scale(x) / scale(out))
  const xZero = zeroPoint(x)
  for (let at = 0; at < source.length; at++)
    data[at] = clamp(zero + (requantize ? requantize(source[at]! - xZero, 0) : steps(source[at]!)), range)
}

/** DEQUANTIZE, with one scale or one a slice along an axis; constants of float16 are reals already. */
export const dequantize: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const values = numeric(call, x)
  numeric(call, out).set(x.tensor.dtype === 'float16' ? values : dequantized(values, x))
}
