import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import { findMeters, meterDrivers, openMeter } from '../../src/meters/list.ts'
import { EmulatedPpk2 } from '../../src/meters/ppk2/emulator.ts'
import { collect } from '../support/collect.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { meterHost } from '../support/meter-host.ts'

/** How each driver's instrument is put on a fake host, and the path to open it by. A new driver needs a row. */
const benches: Record<string, (clock: FakeClock) => { host: Host; path: string; bareHost?: Host }> = {
  ppk2: (clock) => {
    const path = '/dev/ttyACM0'
    const emulator = new EmulatedPpk2({ clock, loadA: () => 5e-3 })
    const port = { path, vendorId: '1915', productId: 'c00a', serialNumber: 'DB1', location: '1-2:1.1' }
    return { host: meterHost(clock, { [path]: () => emulator.link(path) }, [port]), path }
  },
  emulated: (clock) => ({ host: meterHost(clock), path: '' }),
}

describe.each(meterDrivers.map((driver) => [driver.name, driver] as const))('meter driver %s', (name, driver) => {
  const set = () => {
    const clock = createFakeClock()
    const bench = benches[name]
    if (!bench) throw new Error(`put a row for ${name} into test/conformance/meters.test.ts`)
    return { clock, ...bench(clock) }
  }

  it('has a lower-case name and a summary in one line', () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(driver.summary).toMatch(/^[^\n]{10,120}$/)
  })

  it('finds nothing, quietly, where nothing is', async () => {
    expect(await driver.find(meterHost(createFakeClock()))).toEqual([])
  })

  it('tells of itself everything that a report needs', async () => {
    const { clock, host, path } = set()
    await using meter = await clock.until(driver.open(host, { path, supplyV: 3.3 }))
    const { info } = meter
    expect(info.driver).toBe(name)
    expect(['measured', 'replayed', 'emulated']).toContain(info.provenance)
    expect(info.supplyV).toBe(3.3)
    expect(info.sampleRateHz).toBeGreaterThan(0)
    expect(info.gainUncertainty).toBeGreaterThan(0)
    expect(info.gainUncertainty).toBeLessThan(1)
    expect(info.rawFormat).not.toBe('')
    expect(Object.keys(info.calibration).length).toBeGreaterThan(0)
    expect(JSON.parse(JSON.stringify(info))).toEqual(info)
  })

  it('streams on one grid until the signal aborts, counts what it yields, and closes twice', async () => {
    const { clock, host, path } = set()
    const meter = await clock.until(driver.open(host, { path, supplyV: 3.3 }))
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.3)
    controller.abort()
    const { end, blocks, gaps } = await clock.until(reading)
    const rateHz = meter.info.sampleRateHz
    expect(Math.abs(end - 0.3 * rateHz)).toBeLessThan(0.02 * rateHz + 2)
    const { received, lost } = meter.counts
    expect(received).toBe(blocks.reduce((sum, block) => sum + block.powerW.length, 0))
    expect(lost).toBe(gaps.reduce((sum, gap) => sum + gap.count, 0))
    expect(received + lost).toBe(end)
    expect(blocks.every((block) => block.digital.length === block.powerW.length && block.raw.length > 0)).toBe(true)
    await meter.close()
    await meter.close()
  })

  it('ends a stream at once under a signal that is already aborted', async () => {
    const { clock, host, path } = set()
    const meter = await clock.until(driver.open(host, { path, supplyV: 3.3 }))
    const { end } = await clock.until(collect(meter.samples(AbortSignal.abort())))
    expect(end).toBeLessThan(0.01 * meter.info.sampleRateHz)
    await meter.close()
  })

  it('shows its marker line, if it has one, in the samples', async () => {
    const { clock, host, path } = set()
    const meter = await clock.until(driver.open(host, { path, supplyV: 3.3 }))
    const { marker } = meter
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
    expect(high).toBe(Math.round(0.05 * meter.info.sampleRateHz))
    await meter.close()
  })
})

describe('the list', () => {
  it('opens by name and path, by name alone, and names the drivers it has', async () => {
    const clock = createFakeClock()
    const { host, path } = benches.ppk2!(clock)
    expect(await findMeters(host)).toEqual([{ driver: 'ppk2', path, name: 'Nordic PPK2' }])
    const meter = await clock.until(openMeter(host, 'ppk2'))
    expect(meter.info).toMatchObject({ path, serialNumber: 'DB1' })
    await meter.close()
    await expect(openMeter(host, 'ppk3:/dev/x')).rejects.toMatchObject({
      code: 'METER_UNKNOWN',
      detail: expect.stringContaining('ppk2, emulated'),
    })
    await expect(openMeter(meterHost(clock), 'ppk2')).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
    await expect(openMeter(meterHost(clock), 'ppk2:/dev/none')).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
  })
})
