import { quantizeMultiplier } from './fixed-point.ts'

/** Integer bits of the scaled difference, of e^x's argument (TFLite reference softmax.h). */
const integerBits = 5

const i32 = (value: bigint) => BigInt.asIntN(32, value)

/** gemmlowp's SaturatingRoundingDoublingHighMul. */
function highMultiply(a: bigint, b: bigint): bigint {
  if (a === b && a === -(1n << 31n)) return (1n << 31n) - 1n
  const product = a * b
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n)
  return (product + nudge) / (1n << 31n)
}

/** gemmlowp's RoundingDivideByPOT. */
function divideByPowerOfTwo(x: bigint, exponent: bigint): bigint {
  const mask = (1n << exponent) - 1n
  const threshold = (mask >> 1n) + (x < 0n ? 1n : 0n)
  return (x >> exponent) + ((x & mask) > threshold ? 1n : 0n)
}

/** e^a for a in [−1/4, 0), Q0.31 to Q0.31 (gemmlowp fixedpoint.h). */
function exponentialOfQuarter(a: bigint): bigint {
  const x = i32(a + (1n << 28n))
  const x2 = highMultiply(x, x)
  const x3 = highMultiply(x2, x)
  const x4 = highMultiply(x2, x2)
  const x4Over4 = divideByPowerOfTwo(x4, 2n)
  const tail = divideByPowerOfTwo(highMultiply(x4Over4 + x3, 715827883n) + x2, 1n)
  return i32(1895147668n + highMultiply(1895147668n, x + tail))
}

const factors: readonly (readonly [number, bigint])[] = [
  [-2, 1672461947n],
  [-1, 1302514674n],
  [0, 790015084n],
  [1, 290630308n],
  [2, 39332535n],
  [3, 720401n],
  [4, 242n],
]

/** e^a for a ≤ 0 in Q5.26, to Q0.31: gemmlowp's exp_on_negative_values. */
function exponential(a: bigint): bigint {
  if (a === 0n) return (1n << 31n) - 1n
  const fractionBits = BigInt(31 - integerBits)
  const quarter = 1n << (fractionBits - 2n)
  const modulo = (a & (quarter - 1n)) - quarter
  const remainder = modulo - a
  let result = exponentialOfQuarter(modulo << BigInt(integerBits))
  for (const [exponent, multiplier] of factors)
    if ((remainder & (1n << (fractionBits + BigInt(exponent)))) !== 0n) result = highMultiply(result, multiplier)
  return result
}

/**
 * e^(−d · beta · scale) in Q0.31 for d = 0…255, as TFLite's int8 reference softmax computes it: 0 where the difference
 * is beyond its reach (CalculateInputRadius).
 */
export function exponentialTable(scale: number, beta: number): Int32Array {
  const real = Math.min(beta * scale * 2 ** (31 - integerBits), 2 ** 31 - 1)
  const { multiplier, shift } = quantizeMultiplier(real)
  const radius = Math.floor(((2 ** integerBits - 1) * 2 ** (31 - integerBits)) / 2 ** shift)
  return Int32Array.from({ length: 256 }, (_, difference) => {
    if (difference > radius) return 0
    const scaled = highMultiply(i32(BigInt(-difference) << BigInt(Math.max(shift, 0))), BigInt(multiplier))
    return Number(exponential(scaled))
  })
}
