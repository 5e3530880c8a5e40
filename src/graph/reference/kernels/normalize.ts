import { clamp } from '../activation.ts'
import { multiplyByQuantizedMultiplier } from '../fixed-point.ts'
import { inverseSquareRoot } from '../gemmlowp.ts'
import { attribute, input, isFloat, type Kernel, numeric, output, unsupported, zeroPoint } from '../kernel.ts'

const round = Math.fround
/** Least norm of a float row (TFLite's epsilon). */
const least = round(1e-6)

function floatRow(row: ArrayLike<number>): readonly number[] {
  const squares = Array.from(row).reduce((sum, value) => round(sum + round(value * value)), 0)
  const norm = Math.max(round(Math.sqrt(squares)), least)
  return Array.from(row, (value) => round(value / norm))
}

/** TFLite's int8 form; the result has a scale of 1/128 and no zero point. */
function integerRow(row: ArrayLike<number>, zero: number): readonly number[] {
  const steps = Array.from(row, (value) => value - zero)
  const { multiplier, shift } = inverseSquareRoot(steps.reduce((sum, value) => sum + value * value, 0))
  return steps.map((value) =>
    clamp(multiplyByQuantizedMultiplier(value, { multiplier, shift: shift + 7 }), [-128, 127]),
  )
}

/** L2_NORMALIZATION of the last axis: floats, and int8 in TFLite's fixed point (both semantics). */
export const l2Normalization: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const [source, data] = [numeric(call, x), numeric(call, out)]
  const depth = x.shape.at(-1) ?? 1
  if (!isFloat(x) && x.tensor.dtype !== 'int8') throw unsupported(call, `on ${x.tensor.dtype} is missing`)
  for (let start = 0; start < source.length; start += depth) {
    const row = source.subarray(start, start + depth)
    data.set(isFloat(x) ? floatRow(row) : integerRow(row, zeroPoint(x)), start)
  }
}

/** LOCAL_RESPONSE_NORMALIZATION over the last axis of floats: x · (bias + alpha · Σ x²)^−beta over the neighbours. */
export const localResponseNormalization: Kernel = (call) => {
  const x = input(call, 0)
  if (!isFloat(x)) throw unsupported(call, `on ${x.tensor.dtype} is missing`)
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  const [radius, bias, alpha, beta] = ['radius', 'bias', 'alpha', 'beta'].map((name) => attribute(call, name)) as [
    number,
    number,
    number,
    number,
  ]
  const depth = x.shape.at(-1)!
  for (let at = 0; at < source.length; at++) {
    const [start, channel] = [at - (at % depth), at % depth]
    let sum = 0
    for (let c = Math.max(0, channel - radius); c <= Math.min(depth - 1, channel + radius); c++)
      sum = round(sum + round(source[start + c]! ** 2))
    data[at] = round(source[at]! * round(round(bias + round(alpha * sum)) ** -beta))
  }
}
