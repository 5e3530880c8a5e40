import { clamp, integerRange } from '../activation.ts'
import {
  type Multiplier,
  multiplyByQuantizedMultiplier,
  quantizeMultiplier,
  roundHalfEven,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from '../fixed-point.ts'
import { expOnNegativeValues, oneOverOnePlus } from '../gemmlowp.ts'
import { interpolationTable, lookUp } from '../int16-tables.ts'
import {
  attribute,
  type Call,
  input,
  isFloat,
  type Kernel,
  numeric,
  output,
  scale,
  unsupported,
  zeroPoint,
} from '../kernel.ts'

/** Integer bits of the scaled difference and of the sum. */
const differenceBits = 5
const sumBits = 12

/** Factor from input steps to a fixed-point number of 5 integer bits, and the least difference that counts. */
function scaling(beta: number, inputScale: number): { readonly factor: Multiplier; readonly least: number } {
  const factor = quantizeMultiplier(Math.min(beta * inputScale * 2 ** (31 - differenceBits), 2 ** 31 - 1))
  const radius = Math.floor(((2 ** differenceBits - 1) * 2 ** (31 - differenceBits)) / 2 ** factor.shift)
  return { factor, least: -radius }
}

/** One row by gemmlowp's fixed-point exp; int32 sums wrap as in TFLite. `outputBits` is 8 or 16. */
function fixedPointRow(
  row: ArrayLike<number>,
  { factor, least }: ReturnType<typeof scaling>,
  outputBits: number,
): readonly number[] {
  const most = Math.max(...Array.from(row))
  const exps = Array.from(row, (value) => {
    const difference = value - most
    if (difference < least) return null
    return expOnNegativeValues(multiplyByQuantizedMultiplier(difference, factor), differenceBits)
  })
  const sum = exps.reduce(
    (total: number, exp) => (total + (exp === null ? 0 : roundingDivideByPot(exp, sumBits))) | 0,
    0,
  )
  const headroom = Math.clz32(sum)
  const reciprocal = oneOverOnePlus(((sum << headroom) - 2 ** 31) | 0)
  const exponent = sumBits - headroom + 31 - outputBits
  return exps.map((exp) =>
    exp === null ? 0 : roundingDivideByPot(saturatingRoundingDoublingHighMul(reciprocal, exp), exponent),
  )
}

/** e^x over [-10, 0] and 1 / (1 + x) over [0, 1]: what TFLite's 16-bit form looks up. */
const exponentials = interpolationTable(Math.exp, -10, 0)
const reciprocals = interpolationTable((x) => 1 / (1 + x), 0, 1)

/** TFLite's form of int16 to int16: differences of [-10, 0] over the table's range, the sum's reciprocal by another. */
function tabledRow(row: ArrayLike<number>, factor: Multiplier): readonly number[] {
  const most = Math.max(...Array.from(row))
  const saturate = (value: number) => Math.min(32767, Math.max(-32768, value))
  const exps = Array.from(row, (value) =>
    lookUp(exponentials, saturate(multiplyByQuantizedMultiplier(value - most, factor) + 32767)),
  )
  const sum = exps.reduce((total, exp) => total + exp, 0)
  const headroom = Math.clz32(sum)
  const shifted = Math.floor((sum * 2 ** (headroom - 1) + 2 ** 13) / 2 ** 14)
  const factor15 = lookUp(reciprocals, saturate(shifted - (2 ** 15 + 2 ** 16)))
  const right = 31 - headroom
  return exps.map((exp) => Math.min(32767, Math.max(0, Math.floor((exp * factor15 + 2 ** (right - 1)) / 2 ** right))))
}

/** Softmax in float32 of a row of reals. */
function floatRow(row: readonly number[], beta: number): readonly number[] {
  const most = Math.max(...row)
  const exps = row.map((value) => Math.fround(Math.exp(Math.fround(Math.fround(value - most) * beta))))
  const sum = exps.reduce((total, exp) => Math.fround(total + exp), 0)
  return exps.map((exp) => Math.fround(exp / sum))
}

function rowFunction(call: Call): (row: readonly number[]) => readonly number[] {
  const [x, out] = [input(call, 0), output(call)]
  const beta = attribute(call, 'beta')
  if (isFloat(x)) return (row) => floatRow(row, beta)
  const { dtype } = out.tensor
  const range = integerRange(dtype)
  if (call.semantics === 'fp32')
    return (row) =>
      floatRow(
        row.map((value) => Math.fround(scale(x) * (value - zeroPoint(x)))),
        beta,
      ).map((value) => clamp(roundHalfEven(Math.fround(value / scale(out))) + zeroPoint(out), range))
  if (x.tensor.dtype === 'int16') {
    if (dtype !== 'int16') throw unsupported(call, `from int16 to ${dtype} is missing`)
    const factor = quantizeMultiplier((scale(x) * beta) / (10 / 65535))
    return (row) => tabledRow(row, factor)
  }
  const prepared = scaling(beta, scale(x))
  const bits = dtype === 'int16' ? 16 : 8
  const lowest = dtype === 'uint8' ? 0 : -(2 ** (bits - 1))
  return (row) => fixedPointRow(row, prepared, bits).map((value) => clamp(value + lowest, range))
}

/** SOFTMAX over the last axis. */
export const softmax: Kernel = (call) => {
  const [x, out] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  const depth = input(call, 0).shape.at(-1) ?? 1
  const rowOf = rowFunction(call)
  for (let start = 0; start < x.length; start += depth)
    out.set(rowOf(Array.from(x.subarray(start, start + depth))), start)
}
