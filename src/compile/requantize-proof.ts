import { multiplyByQuantizedMultiplier } from '../graph/reference/fixed-point.ts'
import type { Requantization } from './program.ts'

/** Adding this to a float32 of less than 2^22 rounds it to an integer, halves to even: 1.5 · 2^23. */
export const roundingMagic = 12582912

/** Rounds a float64 of less than 2^51 in the same way, and leaves the integer in its low 32 bits: 1.5 · 2^52. */
export const roundingMagic64 = 6755399441055744

/**
 * How a channel is requantised: in float32, in float64, or in fixed point where neither is proved equal to it.
 */
export type Tier = 'f32' | 'f64' | 'fixed'

/**
 * Constants of the float forms, one entry a channel: round(x · scale ± offset). `signed`: the float32 offset takes the
 * sign of the product; otherwise it is added as it is. The float64 offset always takes the sign, and `tieBreak` lifts
 * ties.
 */
export interface FloatForm {
  readonly signed: boolean
  readonly scales: Float32Array
  readonly offsets: Float32Array
  readonly wideScales: Float64Array
  readonly wideOffsets: Float64Array
  readonly tiers: readonly Tier[]
}

/**
 * Added in the float64 form: less than the distance of a product to a tie that it does not reach, enough to be felt.
 */
export const tieBreak: number = 2 ** -44

/** A point that the float form must keep on its side of a threshold: result(x) ≥ level, or < level. */
export interface Check {
  readonly x: number
  readonly level: number
  readonly reaches: boolean
}

/** The float form in float32 arithmetic, step by step as the kernel computes it; without zero point and clamp. */
export function floatRequantize(x: number, scale: number, offset: number, signed: boolean): number {
  const product = Math.fround(Math.fround(x) * scale)
  const moved = Math.fround(product + (signed && product < 0 ? -offset : offset))
  return Math.fround(moved + roundingMagic) - roundingMagic
}

/**
 * Both forms are monotone step functions of the accumulator, so they are equal in the whole reachable interval if they
 * step at the same places: two points a level.
 */
export function checksOf(r: Requantization, channel: number): Check[] {
  const fixed = { multiplier: r.multipliers[channel]!, shift: r.shifts[channel]! }
  const low = r.low[channel]!
  const high = r.high[channel]!
  const exact = (x: number) => multiplyByQuantizedMultiplier(x, fixed)
  const clamped = (value: number) => Math.min(Math.max(value, r.min - r.zeroPoint), r.max - r.zeroPoint)
  const first = clamped(exact(low))
  const last = clamped(exact(high))
  const checks: Check[] = []
  const real = fixed.multiplier * 2 ** (fixed.shift - 31)
  // Below the lowest level nothing may rise, above the highest nothing matters but the clamp.
  if (first > r.min - r.zeroPoint) checks.push({ x: low, level: first, reaches: true })
  if (last < r.max - r.zeroPoint) checks.push({ x: high, level: last + 1, reaches: false })
  for (let level = first + 1; level <= last; level++) {
    let x = Math.round((level - 0.5) / real)
    while (exact(x) >= level) x--
    while (exact(x) < level) x++
    checks.push({ x, level, reaches: true }, { x: x - 1, level, reaches: false })
  }
  return checks
}

/** The interval of offsets that satisfies all checks in real arithmetic. */
export function offsetsFor(checks: readonly Check[], scale: number, signed: boolean): readonly [number, number] {
  let low = -1
  let high = 1
  for (const { x, level, reaches } of checks) {
    const need = level - 0.5 - x * scale
    const flip = signed && x < 0
    // reaches: ±c ≥ need; otherwise ±c < need.
    if (reaches !== flip) low = Math.max(low, flip ? -need : need)
    else high = Math.min(high, flip ? -need : need)
  }
  return [low, high]
}

/**
 * The float64 form. Double rounding lifts a product's threshold by half a unit of the first rounding: 2^−(e+1) towards
 * zero, e being the right shift, so that with this offset one rounding gives the same. Products are exact in float64.
 */
function wideRequantize(x: number, scale: number, offset: number): number {
  const product = x * scale
  const moved = product + (product < 0 ? -offset : offset) + tieBreak
  return moved + roundingMagic64 - roundingMagic64
}

/** Steps of the last place of the scale that are tried. */
const ulps: readonly number[] = Array.from({ length: 25 }, (_, index) => (index % 2 ? 1 : -1) * ((index + 1) >> 1))
/** Where in the interval of offsets candidates are taken. */
export const mixes: readonly number[] = [0.5, 0.25, 0.75, 0.1, 0.9, 0, 1]

/** The float32 scales next to a real multiplier that are tried. */
export function scaleCandidates(real: number): readonly number[] {
  const bits = new Int32Array(new Float32Array([real]).buffer)[0]!
  return ulps.map((ulp) => new Float32Array(new Int32Array([bits + ulp]).buffer)[0]!)
}

interface Reached {
  readonly checks: readonly Check[]
  readonly real: number
  /** Largest product. */
  readonly reach: number
}

/** Finds a scale and offset for one channel that pass every check in float32; null if none of the candidates does. */
function search({ checks, real, reach }: Reached, signed: boolean) {
  if (!(reach < 2 ** 21)) return null
  for (const scale of scaleCandidates(real)) {
    const [low, high] = offsetsFor(checks, scale, signed)
    if (low > high + 1e-6) continue
    for (const mix of mixes) {
      const offset = Math.fround(low + (high - low) * mix)
      const passes = ({ x, level, reaches }: Check) => floatRequantize(x, scale, offset, signed) >= level === reaches
      if (checks.every(passes)) return { scale, offset }
    }
  }
  return null
}

/** The offset of the float64 form. */
function wideOffset(shift: number): number {
  return shift < 0 ? 2 ** (shift - 1) : 0
}

function wideHolds({ checks, real, reach }: Reached, shift: number): boolean {
  if (!(reach < 2 ** 30)) return false
  return checks.every(({ x, level, reaches }) => wideRequantize(x, real, wideOffset(shift)) >= level === reaches)
}

/** Looks for float forms of a fixed-point requantisation and proves them channel by channel. */
export function proveFloatForm(r: Requantization): FloatForm {
  const count = r.bias.length
  const reached = Array.from({ length: count }, (_, channel): Reached => {
    const real = r.multipliers[channel]! * 2 ** (r.shifts[channel]! - 31)
    const largest = Math.max(Math.abs(r.low[channel]!), Math.abs(r.high[channel]!))
    return { checks: checksOf(r, channel), real, reach: largest * real }
  })
  const wideScales = Float64Array.from(reached, ({ real }) => real)
  const wideOffsets = Float64Array.from(r.shifts, wideOffset)
  const attempt = (signed: boolean): FloatForm => {
    const found = reached.map((channel) => search(channel, signed))
    return {
      signed,
      scales: Float32Array.from(found, (item) => item?.scale ?? 0),
      offsets: Float32Array.from(found, (item) => item?.offset ?? 0),
      wideScales,
      wideOffsets,
      tiers: found.map((item, channel): Tier => {
        if (item) return 'f32'
        return wideHolds(reached[channel]!, r.shifts[channel]!) ? 'f64' : 'fixed'
      }),
    }
  }
  const plain = attempt(false)
  const failures = (form: FloatForm) => form.tiers.filter((tier) => tier !== 'f32').length
  if (failures(plain) === 0) return plain
  const signed = attempt(true)
  return failures(signed) < failures(plain) ? signed : plain
}
