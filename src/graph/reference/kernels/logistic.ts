import { clamp, integerRange } from '../activation.ts'
import {
  multiplyByQuantizedMultiplier,
  quantizeMultiplier,
  roundHalfEven,
  roundingDivideByPot,
} from '../fixed-point.ts'
import { logisticFixedPoint, tanhFixedPoint } from '../gemmlowp.ts'
import { logistic16, type TableInput, tableInput, tanh16 } from '../int16-tables.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, unsupported, zeroPoint } from '../kernel.ts'

interface Curve {
  readonly real: (x: number) => number
  /** On raw values with 4 integer bits; the result has none. */
  readonly fixedPoint: (raw: number, integerBits: number) => number
  /** Bits after the point of an 8-bit result, and its zero point. */
  readonly outputBits: number
  readonly outputZero: number
  /** Of 16-bit steps; the result is in Q0.15. */
  readonly tabled: (steps: number, entry: TableInput) => number
  /** Powers of two above 2^-12 whose scales need no multiplier. */
  readonly widest: 0 | 1
}

const integerBits = 4

/** TFLite's int8 kernel: fixed-point with 4 integer bits; beyond the radius the result is the type's end. */
function int8Steps(curve: Curve, inputScale: number): (steps: number) => number {
  const factor = quantizeMultiplier(inputScale * 2 ** (31 - integerBits))
  const radius = Math.floor(((2 ** integerBits - 1) * 2 ** (31 - integerBits)) / 2 ** factor.shift)
  return (steps) => {
    if (steps <= -radius) return -128
    if (steps >= radius) return 127
    const raw = curve.fixedPoint(multiplyByQuantizedMultiplier(steps, factor), integerBits)
    return clamp(roundingDivideByPot(raw, 31 - curve.outputBits) + curve.outputZero, [-128, 127])
  }
}

function stepsFunction(call: Call, curve: Curve): (value: number) => number {
  const [x, out] = [input(call, 0), output(call)]
  if (isFloat(x)) return (value) => Math.fround(curve.real(value))
  const real = (value: number) => Math.fround(curve.real(Math.fround(scale(x) * (value - zeroPoint(x)))))
  if (call.semantics === 'fp32')
    return (value) =>
      clamp(roundHalfEven(Math.fround(real(value) / scale(out))) + zeroPoint(out), integerRange(out.tensor.dtype))
  if (x.tensor.dtype === 'int16' && out.tensor.dtype === 'int16') {
    const entry = tableInput(scale(x), curve.widest)
    return (value) => curve.tabled(value, entry)
  }
  if (x.tensor.dtype !== 'int8' || out.tensor.dtype !== 'int8')
    throw unsupported(call, `on ${x.tensor.dtype} is missing`)
  const steps = int8Steps(curve, scale(x))
  return (value) => steps(value - zeroPoint(x))
}

const along =
  (curve: Curve): Kernel =>
  (call) => {
    const [source, data] = [numeric(call, input(call, 0)), numeric(call, output(call))]
    const one = stepsFunction(call, curve)
    for (let at = 0; at < source.length; at++) data[at] = one(source[at]!)
  }

/** LOGISTIC: float32, int8 (output scale 1/256, zero point -128), int16 (2^-15, no zero point). */
export const logistic: Kernel = along({
  real: (x) => 1 / (1 + Math.exp(-x)),
  fixedPoint: logisticFixedPoint,
  outputBits: 8,
  outputZero: -128,
  tabled: logistic16,
  widest: 0,
})

/** TANH: float32, int8 (output scale 1/128, zero point 0), int16 (2^-15). */
export const tanh: Kernel = along({
  real: Math.tanh,
  fixedPoint: tanhFixedPoint,
  outputBits: 7,
  outputZero: 0,
  tabled: tanh16,
  widest: 1,
})
