import { type Multiplier, roundingDivideByPot, saturatingRoundingDoublingHighMul } from './fixed-point.ts'

/**
 * gemmlowp's fixed-point functions on raw int32 values: a value with i integer bits stands for raw / 2^(31 − i).
 * Sums wrap like int32, products are rounded high halves. Source of the constants: gemmlowp's published
 * fixedpoint.h, where they are exp(-1/8), 1/3, exp(-2^k), 48/17 and -32/17.
 */
const one = 2 ** 31 - 1
const mul = saturatingRoundingDoublingHighMul

/** x · 2^exponent for an exponent > 0, saturating. */
function saturatingShift(x: number, exponent: number): number {
  return Math.min(one, Math.max(-(2 ** 31), x * 2 ** exponent))
}

/** exp(a) of a in [-1/4, 0), 0 integer bits in and out: a Taylor series around -1/8. */
function expNearZero(a: number): number {
  const constant = 1895147668
  const x = (a + (1 << 28)) | 0
  const x2 = mul(x, x)
  const x3 = mul(x2, x)
  const x4 = mul(x2, x2)
  const sum = (roundingDivideByPot(x4, 2) + x3) | 0
  const tail = roundingDivideByPot((mul(sum, 715827883) + x2) | 0, 1)
  return (constant + mul(constant, (x + tail) | 0)) | 0
}

/** exp(-2^k) for k = -2 to 4. */
const powers: readonly (readonly [number, number])[] = [
  [-2, 1672461947],
  [-1, 1302514674],
  [0, 790015084],
  [1, 290630308],
  [2, 39332535],
  [3, 720401],
  [4, 242],
]

/** exp(a) of a ≤ 0 with up to 5 integer bits; the result has none. */
export function expOnNegativeValues(a: number, integerBits: number): number {
  if (a === 0) return one
  const fraction = 31 - integerBits
  const quarter = 1 << (fraction - 2)
  const rest = ((a & (quarter - 1)) - quarter) | 0
  const remainder = (rest - a) | 0
  let result = expNearZero(saturatingShift(rest, integerBits))
  for (const [power, factor] of powers)
    if (integerBits > power && (remainder & (1 << (fraction + power))) !== 0) result = mul(result, factor)
  return result
}

/** Newton's iterations for 1 / ((1 + a) / 2), a in (0, 1): 2 integer bits. */
function reciprocalOfHalf(a: number): number {
  const sum = a + one
  const half = Math.trunc((sum + (sum >= 0 ? 1 : -1)) / 2)
  let x = (1515870810 + mul(half, -1010580540)) | 0
  for (let step = 0; step < 3; step++) {
    const error = ((1 << 29) - mul(half, x)) | 0
    x = (x + saturatingShift(mul(x, error), 2)) | 0
  }
  return x
}

/** 1 / (1 + a) of a in (0, 1), 0 integer bits. */
export function oneOverOnePlus(a: number): number {
  return saturatingShift(reciprocalOfHalf(a), 1)
}

/** (1 − a) / (1 + a) of a in (0, 1), 0 integer bits. */
function oneMinusOverOnePlus(a: number): number {
  return saturatingShift((reciprocalOfHalf(a) - (1 << 29)) | 0, 2)
}

/** Logistic function; the result has no integer bits. */
export function logisticFixedPoint(a: number, integerBits: number): number {
  if (a === 0) return 2 ** 30
  const positive = oneOverOnePlus(expOnNegativeValues(a > 0 ? -a : a, integerBits))
  return a > 0 ? positive : one - positive
}

/** Hyperbolic tangent; the result has no integer bits. */
export function tanhFixedPoint(a: number, integerBits: number): number {
  if (a === 0) return 0
  const negative = oneMinusOverOnePlus(expOnNegativeValues(a < 0 ? a : -a, integerBits + 1))
  return a < 0 ? -negative : negative
}

/**
 * 1 / √n of an int32 as a fixed-point factor (TFLite's GetInvSqrtQuantizedMultiplierExp): five of Newton's steps on n
 * scaled to [1/4, 1) with 3 integer bits, then times √½.
 */
export function inverseSquareRoot(n: number): Multiplier {
  if (n <= 1) return { multiplier: one, shift: 0 }
  let [rest, right] = [n, 11]
  for (; rest >= 2 ** 29; right++) rest = Math.trunc(rest / 4)
  const pairs = ((Math.clz32(rest) - 1) >> 1) - 1
  const half = roundingDivideByPot((rest << (2 * pairs)) >> 1, 1)
  let x = 2 ** 28
  for (let step = 0; step < 5; step++) {
    const cube = saturatingShift(mul(mul(x, x), x), 6)
    x = saturatingShift((mul(2 ** 28 + 2 ** 27, x) - mul(half, cube)) | 0, 3)
  }
  const [root, shift] = [mul(x, 1518500250), right - pairs]
  return shift < 0 ? { multiplier: root << -shift, shift: 0 } : { multiplier: root, shift: -shift }
}

/** 1 / n of a positive int32 as oneOverOnePlus of its fraction, and the bits of n over 1 (TFLite's GetReciprocal). */
export function reciprocal(n: number): { readonly fraction: number; readonly bits: number } {
  const headroom = Math.clz32(n)
  return { fraction: oneOverOnePlus(((n << headroom) - 2 ** 31) | 0), bits: 31 - headroom }
}
