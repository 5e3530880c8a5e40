/** A real factor as m · 2^(shift − 31), m an int32 in [2^30, 2^31). */
export interface Multiplier {
  readonly multiplier: number
  readonly shift: number
}

/** v = fraction · 2^exponent with the fraction in [0.5, 1), as C's frexp; v > 0. */
function frexp(value: number): readonly [number, number] {
  let exponent = Math.max(-1000, Math.floor(Math.log2(value)) + 1)
  let fraction = value * 2 ** -exponent
  for (; fraction >= 1; exponent++) fraction /= 2
  for (; fraction < 0.5; exponent--) fraction *= 2
  return [fraction, exponent]
}

/** TFLite's QuantizeMultiplier: the nearest fixed-point factor; those below 2^-32 become 0, those from 2^30 on the largest. */
export function quantizeMultiplier(real: number): Multiplier {
  if (real === 0) return { multiplier: 0, shift: 0 }
  const [fraction, exponent] = frexp(real)
  const rounded = Math.round(fraction * 2 ** 31)
  const [multiplier, shift] = rounded === 2 ** 31 ? [2 ** 30, exponent + 1] : [rounded, exponent]
  if (shift < -31) return { multiplier: 0, shift: 0 }
  return shift > 30 ? { multiplier: 2 ** 31 - 1, shift: 30 } : { multiplier, shift }
}

/**
 * gemmlowp's SaturatingRoundingDoublingHighMul: round(a·b / 2^31), halves upwards; both int32. The product has up to
 * 62 bits, so b is split in halves, each of which a double multiplies exactly.
 */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  if (a === -(2 ** 31) && b === -(2 ** 31)) return 2 ** 31 - 1
  const low = Math.floor((a * (b & 0xffff) + 2 ** 30) / 65536)
  return Math.floor((a * (b >> 16) + low) / 32768)
}

/** gemmlowp's RoundingDivideByPOT: x / 2^exponent to nearest, halves away from zero; int32, exponent 0 to 31. */
export function roundingDivideByPot(x: number, exponent: number): number {
  const mask = (1 << exponent) - 1
  const threshold = ((mask | 0) >> 1) + (x < 0 ? 1 : 0)
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0)
}

/** TFLite's MultiplyByQuantizedMultiplier of an int32 with double rounding; the left shift wraps like int32. */
export function multiplyByQuantizedMultiplier(x: number, { multiplier, shift }: Multiplier): number {
  const left = shift > 0 ? Math.imul(x, shift > 31 ? 0 : 1 << shift) : x
  const high = saturatingRoundingDoublingHighMul(left, multiplier)
  return shift < 0 ? roundingDivideByPot(high, -shift) : high
}

/** The form for int64 accumulators (int16 activations): the multiplier is cut to 16 bits, one rounding. */
export function multiplyWideByQuantizedMultiplier(x: number, { multiplier, shift }: Multiplier): number {
  const reduced = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff
  const total = BigInt(15 - shift)
  return Number((BigInt(x) * BigInt(reduced) + (1n << (total - 1n))) >> total)
}

/** Rounds halves away from zero, as C's round. */
export function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(-x + 0.5) : Math.floor(x + 0.5)
}

/** Rounds halves to the even neighbour, as the processors' default mode. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
