import { describe, expect, it } from 'vitest'
import { quantileUpperBound } from '../../src/core/quantile-bound.ts'
import { random } from '../../src/core/random.ts'
import { quantile } from '../../src/core/stats.ts'
import type { LatencyFigure } from '../../src/cost/profile.ts'
import type { Candidate } from '../../src/plan/candidate.ts'
import { choose } from '../../src/plan/choose.ts'
import { contendersOf } from '../../src/plan/contenders.ts'
import type { Goal } from '../../src/plan/goal.ts'

const ms = (medianMs: number, p95Ms = medianMs, p95HighMs?: number): LatencyFigure => ({
  medianS: medianMs / 1e3,
  p95S: p95Ms / 1e3,
  ...(p95HighMs === undefined ? {} : { p95HighS: p95HighMs / 1e3 }),
  n: 100,
})

const candidate = (key: string, latency: LatencyFigure, extra: Partial<Candidate> = {}): Candidate => ({
  key,
  variant: key,
  places: [{ backend: 'engine', device: 'cpu' }],
  accuracy: 0.95,
  modelBytes: 1000,
  arenaBytes: null,
  macs: null,
  latency,
  energy: null,
  idle: null,
  ...extra,
})

const none = () => 0
const once = () => 1

describe('contenders', () => {
  it('are those that might be faster than the fastest so far', () => {
    const all = [candidate('a', ms(1)), candidate('b', ms(1.2)), candidate('c', ms(2))]
    expect(contendersOf(all, { minimize: 'latency' }, none)).toEqual(['a', 'b'])
    expect(contendersOf(all, { minimize: 'latency' }, once)).toEqual([])
  })

  it('are none of those that other limits rule out', () => {
    const all = [
      candidate('a', ms(1), { accuracy: 0.7 }),
      candidate('b', ms(9)),
      candidate('c', ms(1), { unusable: 'no' }),
    ]
    expect(contendersOf(all, { minimize: 'latency', minRelativeAccuracy: 0.9 }, none)).toEqual(['b'])
  })

  it('are those that a limit on latency may let pass although few rounds say no', () => {
    const all = [candidate('small', ms(1, 1.1)), candidate('large', ms(0.5), { modelBytes: 5000 })]
    const goal: Goal = { minimize: 'bytes', maxLatencyS: 1e-3 }
    expect(choose(all, goal).chosen?.key).toBe('large')
    expect(contendersOf(all, goal, none)).toEqual(['small', 'large'])
    expect(contendersOf([candidate('small', ms(1, 1.3)), all[1]!], goal, none)).toEqual(['large'])
  })

  it('are measured on where the limit is near, but not for ever', () => {
    const goal: Goal = { minimize: 'bytes', maxLatencyS: 1e-3 }
    const near = [candidate('near', ms(0.9, 0.95, 1.02))]
    const far = [candidate('far', ms(0.5, 0.6, 0.7))]
    expect([0, 1, 2, 3].map((done) => contendersOf(near, goal, () => done).length)).toEqual([1, 1, 1, 0])
    expect([0, 1].map((done) => contendersOf(far, goal, () => done).length)).toEqual([1, 0])
  })
})

describe('a limit on the 95th percentile', () => {
  it('is held against the bound, which the plan tells', () => {
    const goal: Goal = { minimize: 'latency', maxLatencyS: 2.1e-3 }
    const { chosen, judged } = choose(
      [candidate('sure', ms(1.8, 1.9, 2.05)), candidate('unsure', ms(1.7, 1.9, 2.2))],
      goal,
    )
    expect(chosen?.key).toBe('sure')
    expect(chosen?.reason).toBe('least latency: 1.80 ms; 95th percentile 1.90 ms (≤ 2.05 ms with 95 % confidence)')
    expect(judged[1]?.reason).toBe(
      'latency (95th percentile) 1.90 ms (≤ 2.20 ms with 95 % confidence), which may be more than 2.10 ms',
    )
    const few = candidate('few', { ...ms(1, 1, 1), n: 36 })
    expect(choose([few], goal).chosen?.reason).toContain('(≤ 1.00 ms with 84 % confidence)')
  })

  it('is broken in less than one of a hundred choices under simulated noise, where plain percentiles break it in more', () => {
    const draw = random(11)
    const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())
    const jitter = 0.06
    // The 95th percentile of a lognormal distribution.
    const factor = Math.exp(1.644854 * jitter)
    const figure = (rounds: readonly number[][], bounded: boolean): LatencyFigure => {
      const all = rounds.flat()
      const plain = { medianS: quantile(all, 0.5), p95S: quantile(all, 0.95), n: all.length }
      return bounded ? { ...plain, p95HighS: quantileUpperBound(rounds) } : plain
    }
    const broken = [false, true].map((bounded) => {
      let [broke, chose] = [0, 0]
      for (let trial = 0; trial < 600; trial++) {
        const truths = Array.from({ length: 4 }, (_, at) => ({
          key: String(at),
          latencyS: 1e-3 * (0.9 + 0.2 * draw()),
        }))
        const goal: Goal = { minimize: 'bytes', maxLatencyS: 1e-3 * factor }
        const seen = truths.map(({ key, latencyS }) => {
          const visit = () => Array.from({ length: 10 }, () => latencyS * Math.exp(jitter * normal()))
          const rounds = Array.from({ length: 12 }, visit)
          return candidate(key, figure(rounds, bounded), { modelBytes: 1000 * (1 + draw()) })
        })
        const { chosen } = choose(seen, goal)
        if (!chosen) continue
        chose++
        if (truths.find(({ key }) => key === chosen.key)!.latencyS > 1e-3) broke++
      }
      expect(chose).toBeGreaterThan(300)
      return broke / chose
    })
    expect(broken[0]).toBeGreaterThan(0.05)
    expect(broken[1]).toBeLessThan(0.01)
  })
})
