import { describe, expect, it } from 'vitest'
import type { Requantization } from '../../src/compile/program.ts'
import { patchChannel } from '../../src/compile/requantize-patch.ts'
import { floatRequantize, proveFloatForm } from '../../src/compile/requantize-proof.ts'
import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../../src/graph/reference/fixed-point.ts'
import { numbers } from './random-layer.ts'

const reach = 250_000

/** A layer of channels whose multipliers are random. */
function layer(seed: number, channels: number): Requantization {
  const next = numbers(seed)
  const fixed = Array.from({ length: channels }, () => quantizeMultiplier(0.0004 + 0.0008 * next()))
  return {
    semantics: 'tflm',
    bias: new Int32Array(channels),
    multipliers: Int32Array.from(fixed, ({ multiplier }) => multiplier),
    shifts: Int32Array.from(fixed, ({ shift }) => shift),
    scales: new Float32Array(channels),
    low: new Float64Array(channels).fill(-reach),
    high: new Float64Array(channels).fill(reach),
    zeroPoint: -20,
    min: -128,
    max: 127,
  }
}

describe('a float form with one accumulator put right', () => {
  it('equals fixed point for every accumulator, where the proof alone finds no float form', () => {
    const r = layer(4, 400)
    const { tiers, signed } = proveFloatForm(r)
    const failing = tiers.flatMap((tier, channel) => (tier === 'f32' ? [] : [channel]))
    expect(failing.length).toBeGreaterThan(3)
    const clamp = (value: number) => Math.min(Math.max(value, r.min - r.zeroPoint), r.max - r.zeroPoint)
    let patched = 0
    for (const channel of failing.slice(0, 8)) {
      const form = patchChannel(r, channel, signed)
      if (!form) continue
      patched++
      const fixed = { multiplier: r.multipliers[channel]!, shift: r.shifts[channel]! }
      for (let x = -reach; x <= reach; x++) {
        const float = floatRequantize(x, form.scale, form.offset, signed) + (x === form.patch ? form.patchedBy : 0)
        const exact = multiplyByQuantizedMultiplier(x, fixed)
        if (clamp(float) !== clamp(exact)) expect({ channel, x, float }).toEqual({ channel, x, float: exact })
      }
    }
    expect(patched).toBeGreaterThan(4)
  })

  it('is not found where reachable products are beyond its precision', () => {
    const r = { ...layer(4, 1), low: Float64Array.of(-(2 ** 31)), high: Float64Array.of(2 ** 31) }
    expect(patchChannel(r, 0, false)).toBeNull()
  })
})
