import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile } from '../../../src/core/stats.ts'
import { Replanner } from '../../../src/plan/adapt/replanner.ts'
import type { Goal } from '../../../src/plan/goal.ts'
import { candidate, live, type World } from './world.ts'

const fastest: Goal = { minimize: 'latency' }

/** A fast engine on the processor, a slower one on the GPU, and a small variant on the processor. */
const pair = [candidate('native', 1, 'cpu'), candidate('webgpu', 1.4, 'gpu')]

const world = (change: Partial<World>): World => ({
  candidates: pair,
  goal: fastest,
  running: 'native',
  inferences: 1000,
  seed: 1,
  cv: 0.1,
  ...change,
})

const hog =
  (from: number, to: number, factor = 2) =>
  (device: string, index: number) =>
    device === 'cpu' && index >= from && index < to ? factor : 1

describe('replanner', () => {
  it('does not switch for noise of 5 to 20 %, with one inference in twenty 2 to 10 times as long', () => {
    for (const cv of [0.05, 0.1, 0.2])
      for (let seed = 0; seed < 5; seed++) {
        const { switches, probes } = live(world({ inferences: 3000, cv, tails: 0.05, seed }))
        expect(switches).toEqual([])
        expect(probes).toBe(0)
      }
  })

  it('notices a doubling within 20 inferences, undoes it after it ends, and switches no more', () => {
    const delays: number[] = []
    const returns: number[] = []
    for (const cv of [0.05, 0.1, 0.2])
      for (let seed = 0; seed < 40; seed++) {
        const { switches } = live(world({ cv, tails: 0.03, seed, inferences: 1200, slowDown: hog(200, 500) }))
        expect(switches.map(({ to }) => to)).toEqual(['webgpu', 'native'])
        delays.push(switches[0]!.at - 200)
        returns.push(switches[1]!.at - 500)
      }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...delays)).toBeLessThanOrEqual(20)
    expect(quantile(delays, 0.5)).toBeLessThanOrEqual(8)
    expect(Math.min(...returns)).toBeGreaterThanOrEqual(0)
    // A round of probes comes every 160 inferences at the latest; one may be spoilt by outliers.
    expect(quantile(returns, 0.5)).toBeLessThanOrEqual(60)
    expect(Math.max(...returns)).toBeLessThanOrEqual(330)
  })

  it('keeps what runs when the processor is slow for all alike, and goes back from a smaller variant by itself', () => {
    const both = [candidate('native', 1, 'cpu'), candidate('wasm', 1.4, 'cpu')]
    const slow = live(world({ candidates: both, slowDown: hog(200, 500), cv: 0.1 }))
    expect(slow.switches).toEqual([])
    const sized = [candidate('large', 1, 'cpu', { accuracy: 0.95 }), candidate('small', 0.4, 'cpu', { accuracy: 0.9 })]
    const goal: Goal = { minimize: 'accuracy', maxLatencyS: 1.6e-3 }
    for (let seed = 0; seed < 20; seed++) {
      const { switches } = live(
        world({ candidates: sized, goal, running: 'large', slowDown: hog(200, 500), cv: 0.1, seed }),
      )
      expect(switches.map(({ to }) => to)).toEqual(['small', 'large'])
      expect(switches[0]!.at).toBeLessThanOrEqual(220)
      expect(switches[0]!.reason).toMatch(/^latency \(95th percentile\)/)
      expect(switches[1]!.at).toBeGreaterThanOrEqual(500)
      expect(switches[1]!.at).toBeLessThanOrEqual(520)
    }
  })

  it('is not moved by short bursts, and ever less by long ones that come and go', () => {
    const burst = (on: number, off: number, factor: number) => (device: string, index: number) =>
      device === 'cpu' && index % (on + off) < on ? factor : 1
    for (let seed = 0; seed < 5; seed++) {
      const short = live(world({ seed, inferences: 3000, slowDown: burst(3, 17, 3) }))
      expect(short.switches).toEqual([])
      const long = live(world({ seed, inferences: 3000, slowDown: burst(30, 30, 2) }))
      expect(long.switches.length).toBeLessThanOrEqual(16)
    }
  })

  it('follows a slow drift, and tells it', () => {
    const warm = (device: string, index: number) =>
      device === 'cpu' ? 1 + Math.max(0, Math.min(0.9, (index - 100) / 500)) : 1
    const { switches, advice } = live(world({ slowDown: warm, cv: 0.05 }))
    expect(switches[0]!.to).toBe('webgpu')
    expect(switches[0]!.at).toBeGreaterThan(250)
    expect(advice[240]!.slowDown).toBeGreaterThan(1.15)
    expect(advice[240]!.driftPerMinute!).toBeGreaterThan(0.03)
    expect(advice[240]!.driftPerMinute!).toBeLessThan(0.25)
  })

  it('asks for few probes, and for none where they would break a limit', () => {
    const forever = hog(200, 1e9)
    const free = live(world({ slowDown: forever, inferences: 5000 }))
    expect(free.switches.length).toBe(1)
    expect(free.probes).toBeGreaterThan(3)
    // 3 % at most, of 4800 inferences.
    expect(free.probes).toBeLessThan(144)
    const tight = live(world({ slowDown: forever, goal: { ...fastest, use: { everyS: 3e-3 } } }))
    expect(tight.switches.length).toBe(1)
    expect(tight.probes).toBe(0)
    const energy = (energyMj: number) => ({ energy: { energyJ: energyMj / 1e3, provenance: 'measured' } }) as const
    const frugal = [candidate('native', 1, 'cpu', energy(0.5)), candidate('webgpu', 1.4, 'gpu', energy(1))]
    const limited = live(world({ candidates: frugal, slowDown: forever, goal: { ...fastest, maxEnergyJ: 1.005e-3 } }))
    expect(limited.probes).toBe(0)
  })

  it('leaves a candidate that misses deadlines', () => {
    const { switches } = live(world({ missed: (key, index, draw) => key === 'native' && index >= 200 && draw() < 0.5 }))
    expect(switches[0]).toMatchObject({
      to: 'webgpu',
      reason: expect.stringMatching(/^it missed \d+ of the last 40 deadlines/),
    })
    expect(switches[0]!.at).toBeLessThan(240)
    expect(switches.length).toBeLessThan(10)
    for (let seed = 0; seed < 10; seed++)
      expect(live(world({ seed, missed: (_, __, draw) => draw() < 0.03 })).switches).toEqual([])
  })

  it('saves a battery that empties too fast', () => {
    const energy = (energyMj: number) => ({ energy: { energyJ: energyMj / 1e3, provenance: 'measured' } }) as const
    const list = [
      candidate('large', 10, 'cpu', { ...energy(4), accuracy: 0.95 }),
      candidate('small', 4, 'cpu', { ...energy(1), accuracy: 0.9 }),
    ]
    // 21.6 J last 5400 s at 4 mW; half way only a quarter is left.
    const battery = { capacityMah: 2, voltageV: 3, usableShare: 1 }
    const goal: Goal = { minimize: 'accuracy', minBatteryLifeS: 5000, use: { everyS: 1, sleepW: 0, battery } }
    const leak = (share: number) => (index: number) => 1 - (share * index) / 5000
    const story = (share: number) =>
      live(world({ candidates: list, goal, running: 'large', inferences: 3000, batteryLeft: leak(share) }))
    expect(story(0.9).switches).toEqual([])
    const { switches } = story(1.4)
    expect(switches[0]).toMatchObject({ to: 'small', reason: expect.stringMatching(/^battery life/) })
  })

  it('never switches to a candidate that breaks a limit as predicted, whatever it sees', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(
          fc.record({ at: fc.nat(300), to: fc.nat(300), factor: fc.double({ min: 0.8, max: 4, noNaN: true }) }),
          {
            maxLength: 4,
          },
        ),
        (seed, slow) => {
          const list = [
            candidate('a', 1, 'cpu'),
            candidate('b', 1.5, 'gpu'),
            candidate('late', 0.5, 'npu', { latency: { medianS: 0.5e-3, p95S: 9e-3, n: 10 } }),
            candidate('poor', 0.2, 'npu', { accuracy: 0.5 }),
            candidate('absent', 0.1, 'npu', { unusable: 'not installed' }),
          ]
          const slowDown = (device: string, index: number) =>
            slow.reduce(
              (f, { at, to, factor }, n) =>
                n % 2 === (device === 'cpu' ? 0 : 1) && index >= at && index < to ? factor : f,
              1,
            )
          const goal: Goal = { minimize: 'latency', maxLatencyS: 4e-3, minAccuracy: 0.9 }
          const { switches, advice } = live(
            world({ candidates: list, goal, running: 'a', seed, slowDown, inferences: 400, cv: 0.2, tails: 0.05 }),
          )
          for (const { to } of switches) expect(['a', 'b']).toContain(to)
          for (const { probe } of advice) expect([null, 'a', 'b']).toContain(probe)
          for (const [index, { at }] of switches.entries())
            if (index > 0) expect(at - switches[index - 1]!.at).toBeGreaterThanOrEqual(10)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('refuses a candidate that it does not know', () => {
    expect(() => new Replanner(pair, fastest, 'nobody')).toThrow(/no usable candidate is called nobody/)
    const replanner = new Replanner(pair, fastest, 'native')
    expect(() => replanner.observe({ key: 'nobody', timeS: 0, latencyS: 1 })).toThrow(/nobody/)
  })
})
