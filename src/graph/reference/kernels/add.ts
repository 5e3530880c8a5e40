import { activationRange, clamp } from '../activation.ts'
import { type Multiplier, multiplyByQuantizedMultiplier, quantizeMultiplier, roundHalfEven } from '../fixed-point.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, zeroPoint } from '../kernel.ts'
import { eachPair } from './broadcast.ts'

type Combine = (a: number, b: number) => number

/**
 * TFLite's fixed-point sum: both inputs are shifted left (20 bits, 15 for int16) and brought to twice the larger
 * scale, then the sum to the output's.
 */
function fixedPointSum(call: Call, sign: 1 | -1): Combine {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const leftShift = out.tensor.dtype === 'int16' ? 15 : 20
  const twice = 2 * Math.max(scale(a), scale(b))
  const ofInput = (each: number): Multiplier => quantizeMultiplier(each / twice)
  const [factorA, factorB] = [ofInput(scale(a)), ofInput(scale(b))]
  const factorOut = quantizeMultiplier(twice / (2 ** leftShift * scale(out)))
  const [zeroA, zeroB] = [zeroPoint(a), zeroPoint(b)]
  const scaled = (value: number, factor: Multiplier) =>
    multiplyByQuantizedMultiplier(Math.imul(value, 1 << leftShift), factor)
  return (x, y) =>
    multiplyByQuantizedMultiplier((scaled(x - zeroA, factorA) + sign * scaled(y - zeroB, factorB)) | 0, factorOut)
}

/**
 * XNNPACK's sum: both scales as 21-bit integers over a common power of two, one rounding of halves upwards
 * (formula of its published qs8-vadd parameters).
 */
function sharedShiftSum(call: Call, sign: 1 | -1): Combine {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const ratios = [a, b].map((operand) => Math.fround(scale(operand) / scale(out)))
  const shift = 20 - Math.floor(Math.log2(Math.max(...ratios)))
  const [factorA, factorB] = ratios.map((ratio) => roundHalfEven(ratio * 2 ** shift))
  const [zeroA, zeroB] = [zeroPoint(a), zeroPoint(b)]
  return (x, y) => Math.floor(((x - zeroA) * factorA! + sign * (y - zeroB) * factorB! + 2 ** (shift - 1)) / 2 ** shift)
}

const sum =
  (sign: 1 | -1): Kernel =>
  (call) => {
    const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
    const range = activationRange(call, out)
    const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
    const plain = isFloat(out) || !out.tensor.quantization
    const exact: Combine = isFloat(out) ? (p, q) => Math.fround(p + sign * q) : (p, q) => (p + sign * q) | 0
    const quantized = call.semantics === 'tflm' ? fixedPointSum : sharedShiftSum
    const combine = plain ? exact : quantized(call, sign)
    const zero = plain ? 0 : zeroPoint(out)
    eachPair(call, (i, j, at) => {
      data[at] = clamp(zero + combine(x[i]!, y[j]!), range)
    })
  }

/** ADD: floats, quantised integers, plain int32. */
export const add: Kernel = sum(1)

/** SUB: as ADD with the second input negated. */
export const sub: Kernel = sum(-1)
