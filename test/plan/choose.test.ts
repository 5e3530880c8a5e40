import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EnergyFigure } from '../../src/cost/profile.ts'
import type { Candidate } from '../../src/plan/candidate.ts'
import { choose } from '../../src/plan/choose.ts'
import { checkGoal, defaultGoal, type Goal, goalInWords } from '../../src/plan/goal.ts'

const candidate = (variant: string, latencyMs: number, extra: Partial<Candidate> = {}): Candidate => ({
  key: variant,
  variant,
  places: [{ backend: 'engine', device: 'cpu' }],
  accuracy: 0.95,
  modelBytes: 50_000,
  arenaBytes: null,
  macs: 1e6,
  latency: { medianS: latencyMs / 1e3, p95S: (latencyMs * 1.2) / 1e3, n: 100 },
  energy: null,
  idle: null,
  ...extra,
})

const energy = (millijoules: number, provenance: EnergyFigure['provenance'] = 'measured'): Partial<Candidate> => ({
  energy: { energyJ: millijoules / 1e3, provenance },
})

describe('choose', () => {
  it('takes the least energy, not the least latency, when a meter has read both', () => {
    const { chosen, judged } = choose([candidate('fast', 1, energy(9)), candidate('slow', 2, energy(3))], defaultGoal)
    expect(chosen?.variant).toBe('slow')
    expect(chosen?.reason).toBe('least energy: 3.00 mJ (measured), next best 9.00 mJ (measured)')
    expect(judged[1]).toMatchObject({
      verdict: 'eligible',
      reason: 'meets the goal, but energy 9.00 mJ (measured) ≥ 3.00 mJ (measured)',
    })
  })

  it('decides by latency among equal energies', () => {
    const { chosen } = choose([candidate('a', 2, energy(3)), candidate('b', 1, energy(3.01))], defaultGoal)
    expect(chosen?.variant).toBe('b')
    expect(chosen?.reason).toMatch(/^least latency/)
  })

  it('never compares figures of different provenance', () => {
    const { chosen } = choose([candidate('a', 2, energy(1, 'modelled')), candidate('b', 1, energy(9))], defaultGoal)
    expect(chosen?.variant).toBe('b')
    expect(chosen?.reason).toContain('energy figures of different provenance are not compared')
  })

  it('says by latency when there are no energy figures', () => {
    expect(choose([candidate('a', 2), candidate('b', 1)], defaultGoal).chosen?.reason).toContain('no energy figures')
  })

  it('keeps a reason for every rejected candidate', () => {
    const goal: Goal = {
      minAccuracy: 0.9,
      maxLatencyS: 0.01,
      maxModelBytes: 60_000,
      maxEnergyJ: 0.005,
      minimize: 'energy',
    }
    const { chosen, judged } = choose(
      [
        candidate('inaccurate', 1, { ...energy(1), accuracy: 0.8 }),
        candidate('unknown', 1, { ...energy(1), accuracy: null }),
        candidate('slow', 20, energy(1)),
        candidate('large', 1, { ...energy(1), modelBytes: 70_000 }),
        candidate('hungry', 1, energy(6)),
        candidate('emulated', 1, energy(1, 'emulated')),
        candidate('modelled', 1, energy(1, 'modelled')),
        candidate('unread', 1),
        candidate('absent', 1, { ...energy(1), unusable: 'it is not installed' }),
        candidate('untimed', 1, { ...energy(1), latency: null }),
      ],
      goal,
    )
    expect(chosen).toBeNull()
    expect(Object.fromEntries(judged.map((row) => [row.variant, row.reason]))).toEqual({
      inaccurate: 'accuracy 80.0 % < 90.0 %',
      unknown: 'its accuracy is not known, but the goal asks for 90.0 %',
      slow: 'latency (95th percentile) 24.0 ms > 10.0 ms',
      large: '70000 bytes > 60000 bytes',
      hungry: 'energy 6.00 mJ > 5.00 mJ',
      emulated: 'its energy is emulated, but the limit needs a figure that is measured or replayed',
      modelled: 'its energy is modelled, but the limit needs a figure that is measured or replayed',
      unread: 'there is no energy figure, but the goal limits energy',
      absent: 'it is not installed',
      untimed: 'its latency was not measured',
    })
  })

  it('lets a figure of another provenance satisfy a limit only when the goal says so', () => {
    const goal: Goal = { maxEnergyJ: 0.005, minimize: 'energy', acceptProvenance: ['emulated'] }
    expect(choose([candidate('a', 1, energy(1, 'emulated'))], goal).chosen?.variant).toBe('a')
  })

  it('measures relative accuracy against the best variant, and lets a model without a card pass it', () => {
    const list = [
      candidate('best', 3, { accuracy: 0.96 }),
      candidate('good', 1, { accuracy: 0.9 }),
      candidate('poor', 0.5, { accuracy: 0.7 }),
    ]
    expect(choose(list, defaultGoal).chosen?.variant).toBe('good')
    expect(choose([candidate('bare', 1, { accuracy: null })], defaultGoal).chosen?.variant).toBe('bare')
  })

  it('keeps every candidate, chooses at most one, and nothing that breaks a limit', () => {
    const arbitrary = fc.record({
      accuracy: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      latencyMs: fc.double({ min: 0.01, max: 100, noNaN: true }),
      millijoules: fc.double({ min: 0.01, max: 100, noNaN: true }),
      provenance: fc.constantFrom('measured', 'emulated', 'modelled', 'replayed') as fc.Arbitrary<
        EnergyFigure['provenance']
      >,
    })
    fc.assert(
      fc.property(
        fc.array(arbitrary, { maxLength: 12 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (rows, limitMs) => {
          const goal: Goal = { minRelativeAccuracy: 0.9, maxLatencyS: limitMs / 1e3, minimize: 'energy' }
          const candidates = rows.map((row, i) =>
            candidate(`v${i}`, row.latencyMs, { accuracy: row.accuracy, ...energy(row.millijoules, row.provenance) }),
          )
          const { chosen, judged } = choose(candidates, goal)
          expect(judged.length).toBe(candidates.length)
          expect(judged.every((row) => row.reason.length > 0)).toBe(true)
          expect(judged.filter((row) => row.verdict === 'chosen').length).toBe(chosen ? 1 : 0)
          if (chosen) expect(chosen.latency!.p95S).toBeLessThanOrEqual(goal.maxLatencyS!)
          if (!chosen) expect(judged.every((row) => row.verdict === 'rejected')).toBe(true)
        },
      ),
    )
  })
})

describe('goal', () => {
  it('is told in words', () => {
    expect(
      goalInWords({ minAccuracy: 0.9, maxLatencyS: 0.02, maxEnergyJ: 0.001, maxModelBytes: 1000, minimize: 'energy' }),
    ).toEqual([
      'accuracy ≥ 90 %',
      'latency (95th percentile) ≤ 20 ms',
      'energy ≤ 1 mJ an inference (measured or replayed)',
      'model file ≤ 1000 bytes',
      'then least energy, then least latency',
    ])
  })

  it('refuses values that make no sense', () => {
    for (const goal of [
      { minAccuracy: 1.2 },
      { minRelativeAccuracy: -1 },
      { maxLatencyS: 0 },
      { maxEnergyJ: Number.NaN },
    ])
      expect(() => checkGoal({ ...goal, minimize: 'energy' })).toThrow(/must/)
  })
})
