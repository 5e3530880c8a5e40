import { multiplyByQuantizedMultiplier } from './fixed-point.ts'
import type { Requantization } from './program.ts'

/** Adding this to a float32 of less than 2^22 rounds it to an integer, halves to even: 1.5 · 2^23. */
export const roundingMagic = 12582912

/**
 * Constants of the float form, one entry a channel: round(x · scale ± offset). `signed`: the offset takes the sign of
 * the product; otherwise it is added as it is. Channels that are not `proved` need the exact form.
 */
export interface FloatForm {
  readonly signed: boolean
  readonly scales: Float32Array
  readonly offsets: Float32Array
  readonly proved: readonly boolean[]
}

/** A point that the float form must keep on its side of a threshold: result(x) ≥ level, or < level. */
interface Check {
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
function checksOf(r: Requantization, channel: number): Check[] {
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
function offsetsFor(checks: readonly Check[], scale: number, signed: boolean): readonly [number, number] {
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

const ulps = [0, 1, -1, 2, -2, 3, -3]
const mixes = [0.5, 0.25, 0.75, 0.1, 0.9, 0, 1]

/** Finds a scale and offset for one channel that pass every check in float32; null if none of the candidates does. */
function search(r: Requantization, channel: number, checks: readonly Check[], signed: boolean) {
  const real = Math.fround(r.multipliers[channel]! * 2 ** (r.shifts[channel]! - 31))
  const reach = Math.max(Math.abs(r.low[channel]!), Math.abs(r.high[channel]!)) * real
  if (!(reach < 2 ** 21)) return null
  const bits = new Int32Array(new Float32Array([real]).buffer)[0]!
  for (const ulp of ulps) {
    const scale = new Float32Array(new Int32Array([bits + ulp]).buffer)[0]!
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

/** Looks for a float form of a fixed-point requantisation and proves it channel by channel. */
export function proveFloatForm(r: Requantization): FloatForm {
  const count = r.bias.length
  const checks = Array.from({ length: count }, (_, channel) => checksOf(r, channel))
  const attempt = (signed: boolean): FloatForm => {
    const scales = new Float32Array(count)
    const offsets = new Float32Array(count)
    const proved: boolean[] = []
    for (let channel = 0; channel < count; channel++) {
      const found = search(r, channel, checks[channel]!, signed)
      proved.push(found !== null)
      scales[channel] = found?.scale ?? 0
      offsets[channel] = found?.offset ?? 0
    }
    return { signed, scales, offsets, proved }
  }
  const plain = attempt(false)
  if (plain.proved.every(Boolean)) return plain
  const signed = attempt(true)
  const failures = (form: FloatForm) => form.proved.filter((ok) => !ok).length
  return failures(signed) < failures(plain) ? signed : plain
}
