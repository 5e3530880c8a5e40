import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EnergyFigure } from '../../src/cost/profile.ts'
import { batteryOf } from '../../src/energy/battery.ts'
import type { Candidate } from '../../src/plan/candidate.ts'
import { choose } from '../../src/plan/choose.ts'
import { checkGoal, type Goal, goalInWords } from '../../src/plan/goal.ts'
import { recordOf } from '../energy/support.ts'

const candidate = (
  variant: string,
  latencyMs: number,
  energyMj: number,
  extra: Partial<Candidate> = {},
): Candidate => ({
  key: variant,
  variant,
  places: [{ backend: 'engine', device: 'cpu' }],
  accuracy: 0.95,
  modelBytes: 50_000,
  arenaBytes: 20_000,
  macs: 1e6,
  latency: { medianS: latencyMs / 1e3, p95S: latencyMs / 1e3, n: 100 },
  energy: { energyJ: energyMj / 1e3, provenance: 'measured' },
  idle: { powerW: 1e-3, provenance: 'measured' },
  ...extra,
})

const reasonsOf = (candidates: readonly Candidate[], goal: Goal) =>
  Object.fromEntries(choose(candidates, checkGoal(goal)).judged.map(({ key, reason }) => [key, reason]))

const battery = { capacityMah: 1000, voltageV: 3, usableShare: 0.5 }

describe('limits of a goal', () => {
  it('reads memory, mean power, battery life and carbon off the figures of a candidate', () => {
    // 2 mJ in 20 ms once a second and 1 mW between: 2.98 mW; 5.4 kJ last 1.812 million seconds.
    const one = candidate('one', 20, 2)
    const use = { everyS: 1, battery, carbon: { gramsPerKwh: 360, inferences: 1e6 } }
    const fails = (limit: Partial<Goal>) => reasonsOf([one], { minimize: 'energy', use, ...limit }).one
    expect(fails({ maxArenaBytes: 19_999 })).toBe('memory for tensors 20000 bytes > 19999 bytes')
    expect(fails({ maxMeanPowerW: 2.9e-3 })).toBe('mean power 2.98 mW > 2.90 mW')
    expect(fails({ minBatteryLifeS: 21 * 86400 })).toBe('battery life 21.0 days < 21.0 days')
    expect(fails({ maxGramsCo2e: 0.1 })).toBe('CO2e 200 mg > 100 mg')
    expect(fails({ maxMeanPowerW: 3e-3, minBatteryLifeS: 20 * 86400, maxGramsCo2e: 0.21 })).toMatch(/^least energy/)
  })

  it('lasts as long as the battery of an energy record says', () => {
    const record = recordOf([0.1, 0.1002, 0.0998])
    const life = batteryOf(record, { ...battery, everyS: 10, sleepW: 1e-6 })
    if ('reason' in life) throw new Error(life.reason)
    const runS = record.secondsPerInference!
    const same = candidate('same', runS * 1e3, record.gross!.valueJ * 1e3)
    const goal = (lifeS: number): Goal => ({
      minimize: 'energy',
      minBatteryLifeS: lifeS,
      use: { everyS: 10, sleepW: 1e-6, battery },
    })
    expect(choose([same], goal(life.lifeS * 0.999999)).chosen?.key).toBe('same')
    expect(choose([same], goal(life.lifeS * 1.000001)).chosen).toBeNull()
  })

  it('refuses a candidate that cannot keep the rate, and one whose figures are missing or not physical', () => {
    const goal: Goal = { minimize: 'energy', maxMeanPowerW: 1, use: { everyS: 0.01 } }
    expect(
      reasonsOf(
        [
          candidate('late', 20, 1),
          candidate('unread', 1, 1, { energy: null }),
          candidate('modelled', 1, 1, { energy: { energyJ: 1e-3, provenance: 'modelled' } }),
          candidate('no idle', 1, 1, { idle: null }),
          candidate('emulated idle', 1, 1, { idle: { powerW: 1e-3, provenance: 'emulated' } }),
        ],
        goal,
      ),
    ).toEqual({
      late: 'one inference takes 20.0 ms, longer than the 10.0 ms between two',
      unread: 'there is no energy figure, but the goal limits energy',
      modelled: 'its energy is modelled, but the limit needs a figure that is measured or replayed',
      'no idle': 'the power between inferences is not known; state it, or measure with a meter',
      'emulated idle': 'its idle power is emulated, but the limit needs a figure that is measured or replayed',
    })
  })

  it('asks for what a limit is computed with', () => {
    const ask = (goal: Partial<Goal>) => () => checkGoal({ minimize: 'energy', ...goal })
    expect(ask({ maxMeanPowerW: 1 })).toThrow(/maxMeanPowerW.*use\.everyS/)
    expect(ask({ minBatteryLifeS: 1, use: { everyS: 1 } })).toThrow(/use\.battery/)
    expect(ask({ maxGramsCo2e: 1 })).toThrow(/use\.carbon/)
    expect(ask({ use: { everyS: 0 } })).toThrow(/above 0/)
    expect(ask({ use: { sleepW: -1 } })).toThrow(/not be below 0/)
    expect(ask({ use: { battery: { ...battery, usableShare: 1.1 } } })).toThrow(/usableShare/)
  })

  it('tells them in words', () => {
    const use = { everyS: 10, battery, carbon: { gramsPerKwh: 473, inferences: 1e6 } }
    const goal: Goal = {
      maxArenaBytes: 1e5,
      maxMeanPowerW: 0.002,
      minBatteryLifeS: 30 * 86400,
      maxGramsCo2e: 2,
      use,
      minimize: 'accuracy',
    }
    expect(goalInWords(goal)).toEqual([
      'memory for tensors ≤ 100000 bytes',
      'one inference every 10 s',
      'mean power ≤ 2 mW',
      'battery life ≥ 30 days (1000 mAh at 3 V, 50 % usable)',
      'CO2e ≤ 2 g over 1000000 inferences at 473 g/kWh',
      'then most accuracy, then least latency',
    ])
  })

  it('makes accuracy large when asked to', () => {
    const { chosen, judged } = choose(
      [candidate('small', 1, 1, { accuracy: 0.9 }), candidate('large', 9, 9, { accuracy: 0.903 })],
      { minimize: 'accuracy' },
    )
    expect(chosen?.reason).toBe('most accuracy: 90.3 %, next best 90.0 %')
    expect(judged[1]!.reason).toBe('meets the goal, but accuracy 90.0 % ≤ 90.3 %')
  })
})

describe('Pareto front', () => {
  const paretoOf = (candidates: readonly Candidate[]) =>
    choose(candidates, { minimize: 'energy' })
      .judged.filter(({ pareto }) => pareto)
      .map(({ key }) => key)

  it('holds those that nothing beats, whether they meet the goal or not', () => {
    const list = [
      candidate('fast', 1, 9),
      candidate('frugal', 9, 1),
      candidate('worse', 9, 9),
      candidate('accurate', 20, 20, { accuracy: 0.99 }),
      candidate('absent', 0.1, 0.1, { unusable: 'not installed' }),
    ]
    expect(paretoOf(list).sort()).toEqual(['accurate', 'fast', 'frugal'])
  })

  it('compares neither unknown figures nor different provenances', () => {
    const list = [
      candidate('measured', 1, 1),
      candidate('modelled', 9, 9, { energy: { energyJ: 9e-3, provenance: 'modelled' } }),
      candidate('no accuracy', 9, 9, { accuracy: null }),
    ]
    expect(paretoOf(list).sort()).toEqual(['measured', 'modelled', 'no accuracy'])
  })
})

describe('a goal that cannot be met', () => {
  it('names the limit that fails and the nearest goal that can be met', () => {
    const { unmet } = choose([candidate('a', 10, 4), candidate('b', 30, 1)], { minimize: 'energy', maxLatencyS: 0.008 })
    expect(unmet).toMatchObject({
      limits: ['maxLatencyS'],
      reason: 'no candidate keeps latency (95th percentile) ≤ 8 ms',
      nearest: { candidate: 'a', inWords: 'latency (95th percentile) ≤ 10 ms', goal: { maxLatencyS: 0.01 } },
    })
    expect(unmet!.nearest!.change).toBeCloseTo(0.25, 12)
  })

  it('names the fewest limits that fail together, and relaxes as little as possible at once', () => {
    const list = [candidate('fast', 10, 5), candidate('frugal', 40, 1), candidate('between', 12, 2.4)]
    const { unmet } = choose(list, { minimize: 'energy', maxLatencyS: 0.01, maxEnergyJ: 2e-3, maxModelBytes: 60_000 })
    expect(unmet).toMatchObject({
      limits: ['maxLatencyS', 'maxEnergyJ'],
      reason:
        'no candidate keeps latency (95th percentile) ≤ 10 ms and energy ≤ 2 mJ an inference (measured or replayed) together',
      nearest: {
        candidate: 'between',
        inWords: 'latency (95th percentile) ≤ 12 ms and energy ≤ 2.4 mJ an inference (measured or replayed)',
      },
    })
    expect(unmet!.nearest!.change).toBeCloseTo(0.2, 12)
  })

  it('offers none where numbers do not help', () => {
    const modelled: Partial<Candidate> = { energy: { energyJ: 1e-3, provenance: 'modelled' } }
    const goal: Goal = { minimize: 'energy', maxEnergyJ: 2e-3 }
    expect(choose([candidate('a', 1, 1, modelled)], goal).unmet).toMatchObject({
      limits: ['maxEnergyJ'],
      nearest: null,
    })
    expect(choose([candidate('a', 1, 1, { unusable: 'absent' })], goal).unmet).toEqual({
      limits: [],
      reason: 'no candidate can run',
      nearest: null,
    })
  })

  const figures = fc.record({
    accuracy: fc.option(fc.double({ min: 0.01, max: 1, noNaN: true })),
    latencyMs: fc.double({ min: 0.01, max: 100, noNaN: true }),
    energyMj: fc.double({ min: 0.01, max: 100, noNaN: true }),
    arenaBytes: fc.option(fc.integer({ min: 1, max: 1e6 })),
    provenance: fc.constantFrom<EnergyFigure['provenance'][]>('measured', 'measured', 'replayed', 'modelled'),
  })
  const asked = fc.record({
    minAccuracy: fc.double({ min: 0.1, max: 1, noNaN: true }),
    maxLatencyS: fc.double({ min: 1e-5, max: 0.05, noNaN: true }),
    maxEnergyJ: fc.double({ min: 1e-5, max: 0.05, noNaN: true }),
    maxArenaBytes: fc.integer({ min: 1, max: 1e6 }),
    minBatteryLifeS: fc.double({ min: 1, max: 1e7, noNaN: true }),
  })

  it('is told with a goal that can be met, and with none that is nearer', () => {
    fc.assert(
      fc.property(fc.array(figures, { minLength: 1, maxLength: 8 }), asked, (rows, limits) => {
        const candidates = rows.map(({ accuracy, latencyMs, energyMj, arenaBytes, provenance }, index) =>
          candidate(`c${index}`, latencyMs, energyMj, {
            accuracy,
            arenaBytes,
            energy: { energyJ: energyMj / 1e3, provenance },
          }),
        )
        const goal: Goal = { ...limits, use: { everyS: 1, battery }, minimize: 'energy' }
        const { chosen, unmet } = choose(candidates, goal)
        expect(chosen === null).toBe(unmet !== null)
        if (!unmet?.nearest) return
        const { nearest } = unmet
        expect(choose(candidates, nearest.goal).unmet).toBeNull()
        // Closer than this, rounding decides.
        if (nearest.change < 1e-9) return
        // Giving way by a little less on every limit is not enough for anyone.
        const share = nearest.change * 0.999
        const closer: Goal = {
          ...goal,
          minAccuracy: limits.minAccuracy * (1 - share),
          maxLatencyS: limits.maxLatencyS * (1 + share),
          maxEnergyJ: limits.maxEnergyJ * (1 + share),
          maxArenaBytes: limits.maxArenaBytes * (1 + share),
          minBatteryLifeS: limits.minBatteryLifeS * (1 - share),
        }
        expect(choose(candidates, closer).chosen).toBeNull()
      }),
      { numRuns: 500 },
    )
  })

  it('names limits that fail together, and no fewer would', () => {
    fc.assert(
      fc.property(fc.array(figures, { minLength: 1, maxLength: 8 }), asked, (rows, limits) => {
        const candidates = rows.map(({ accuracy, latencyMs, energyMj, arenaBytes }, index) =>
          candidate(`c${index}`, latencyMs, energyMj, { accuracy, arenaBytes }),
        )
        const use = { everyS: 1, battery }
        const { unmet } = choose(candidates, { ...limits, use, minimize: 'energy' })
        if (!unmet) return
        const only = (names: readonly string[]): Goal => ({
          use,
          minimize: 'energy',
          ...Object.fromEntries(Object.entries(limits).filter(([name]) => names.includes(name))),
        })
        expect(choose(candidates, only(unmet.limits)).chosen).toBeNull()
        for (const left of unmet.limits)
          expect(choose(candidates, only(unmet.limits.filter((name) => name !== left))).chosen).not.toBeNull()
      }),
      { numRuns: 300 },
    )
  })
})
