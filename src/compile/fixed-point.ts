/** A real multiplier as TFLite stores it: multiplier · 2^(shift − 31), the multiplier in [2^30, 2^31). */
export interface FixedMultiplier {
  readonly multiplier: number
  readonly shift: number
}

/** Splits a positive real as C's frexp does: fraction in [0.5, 1) and exponent. */
function split(value: number): { fraction: number; exponent: number } {
  if (value === 0) return { fraction: 0, exponent: 0 }
  let exponent = Math.floor(Math.log2(value)) + 1
  let fraction = value / 2 ** exponent
  if (fraction >= 1) {
    fraction /= 2
    exponent++
  } else if (fraction < 0.5) {
    fraction *= 2
    exponent--
  }
  return { fraction, exponent }
}

/** TFLite's QuantizeMultiplier (quantization_util.cc): a real multiplier of at least 0 in fixed point. */
export function quantizeMultiplier(real: number): FixedMultiplier {
  const { fraction, exponent } = split(real)
  let multiplier = Math.round(fraction * 2 ** 31)
  let shift = exponent
  if (multiplier === 2 ** 31) {
    multiplier /= 2
    shift++
  }
  if (shift < -31) return { multiplier: 0, shift: 0 }
  if (shift > 30) return { multiplier: 2 ** 31 - 1, shift: 30 }
  return { multiplier, shift }
}

/** gemmlowp's SaturatingRoundingDoublingHighMul for a multiplier of at least 0: floor((x·m + 2^30) / 2^31). */
function doublingHighMultiply(x: number, multiplier: number): number {
  const high = x * Math.floor(multiplier / 65536)
  const low = x * (multiplier % 65536) + 2 ** 30
  const quotient = Math.floor(high / 32768)
  return quotient + Math.floor(((high - quotient * 32768) * 65536 + low) / 2 ** 31)
}

/** gemmlowp's RoundingDivideByPOT: x / 2^exponent, halves away from zero. */
function roundingDivideByPowerOfTwo(x: number, exponent: number): number {
  const divisor = 2 ** exponent
  return x < 0 ? -Math.floor(-x / divisor + 0.5) : Math.floor(x / divisor + 0.5)
}

/** TFLite's MultiplyByQuantizedMultiplier with double rounding (common.h, TFLITE_SINGLE_ROUNDING = 0). */
export function multiplyByQuantizedMultiplier(x: number, { multiplier, shift }: FixedMultiplier): number {
  const left = shift > 0 ? shift : 0
  return roundingDivideByPowerOfTwo(doublingHighMultiply((x << left) | 0, multiplier), left - shift)
}
