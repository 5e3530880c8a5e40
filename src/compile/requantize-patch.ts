import { multiplyByQuantizedMultiplier } from '../graph/reference/fixed-point.ts'
import type { Requantization } from './program.ts'
import { type Check, checksOf, floatRequantize, mixes, offsetsFor, scaleCandidates } from './requantize-proof.ts'

/** A float form of a channel that is wrong at one accumulator, `patch`; `patchedBy` puts that right. */
export interface PatchedChannel {
  readonly scale: number
  readonly offset: number
  readonly patch: number
  readonly patchedBy: number
}

/** The two intervals of offsets that satisfy all checks but the one that sets the lower, or the upper, end. */
function intervals(checks: readonly Check[], scale: number, signed: boolean): (readonly [number, number])[] {
  let [low, lower, high, higher] = [-1, -1, 1, 1]
  for (const check of checks) {
    const [least, most] = offsetsFor([check], scale, signed)
    if (least > low) [low, lower] = [least, low]
    else if (least > lower) lower = least
    if (most < high) [high, higher] = [most, high]
    else if (most < higher) higher = most
  }
  return [
    [lower, high],
    [low, higher],
  ]
}

/** The one accumulator where a form fails its checks; null if it fails at none or at several. */
function onlyFailure(checks: readonly Check[], form: (x: number) => number): number | null {
  let found: number | null = null
  for (const { x, level, reaches } of checks) {
    if (form(x) >= level === reaches || x === found) continue
    if (found !== null) return null
    found = x
  }
  return found
}

/**
 * Looks for a float32 form of a channel whose fixed-point requantisation it equals everywhere but at one accumulator.
 * Both are monotone step functions: where one check fails and the neighbours of its accumulator are right, all others
 * are. Null if no candidate does.
 */
export function patchChannel(r: Requantization, channel: number, signed: boolean): PatchedChannel | null {
  const fixed = { multiplier: r.multipliers[channel]!, shift: r.shifts[channel]! }
  const real = fixed.multiplier * 2 ** (fixed.shift - 31)
  const checks = checksOf(r, channel)
  if (!(Math.max(Math.abs(r.low[channel]!), Math.abs(r.high[channel]!)) * real < 2 ** 21)) return null
  const clamp = (value: number) => Math.min(Math.max(value, r.min - r.zeroPoint), r.max - r.zeroPoint)
  const exact = (x: number) => clamp(multiplyByQuantizedMultiplier(x, fixed))
  for (const scale of scaleCandidates(real))
    for (const [low, high] of intervals(checks, scale, signed)) {
      if (low > high + 1e-6) continue
      for (const mix of mixes) {
        const offset = Math.fround(low + (high - low) * mix)
        const float = (x: number) => floatRequantize(x, scale, offset, signed)
        const patch = onlyFailure(checks, float)
        if (patch === null || [patch - 1, patch + 1].some((x) => clamp(float(x)) !== exact(x))) continue
        return { scale, offset, patch, patchedBy: exact(patch) - float(patch) }
      }
    }
  return null
}
