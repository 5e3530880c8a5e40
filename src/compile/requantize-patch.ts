import { multiplyByQuantizedMultiplier } from './fixed-point.ts'
import type { Requantization } from './program.ts'
import { type Check, checksOf, floatRequantize, mixes, offsetsFor, scaleCandidates } from './requantize-proof.ts'

/** A float form of a channel that is wrong at one accumulator, `patch`; `patchedBy` puts that right. */
export interface PatchedChannel {
  readonly scale: number
  readonly offset: number
  readonly patch: number
  readonly patchedBy: number
}

/** The checks without the one that sets the lower, or the upper, end of the offsets. */
function withoutTightest(checks: readonly Check[], scale: number, signed: boolean, end: 0 | 1): Check[] {
  const bounds = offsetsFor(checks, scale, signed)
  const tightest = checks.findIndex((check) => {
    const [low, high] = offsetsFor([check], scale, signed)
    return (end === 0 ? low : high) === bounds[end]
  })
  return checks.filter((_, index) => index !== tightest)
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
    for (const end of [0, 1] as const) {
      const [low, high] = offsetsFor(withoutTightest(checks, scale, signed, end), scale, signed)
      if (low > high + 1e-6) continue
      for (const mix of mixes) {
        const offset = Math.fround(low + (high - low) * mix)
        const float = (x: number) => floatRequantize(x, scale, offset, signed)
        const wrong = new Set(checks.filter(({ x, level, reaches }) => float(x) >= level !== reaches).map(({ x }) => x))
        const [patch] = wrong
        if (wrong.size !== 1 || patch === undefined) continue
        if ([patch - 1, patch + 1].some((x) => clamp(float(x)) !== exact(x))) continue
        return { scale, offset, patch, patchedBy: exact(patch) - float(patch) }
      }
    }
  return null
}
