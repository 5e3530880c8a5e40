import { activationRange, clamp } from '../activation.ts'
import {
  quantizeMultiplier,
  roundHalfEven,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from '../fixed-point.ts'
import { reciprocal } from '../gemmlowp.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, zeroPoint } from '../kernel.ts'
import { factorRequantize } from '../requantize.ts'
import { eachPair } from './broadcast.ts'

/** MUL: floats, quantised integers (factor a · b / out, one product in double), plain int32. */
export const mul: Kernel = (call) => {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const range = activationRange(call, out)
  const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
  if (isFloat(out) || !out.tensor.quantization) {
    const product = isFloat(out) ? (p: number, q: number) => Math.fround(p * q) : Math.imul
    eachPair(call, (i, j, at) => {
      data[at] = clamp(product(x[i]!, y[j]!), range)
    })
    return
  }
  const real =
    call.semantics === 'fp32'
      ? Math.fround(Math.fround(scale(a) * scale(b)) / scale(out))
      : (scale(a) * scale(b)) / scale(out)
  const requantize = factorRequantize(call, real)
  eachPair(call, (i, j, at) => {
    const steps = (x[i]! - zeroPoint(a)) * (y[j]! - zeroPoint(b))
    data[at] = clamp(zeroPoint(out) + requantize(steps, 0), range)
  })
}

/** Leading bits that repeat the sign. */
const headroomOf = (value: number) => Math.clz32(value < 0 ? ~value : value) - 1

/** TFLite's quotient of steps: the reciprocal by Newton's steps, both factors as large as they may be. */
function fixedPointQuotient(call: Call): (a: number, b: number) => number {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const { multiplier, shift } = quantizeMultiplier(scale(a) / (scale(b) * scale(out)))
  return (x, y) => {
    const [dividend, divisor] = y < 0 ? [-x, -y] : [x, y]
    const { fraction, bits } = reciprocal(divisor)
    const headroom = headroomOf(dividend)
    const quotient = saturatingRoundingDoublingHighMul((dividend * 2 ** headroom) | 0, fraction)
    const right = bits + headroom - shift
    return right > 31
      ? 0
      : roundingDivideByPot(saturatingRoundingDoublingHighMul(quotient, multiplier), Math.max(0, right))
  }
}

function quotientOf(call: Call): (a: number, b: number) => number {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  if (isFloat(out)) return (x, y) => Math.fround(x / y)
  if (!out.tensor.quantization) return (x, y) => Math.trunc(x / y)
  const most = 2 ** 31
  if (call.semantics === 'tflm') {
    const exact = fixedPointQuotient(call)
    return (x, y) => (y === 0 ? (x < 0 ? -most : most) : exact(x, y))
  }
  const real = (value: number, operand: typeof a) => Math.fround(scale(operand) * value)
  return (x, y) => roundHalfEven(Math.fround(Math.fround(real(x, a) / real(y, b)) / scale(out)))
}

/** DIV: floats, plain int32 (towards zero), quantised 8-bit integers. A divisor of 0 gives the end of the range. */
export const div: Kernel = (call) => {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const range = activationRange(call, out)
  const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
  const [zeroA, zeroB, zeroOut] = [a, b, out].map((operand) => (operand.tensor.quantization ? zeroPoint(operand) : 0))
  const quotient = quotientOf(call)
  eachPair(call, (i, j, at) => {
    data[at] = clamp(quotient(x[i]! - zeroA!, y[j]! - zeroB!) + zeroOut!, range)
  })
}
