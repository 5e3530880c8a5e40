import { describe, expect, it } from 'vitest'
import { findMeters, meterDrivers, openMeter, surveyMeters } from '../../src/meters/list.ts'
import type { MeterDriver, MeterOptions } from '../../src/meters/meter.ts'
import { EmulatedPpk2 } from '../../src/meters/ppk2/emulator.ts'
import { collect } from '../support/collect.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { meterHost, optionalPackages } from '../support/meter-host.ts'

/** Each driver against its own emulated instrument, on a clock that only the test moves. */
function set(driver: MeterDriver) {
  const clock = createFakeClock()
  const { host, path, marker } = driver.rehearse(meterHost(clock))
  const open = (options: Partial<MeterOptions> = {}) =>
    clock.until(driver.open(host, { path, supplyV: 3.3, ...options }))
  return { clock, host, path, marker, open }
}

/** Without its optional packages a driver is skipped, and with `CI=true` it fails. */
const isTestable = (driver: MeterDriver) =>
  process.env.CI === 'true' || (driver.packages ?? []).every((name) => optionalPackages[name])

const testable = meterDrivers.filter(isTestable)
describe.each(testable.map((driver) => [driver.name, driver] as const))('meter driver %s', (name, driver) => {
  it('has a lower-case name and a summary in one line', () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(driver.summary).toMatch(/^[^\n]{10,120}$/)
  })

  it('finds nothing where nothing is, and says why', async () => {
    const { meters, reason } = await driver.find(meterHost(createFakeClock()))
    expect(meters).toEqual([])
    expect(reason).toMatch(/\w{3}/)
  })

  it('tells of itself everything that a report needs', async () => {
    await using meter = await set(driver).open()
    const { info } = meter
    expect(info.driver).toBe(name)
    expect(['measured', 'replayed', 'emulated']).toContain(info.provenance)
    if (/user|set by/.test(info.supplySource)) expect(info.supplyV).toBe(3.3)
    else expect(info.supplyV).toBeGreaterThanOrEqual(0)
    expect(info.sampleRateHz).toBeGreaterThan(0)
    expect(info.gainUncertainty).toBeGreaterThan(0)
    expect(info.gainUncertainty).toBeLessThan(1)
    expect(info.rawFormat).not.toBe('')
    expect(Object.keys(info.calibration).length).toBeGreaterThan(0)
    if (info.accuracy) {
      expect(info.accuracy.gain).toBe(info.gainUncertainty)
      expect(info.accuracy.source.length).toBeGreaterThan(10)
    } else expect(info.provenance).toBe('emulated')
    expect(JSON.parse(JSON.stringify(info))).toEqual(info)
  })

  it('streams on one grid until the signal aborts, counts what it yields, and closes twice', async () => {
    const { clock, open } = set(driver)
    const meter = await open()
    const rateHz = meter.info.sampleRateHz
    const durationS = Math.max(0.3, 3.5 / rateHz)
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(durationS)
    controller.abort()
    const { end, blocks, gaps } = await clock.until(reading)
    expect(Math.abs(end - durationS * rateHz)).toBeLessThan(0.02 * rateHz + 2)
    const { received, lost } = meter.counts
    expect(received).toBeGreaterThan(0)
    expect(received).toBe(blocks.reduce((sum, block) => sum + block.powerW.length, 0))
    expect(lost).toBe(gaps.reduce((sum, gap) => sum + gap.count, 0))
    expect(received + lost).toBe(end)
    expect(blocks.every((block) => block.digital.length === block.powerW.length && block.raw.length > 0)).toBe(true)
    await meter.close()
    await meter.close()
  })

  it('streams a second time from zero', async () => {
    const { clock, open } = set(driver)
    await using meter = await open()
    for (let round = 0; round < 2; round++) {
      const controller = new AbortController()
      const reading = collect(meter.samples(controller.signal))
      await clock.advance(Math.max(0.1, 2.5 / meter.info.sampleRateHz))
      controller.abort()
      expect((await clock.until(reading)).end).toBeGreaterThan(0)
    }
  })

  it('reads the demonstration load as it is', async () => {
    const { clock, open } = set(driver)
    await using meter = await open()
    const rateHz = meter.info.sampleRateHz
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(Math.max(0.3, 3.5 / rateHz))
    controller.abort()
    const { powerW } = await clock.until(reading)
    const mean = powerW.reduce((sum, power) => sum + power, 0) / powerW.length
    const { voltageOfLoadV = 3.3 } = meter.info.calibration as { voltageOfLoadV?: number }
    expect(mean / (8e-3 * voltageOfLoadV)).toBeCloseTo(1, 1)
  })

  it('ends a stream at once under a signal that is already aborted', async () => {
    const { clock, open } = set(driver)
    const meter = await open()
    const { end } = await clock.until(collect(meter.samples(AbortSignal.abort())))
    expect(end).toBeLessThan(0.01 * meter.info.sampleRateHz + 1)
    await meter.close()
  })

  it('refuses a setting that it has not got before it touches anything', async () => {
    const { host, path } = set(driver)
    await expect(driver.open(host, { path: `${path},no-such-thing=1`, supplyV: 3.3 })).rejects.toMatchObject({
      code: 'USAGE',
    })
  })

  it('shows its marker line, if it has one, in the samples', async () => {
    const { clock, open, marker: wire } = set(driver)
    const meter = await open()
    const marker = meter.marker ?? wire
    if (!marker) return meter.close()
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.05)
    marker.set(true)
    await clock.advance(0.05)
    marker.set(false)
    await clock.advance(0.05)
    controller.abort()
    const { digital } = await clock.until(reading)
    const high = digital.filter((word) => word & (1 << marker.channel)).length
    expect(Math.abs(high - 0.05 * meter.info.sampleRateHz)).toBeLessThanOrEqual(
      meter.info.sampleRateHz < 10_000 ? 1 : 0,
    )
    await meter.close()
  })

  it('is emulated by name, and every figure says so', async () => {
    const clock = createFakeClock()
    const spec = name === 'emulated' ? name : `emulated:${name}`
    const meter = await clock.until(openMeter(meterHost(clock), spec, { supplyV: 3.3 }))
    expect(meter.info).toMatchObject({ driver: 'emulated', provenance: 'emulated' })
    await meter.close()
  })
})

describe.skip.each(
  meterDrivers.filter((driver) => !isTestable(driver)).map((driver) => [driver.name, driver.packages?.join()]),
)('meter driver %s (needs %s)', () => it('is tested elsewhere', () => {}))

describe('the list', () => {
  const bench = () => {
    const clock = createFakeClock()
    const path = '/dev/ttyACM0'
    const emulator = new EmulatedPpk2({ clock, loadA: () => 5e-3 })
    const port = { path, vendorId: '1915', productId: 'c00a', serialNumber: 'DB1', location: '1-2:1.1' }
    return { clock, path, host: meterHost(clock, { [path]: () => emulator.link(path) }, [port]) }
  }

  it('opens by name and path, by name alone, and names the drivers it has', async () => {
    const { clock, host, path } = bench()
    expect(await findMeters(host)).toEqual([{ driver: 'ppk2', path, name: 'Nordic PPK2' }])
    const meter = await clock.until(openMeter(host, 'ppk2'))
    expect(meter.info).toMatchObject({ path, serialNumber: 'DB1' })
    await meter.close()
    await expect(openMeter(host, 'ppk3:/dev/x')).rejects.toMatchObject({
      code: 'METER_UNKNOWN',
      detail: expect.stringContaining('ppk2, lpm01a'),
    })
    await expect(openMeter(meterHost(clock), 'ppk2')).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
    await expect(openMeter(meterHost(clock), 'ppk2:/dev/none')).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
  })

  it('surveys every instrument, each with meters or a reason', async () => {
    const reports = await surveyMeters(bench().host)
    expect(reports.map((report) => report.driver.name)).toEqual(
      meterDrivers.map((driver) => driver.name).filter((name) => name !== 'emulated'),
    )
    for (const { meters, reason } of reports) expect(meters.length > 0 || (reason ?? '').length > 5).toBe(true)
  })
})
