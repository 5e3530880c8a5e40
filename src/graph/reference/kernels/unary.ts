import { numberAttribute } from '../../graph.ts'
import { clamp, integerRange } from '../activation.ts'
import { errorFunction } from '../error-function.ts'
import { roundHalfAway, roundHalfEven } from '../fixed-point.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, unsupported, zeroPoint } from '../kernel.ts'

type Real = (x: number) => number

function eachFloat(call: Call, one: Real): void {
  const x = input(call, 0)
  if (!isFloat(x)) throw unsupported(call, `on ${x.tensor.dtype} is missing`)
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  for (let at = 0; at < source.length; at++) data[at] = Math.fround(one(source[at]!))
}

/** A function of floats, computed in double and rounded to float32. */
const real =
  (one: Real): Kernel =>
  (call) =>
    eachFloat(call, one)

/**
 * A function of floats or of 8-bit integers. Integers as TensorFlow Lite fills its tables: in float32, times 1 / scale,
 * halves away from zero (`tflm`); divided by the scale, halves to even (`fp32`).
 */
const tabled =
  (functionOf: (call: Call) => Real): Kernel =>
  (call) => {
    const one = functionOf(call)
    const [x, out] = [input(call, 0), output(call)]
    if (isFloat(x)) {
      eachFloat(call, one)
      return
    }
    if (!['int8', 'uint8'].includes(x.tensor.dtype)) throw unsupported(call, `on ${x.tensor.dtype} is missing`)
    const inverse = Math.fround(1 / scale(out))
    const rounded = (value: number) =>
      call.semantics === 'tflm'
        ? roundHalfAway(Math.fround(value * inverse))
        : roundHalfEven(Math.fround(value / scale(out)))
    const [source, data] = [numeric(call, x), numeric(call, out)]
    const range = integerRange(out.tensor.dtype)
    for (let at = 0; at < source.length; at++) {
      const value = Math.fround(one(Math.fround(scale(x) * (source[at]! - zeroPoint(x)))))
      data[at] = clamp(rounded(value) + zeroPoint(out), range)
    }
  }

const elu: Real = (x) => (x < 0 ? Math.expm1(x) : x)

/** x · Φ(x), or its approximation by a hyperbolic tangent. */
function gelu(call: Call): Real {
  if (numberAttribute(call.node, 'approximate', 0) === 0) return (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2))
  const factor = Math.sqrt(2 / Math.PI)
  return (x) => 0.5 * x * (1 + Math.tanh(factor * (x + 0.044715 * x * x * x)))
}

/** Functions of one value, by canonical name. */
export const unaryKernels: Readonly<Record<string, Kernel>> = {
  abs: real(Math.abs),
  ceil: real(Math.ceil),
  cos: real(Math.cos),
  elu: tabled(() => elu),
  exp: tabled(() => Math.exp),
  floor: real(Math.floor),
  gelu: tabled(gelu),
  log: tabled(() => Math.log),
  neg: real((x) => -x),
  round: real(roundHalfEven),
  rsqrt: real((x) => 1 / Math.sqrt(x)),
  sign: real(Math.sign),
  sin: real(Math.sin),
  sqrt: real(Math.sqrt),
  square: real((x) => x * x),
}
