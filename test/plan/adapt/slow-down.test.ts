import { describe, expect, it } from 'vitest'
import { random } from '../../../src/core/random.ts'
import { median } from '../../../src/core/stats.ts'
import { SlowDown } from '../../../src/plan/adapt/slow-down.ts'

/** Logarithms of noisy ratios: log-normal, and a part of them 2 to 10 times as large. */
function noise(seed: number, cv: number, tails: number): () => number {
  const draw = random(seed)
  const sigma = Math.sqrt(Math.log(1 + cv * cv))
  return () => sigma * draw.normal() + (draw() < tails ? Math.log(2 + 8 * draw()) : 0)
}

describe('slow-down', () => {
  it('finds no step in noise: fewer than one in 20,000 samples at 5 to 20 % with 5 % outliers', () => {
    for (const cv of [0.05, 0.1, 0.2]) {
      const draw = noise(7, cv, 0.05)
      const slow = new SlowDown(0)
      let steps = 0
      for (let i = 0; i < 20_000; i++) if (slow.add(i, draw()) !== null) steps++
      expect(steps).toBeLessThanOrEqual(1)
      expect(Math.abs(slow.level)).toBeLessThan(0.15)
    }
  })

  it('finds a doubling and its end within ten samples, and knows how large it is', () => {
    const delays: number[] = []
    for (let seed = 0; seed < 100; seed++) {
      const draw = noise(seed, 0.15, 0.03)
      const slow = new SlowDown(0)
      const until = (shift: number, step: 'slower' | 'faster') => {
        for (let i = 1; i < 100; i++) if (slow.add(i, draw() + shift) === step) return i
        throw new Error(`no step in seed ${seed}`)
      }
      for (let i = 0; i < 50; i++) slow.add(i, draw())
      delays.push(until(Math.LN2, 'slower'))
      for (let i = 0; i < 50; i++) slow.add(i, draw() + Math.LN2)
      expect(Math.exp(slow.level)).toBeGreaterThan(1.7)
      expect(Math.exp(slow.level)).toBeLessThan(2.4)
      delays.push(until(0, 'faster'))
    }
    expect(median(delays)).toBeLessThanOrEqual(6)
    expect(Math.max(...delays)).toBeLessThanOrEqual(15)
  })

  it('believes the prior until there are five samples', () => {
    const slow = new SlowDown(0.5)
    for (let i = 0; i < 4; i++) slow.add(i, 0)
    expect(slow.level).toBe(0.5)
    slow.add(4, 0)
    expect(slow.level).toBe(0)
    expect(slow.driftPerS).toBeNull()
  })
})
