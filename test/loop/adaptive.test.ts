import { describe, expect, it } from 'vitest'
import type { Executable } from '../../src/backends/backend.ts'
import type { Catalogue } from '../../src/catalogue/load.ts'
import { MilliwattError } from '../../src/core/errors.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { AdaptiveModel, type AdaptOptions } from '../../src/loop/adaptive.ts'
import { LoadedModel } from '../../src/loop/model.ts'
import type { Candidate } from '../../src/plan/candidate.ts'
import { choose } from '../../src/plan/choose.ts'
import type { Goal } from '../../src/plan/goal.ts'
import type { PlanReport } from '../../src/report/report.ts'

/** A clock that only runs while a model runs. */
function manualClock() {
  let timeS = 0
  const read = () => timeS
  const pass = (seconds: number) => {
    timeS += seconds
  }
  return { nowS: read, preciseS: read, wallTime: () => new Date(timeS * 1e3), sleep: async () => undefined, pass }
}

const candidate = (key: string, latencyS: number, accuracy: number): Candidate => ({
  key,
  variant: key,
  places: [{ backend: 'engine', device: key }],
  accuracy,
  modelBytes: 1000,
  arenaBytes: null,
  macs: null,
  latency: { medianS: latencyS, p95S: latencyS * 1.1, n: 100 },
  energy: null,
  idle: null,
})

/** Two candidates on devices of their own, whose speed the test sets. */
function setUp(goal: Goal, options: AdaptOptions = {}, broken: readonly string[] = []) {
  const clock = manualClock()
  const slowDown = new Map<string, number>()
  const runs: string[] = []
  const disposed: string[] = []
  const candidates = [candidate('large', 0.02, 0.97), candidate('small', 0.005, 0.9)]
  const { judged } = choose(candidates, goal)
  const load = async (key: string): Promise<LoadedModel> => {
    if (broken.includes(key)) throw new MilliwattError('BACKEND_FAILED', key, 'the device is gone')
    const executable: Executable = {
      inputs: [],
      outputs: [],
      stateful: false,
      run: async () => {
        runs.push(key)
        clock.pass(candidates.find((one) => one.key === key)!.latency!.medianS * (slowDown.get(key) ?? 1))
        return {}
      },
      [Symbol.asyncDispose]: async () => void disposed.push(key),
    }
    const host = { ...fakeHost(), clock }
    const context = { host, session: null, power: null, idlePowerW: () => null, onDispose: () => undefined }
    const chosen = { key, variant: { name: key }, executable, backend: { name: 'engine' } }
    return new LoadedModel(context, {} as Catalogue, {} as PlanReport, chosen as never)
  }
  const open = async () => {
    const first = await load(judged.find(({ verdict }) => verdict === 'chosen')!.key)
    return new AdaptiveModel({ clock, judged, goal, first, load }, options)
  }
  const repeat = async (model: AdaptiveModel, times: number) => {
    for (let run = 0; run < times; run++) await model.run({})
  }
  return { open, repeat, slowDown, runs, disposed }
}

const goal: Goal = { minimize: 'accuracy', maxLatencyS: 0.03 }

describe('a model that goes on choosing', () => {
  it('leaves a device that slows down within 20 inferences, and comes back after it recovered, once each', async () => {
    const { open, repeat, slowDown } = setUp(goal)
    await using model = await open()
    await repeat(model, 100)
    expect(model.switches).toEqual([])
    slowDown.set('large', 2)
    await repeat(model, 20)
    expect(model.switches).toHaveLength(1)
    expect(model.switches[0]).toMatchObject({ from: 'large on engine large', to: 'small on engine small' })
    expect(model.switches[0]!.reason).toMatch(/^latency .* > 30.0 ms$/)
    await repeat(model, 300)
    expect(model.switches).toHaveLength(1)
    slowDown.delete('large')
    await repeat(model, 400)
    expect(model.switches.map(({ to }) => to)).toEqual(['small on engine small', 'large on engine large'])
    expect(model.model.variant.name).toBe('large')
  })

  it('runs nothing but the chosen one where probes are not wanted', async () => {
    const { open, repeat, slowDown, runs } = setUp(goal, { probes: false })
    await using model = await open()
    slowDown.set('large', 2)
    await repeat(model, 200)
    expect(model.model.variant.name).toBe('small')
    expect(runs).toHaveLength(200)
  })

  it('passes over a candidate that cannot be made ready, and tells nobody that it switched', async () => {
    const events: string[] = []
    const { open, repeat, slowDown } = setUp(goal, { onSwitch: ({ to }) => events.push(to) }, ['small'])
    await using model = await open()
    slowDown.set('large', 2)
    await repeat(model, 60)
    expect([model.model.variant.name, events]).toEqual(['large', []])
  })

  it('asks for the battery once a minute, and gives all models back', async () => {
    let asked = 0
    const { open, repeat, disposed } = setUp(goal, {
      batteryLeft: async () => {
        asked += 1
        return 0.5
      },
    })
    const model = await open()
    await repeat(model, 3500)
    await model[Symbol.asyncDispose]()
    expect([asked, disposed]).toEqual([2, ['large']])
  })

  it('gives the input in the form of the model that runs', async () => {
    const { open } = setUp(goal)
    await using model = await open()
    const names: string[] = []
    await model.run((each) => {
      names.push(each.variant.name)
      return {}
    })
    expect(names).toEqual(['large'])
  })
})
