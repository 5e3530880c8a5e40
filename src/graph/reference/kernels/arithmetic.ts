import { activationRange, clamp } from '../activation.ts'
import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../fixed-point.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, unsupported, zeroPoint } from '../kernel.ts'
import { eachPair } from './broadcast.ts'

type Pair = (a: number, b: number) => number

/** A function of two floats, or of two plain integers. */
const plain =
  (float: Pair, integer: Pair | null): Kernel =>
  (call) => {
    const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
    const one = isFloat(out) ? float : integer
    if (!one || out.tensor.quantization) throw unsupported(call, `on ${a.tensor.dtype} is missing`)
    const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
    eachPair(call, (i, j, at) => {
      data[at] = one(x[i]!, y[j]!)
    })
  }

const floorMod: Pair = (a, b) => {
  const rest = a % b
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest
}

/** FLOOR_DIV: the quotient rounded down. A divisor of 0 gives 0 in integers. */
export const floorDiv: Kernel = plain(
  (a, b) => Math.floor(Math.fround(a / b)),
  (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
)

/** FLOOR_MOD: the rest with the divisor's sign. A divisor of 0 gives 0 in integers. */
export const floorModulo: Kernel = plain(
  (a, b) => Math.fround(floorMod(a, b)),
  (a, b) => (b === 0 ? 0 : floorMod(a, b)),
)

/** POW. */
export const pow: Kernel = plain(
  (a, b) => Math.fround(a ** b),
  (a, b) => Number(BigInt.asIntN(32, BigInt(a) ** BigInt(Math.max(0, b)))),
)

/**
 * TFLite's squared difference of integers: both inputs, shifted left by 7 bits, are brought to twice the larger scale,
 * their difference's square to the output's.
 */
function quantizedDifference(call: Call): Pair {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const shift = 7
  const twice = 2 * Math.max(scale(a), scale(b))
  const [factorA, factorB] = [a, b].map((operand) => quantizeMultiplier(scale(operand) / twice))
  const factorOut = quantizeMultiplier((twice * twice) / (2 ** (2 * shift) * scale(out)))
  const [zeroA, zeroB] = [zeroPoint(a), zeroPoint(b)]
  return (x, y) => {
    const left = multiplyByQuantizedMultiplier((x - zeroA) * 2 ** shift, factorA!)
    const difference = left - multiplyByQuantizedMultiplier((y - zeroB) * 2 ** shift, factorB!)
    return multiplyByQuantizedMultiplier(Math.imul(difference, difference), factorOut)
  }
}

/** SQUARED_DIFFERENCE: floats, plain int32, quantised 8-bit integers in TFLite's fixed point (both semantics). */
export const squaredDifference: Kernel = (call) => {
  const out = output(call)
  if (isFloat(out) || !out.tensor.quantization) {
    plain(
      (a, b) => Math.fround(Math.fround(a - b) ** 2),
      (a, b) => Math.imul(a - b, a - b),
    )(call)
    return
  }
  const one = quantizedDifference(call)
  const range = activationRange(call, out, 'none')
  const [x, y, data] = [input(call, 0), input(call, 1), out].map((operand) => numeric(call, operand))
  eachPair(call, (i, j, at) => {
    data![at] = clamp(zeroPoint(out) + one(x![i]!, y![j]!), range)
  })
}
