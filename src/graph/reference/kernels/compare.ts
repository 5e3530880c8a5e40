import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../fixed-point.ts'
import {
  type Call,
  input,
  isFloat,
  type Kernel,
  numeric,
  type Operand,
  output,
  sameQuantization,
  scale,
  unsupported,
  zeroPoint,
} from '../kernel.ts'
import { eachPair } from './broadcast.ts'

/**
 * Elements as they compare: reals; TFLite's 8-bit integers as (value − zero) · 2^8 · scale, rounded, which may make
 * neighbours equal; else steps of one quantisation.
 */
function comparable(call: Call, operand: Operand, other: Operand): (value: number) => number {
  const { dtype, quantization } = operand.tensor
  if (call.semantics === 'tflm' && quantization && (dtype === 'int8' || dtype === 'uint8')) {
    const [factor, zero] = [quantizeMultiplier(scale(operand)), zeroPoint(operand)]
    return (value) => multiplyByQuantizedMultiplier((value - zero) * 256, factor)
  }
  if (!isFloat(operand) && !sameQuantization(operand, other))
    throw unsupported(call, 'of tensors with different quantisation is missing')
  return (value) => value
}

const compare =
  (holds: (a: number, b: number) => boolean): Kernel =>
  (call) => {
    const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
    const [left, right] = [comparable(call, a, b), comparable(call, b, a)]
    const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
    eachPair(call, (i, j, at) => {
      data[at] = holds(left(x[i]!), right(y[j]!)) ? 1 : 0
    })
  }

/** LOGICAL_NOT. */
const logicalNot: Kernel = (call) => {
  const [x, data] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  for (let at = 0; at < x.length; at++) data[at] = x[at] === 0 ? 1 : 0
}

/** Comparisons and logic, by canonical name; the result is boolean. */
export const compareKernels: Readonly<Record<string, Kernel>> = {
  equal: compare((a, b) => a === b),
  greater: compare((a, b) => a > b),
  greater_equal: compare((a, b) => a >= b),
  less: compare((a, b) => a < b),
  less_equal: compare((a, b) => a <= b),
  logical_and: compare((a, b) => a !== 0 && b !== 0),
  logical_not: logicalNot,
  logical_or: compare((a, b) => a !== 0 || b !== 0),
  not_equal: compare((a, b) => a !== b),
}
