import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { Monitor, type MonitorOptions } from '../../src/loop/monitor.ts'
import { monitorAnswer } from '../../src/loop/monitor-answer.ts'
import { temporaryFolder } from '../support/temporary.ts'

const host = nodeHost()

/** Runs a monitor until a condition holds, then gives it. */
async function monitorUntil(options: Partial<MonitorOptions>, holds: (monitor: Monitor) => boolean): Promise<Monitor> {
  const stop = new AbortController()
  const monitor = new Monitor(host, { meter: async () => 'emulated:noise=0', signal: stop.signal, ...options })
  const done = monitor.run()
  const deadlineS = host.clock.nowS() + 30
  while (!holds(monitor) && host.clock.nowS() < deadlineS) await host.clock.sleep(0.02)
  const held = holds(monitor)
  stop.abort()
  await done
  if (!held) throw new Error(`not reached: ${JSON.stringify(monitor.state)}`)
  return monitor
}

const ask = (monitor: Monitor, path: string, query: Readonly<Record<string, string>> = {}) =>
  monitorAnswer(monitor, { uplotJs: '', uplotCss: '' })({ path, query })

describe('Monitor', () => {
  it('counts, integrates and shows what the meter yields', async () => {
    const monitor = await monitorUntil({}, ({ state }) => state.durationS > 0.5)
    const { state } = monitor
    expect(state.meter).toMatchObject({ provenance: 'emulated', sampleRateHz: 100_000, supplyV: 3.3 })
    expect(state.lost).toBe(0)
    expect(state.received).toBeGreaterThanOrEqual(50_000)
    // The demo load idles at 8 mA and 3.3 V.
    expect(state.energyJ / state.durationS).toBeCloseTo(0.0264, 3)
    const view = JSON.parse(ask(monitor, '/view', { last: '0.2', columns: '50' }).body)
    expect(view.toS - view.fromS).toBeCloseTo(0.2, 6)
    expect(view.columns.meanW.every((mean: number) => Math.abs(mean - 0.0264) < 0.0005)).toBe(true)
    const [head, row] = ask(monitor, '/export.csv', { from: '0.1', to: '0.2' }).body.split('\n')
    expect(head).toBe('time_s,mean_w,min_w,max_w,provenance')
    expect(row).toMatch(/^0\.1\d*,0\.026\d*,0\.026\d*,0\.026\d*,emulated$/)
  })

  it('gives its figures to Prometheus with their provenance', async () => {
    const monitor = await monitorUntil({}, ({ state }) => state.durationS > 0.1)
    const { body, type } = ask(monitor, '/metrics')
    expect(type).toContain('version=0.0.4')
    const labels = '\\{meter="Emulated PPK2 \\(demo load\\)",path="noise=0",provenance="emulated"\\}'
    for (const name of ['meter_up', 'power_watts', 'energy_joules_total', 'samples_received_total'])
      expect(body).toMatch(
        new RegExp(`^# TYPE milliwatt_${name} (gauge|counter)\nmilliwatt_${name}${labels} [-+.e\\d]+$`, 'm'),
      )
    expect(body).not.toContain('inference_energy_joules')
  })

  it('runs a model and measures its windows', async () => {
    const model = { model: 'kws', backends: ['compiled'] }
    const { state } = await monitorUntil(model, ({ state }) => state.inferences.length >= 2)
    for (const each of state.inferences) {
      expect(each.method).toContain('marker')
      expect(each.inferences).toBeGreaterThan(0)
      // The demo load draws 42 mA at 3.3 V while the marker is high.
      expect(each.meanPowerW).toBeGreaterThan(0.13)
      expect(each.energyJ).toBeCloseTo((each.meanPowerW! * (each.endS - each.startS)) / each.inferences, 9)
    }
  })

  it('goes on when a meter goes away and comes back: one time line with a gap', async () => {
    const monitor = await monitorUntil(
      { meter: async () => 'emulated:unplug=0.3,noise=0' },
      ({ state }) => state.received > 50_000,
    )
    const { state } = monitor
    expect(state.durationS).toBeGreaterThan(2)
    const { columns } = monitor.view({ fromS: 0, toS: state.durationS }, 100)
    expect(columns.meanW.filter((mean) => mean === null).length).toBeGreaterThan(30)
    expect(columns.meanW.at(-1)).toBeCloseTo(0.0264, 3)
  })

  it('keeps the recording of what a meter gave before it went away', async () => {
    const folder = temporaryFolder()
    const meter = async () => 'emulated:unplug=0.3,noise=0'
    await monitorUntil({ meter, traceBase: join(folder, 'long') }, ({ state }) => state.received > 50_000)
    const sidecars = ['long', 'long-2'].map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
    expect(sidecars[0]).toMatchObject({ complete: false, reason: expect.stringMatching(/went away/) })
    for (const { sampleCount } of sidecars) expect(sampleCount).toBeGreaterThan(15_000)
  })

  it('waits for a meter and says why there is none', async () => {
    const none = async (): Promise<string> => {
      throw new MilliwattError('METER_NOT_FOUND', 'auto')
    }
    const monitor = await monitorUntil({ meter: none }, ({ state }) => state.message?.startsWith('auto:') ?? false)
    expect(monitor.state).toMatchObject({ status: 'waiting', meter: null, received: 0 })
    expect(JSON.parse(ask(monitor, '/view').body).columns.meanW).toEqual([])
    expect(ask(monitor, '/metrics').body).toContain('milliwatt_meter_up 0\n')
    expect(ask(monitor, '/other').status).toBe(404)
  })
})
