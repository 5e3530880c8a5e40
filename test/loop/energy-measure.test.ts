import { describe, expect, it } from 'vitest'
import type { Executable } from '../../src/backends/backend.ts'
import type { Catalogue } from '../../src/catalogue/load.ts'
import { type Random, random } from '../../src/core/random.ts'
import { proportionInterval } from '../../src/core/stats.ts'
import { estimateEnergy } from '../../src/energy/estimate.ts'
import { type EnergyMeasurement, measureEnergy } from '../../src/loop/energy-measure.ts'
import { LoadedModel } from '../../src/loop/model.ts'
import { PowerSession } from '../../src/loop/power.ts'
import { demoLoad } from '../../src/meters/emulation/demo-load.ts'
import { openMeter } from '../../src/meters/list.ts'
import type { PlanReport } from '../../src/report/report.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { meterHost } from '../support/meter-host.ts'

const inferenceS = 0.02
/** Sessions of the statistical test; 1000 take some minutes. */
const sessions = Number(process.env.MILLIWATT_SESSIONS ?? 40)

/** A model without tensors whose inference takes a time that scatters from window to window. */
function fakeModel(clock: FakeClock, session: PowerSession, next: Random, cv: number): LoadedModel {
  let [run, factor] = [0, 1]
  const executable: Executable = {
    inputs: [],
    outputs: [],
    stateful: false,
    run: async () => {
      if (run++ % 5 === 0) factor = 1 + cv * next.normal()
      await clock.sleep(inferenceS * factor)
      return {}
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
  const plan = { chosen: { latencyS: inferenceS } } as PlanReport
  const context = { host: meterHost(clock), session, power: null, idlePowerW: () => null, onDispose: () => undefined }
  const chosen = { key: '', variant: { name: 'fake' }, executable, backend: { name: 'fake' } }
  return new LoadedModel(
    context,
    {} as Catalogue,
    plan,
    chosen as unknown as ConstructorParameters<typeof LoadedModel>[3],
  )
}

/** One session with the emulated meter, through its bytes, in time that only passes here. */
async function measured(
  path: string,
  options: { readonly seed?: number; readonly cv?: number; readonly windows?: number } = {},
): Promise<EnergyMeasurement> {
  const clock = createFakeClock()
  const host = meterHost(clock)
  const meter = await clock.until(openMeter(host, `emulated:${path}`))
  const session = new PowerSession(host, meter, null)
  await clock.until(session.ready())
  const model = fakeModel(clock, session, random(options.seed ?? 1), options.cv ?? 0)
  const measuring = measureEnergy(host, session, model, { windows: options.windows ?? 4, windowS: 0.1, idleS: 0.2 })
  const measurement = await clock.until(measuring)
  await clock.until(session[Symbol.asyncDispose]())
  return measurement
}

const wakeUpJ = demoLoad.wakeUpA * demoLoad.wakeUpS * demoLoad.supplyV
const grossJ = (activeA: number, inferences: number) => activeA * 3.3 * inferenceS + wakeUpJ / inferences

describe('measureEnergy with the emulated meter', () => {
  it('finds the energy of the load, with idle on both sides', async () => {
    const { session, estimate } = await measured('idle=8,active=42')
    expect(estimate).toMatchObject({ verdict: 'complete', reasons: [] })
    expect(session.windows.map(({ place }) => [place.method, place.inferences])).toEqual(
      Array(4).fill(['marker edges', 5]),
    )
    expect(estimate.gross!.valueJ / grossJ(0.042, 5)).toBeCloseTo(1, 2)
    expect(session.idleBefore!.meanPowerW / 0.0264).toBeCloseTo(1, 2)
    expect(session.idleAfter!.meanPowerW / 0.0264).toBeCloseTo(1, 2)
    expect(estimate.net!.valueJ).toBeCloseTo(estimate.gross!.valueJ - 0.0264 * inferenceS, 5)
    expect(session.stream!.samples / 1e5).toBeCloseTo(session.stream!.hostS, 2)
  })

  it('calls loss inside a window a lower bound that still holds the truth', async () => {
    // The fake model's windows: 1 s into the stream lies in one of them.
    const { estimate } = await measured('loss=60', { windows: 8 })
    expect(estimate.verdict).toBe('lower bound')
    expect(estimate.reasons).toEqual([
      '60 samples lost inside windows',
      expect.stringMatching(/^each missing sample is taken to hold at most 19\d\.\d mW: the highest reading/),
    ])
    const { valueJ, missingAtMostJ } = estimate.gross!
    // 60 samples of 10 µs in one of 8 windows of 5 inferences, and at most the wake-up peak in each.
    expect(valueJ).toBeLessThan(grossJ(0.042, 5))
    expect(valueJ + missingAtMostJ!).toBeGreaterThan(grossJ(0.042, 5) * 0.9999)
    expect(missingAtMostJ).toBeCloseTo((60e-5 * 0.192) / 5 / 8, 6)
  })

  it('ends with METER_LOST where nothing was measured, else with what there is', async () => {
    await expect(measured('unplug=0.3')).rejects.toMatchObject({ code: 'METER_LOST' })
    const { estimate } = await measured('unplug=0.9', { windows: 8 })
    expect(estimate.verdict).toBe('lower bound')
    expect(estimate.reasons.join()).toMatch(/of 8 windows not usable/)
  })

  it('states intervals that hold the truth, through the bytes of the meter', async () => {
    let held = 0
    for (let seed = 1; seed <= sessions; seed++) {
      const next = random(seed)
      const activeA = 0.005 + 0.05 * next()
      const gain = 0.02 * (2 * next() - 1)
      const load = [
        `idle=${4 * next()}`,
        `active=${activeA * (1 + gain) * 1000}`,
        `noise=${2 * next()}`,
        `seed=${seed}`,
      ]
      const { session } = await measured(load.join(), { seed, cv: 0.01 * next(), windows: 3 + Math.floor(3 * next()) })
      // The load is larger by what this instrument is said to read too much.
      const instrument = { ...session.instrument, gain: { value: 0.02, source: 'drawn' } }
      const { gross, verdict } = estimateEnergy({ ...session, instrument })
      expect(verdict).toBe('complete')
      const truthJ = grossJ(activeA, 5)
      const [low, high] = gross!.intervalJ!
      if (low <= truthJ && truthJ <= high) held++
    }
    // With few sessions chance is wide; of 1000 the share itself is the figure.
    const [low, high] = sessions >= 1000 ? [held / sessions, held / sessions] : proportionInterval(held, sessions)
    expect([high >= 0.93, low <= 0.97], `${held} of ${sessions}`).toEqual([true, true])
  }, 900_000)
})
