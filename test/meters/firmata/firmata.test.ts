import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { nodeSerial } from '../../../src/hosts/node-serial.ts'
import { firmata } from '../../../src/meters/firmata/driver.ts'
import { EmulatedFirmata, type FirmataEmulatorOptions } from '../../../src/meters/firmata/emulator.ts'
import type { MeterOptions } from '../../../src/meters/meter.ts'
import type { SampleEvent } from '../../../src/trace/samples.ts'
import { collect, joinEvents } from '../../support/collect.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { meterHost, optionalPackages } from '../../support/meter-host.ts'
import { openPtyPair, requirePty } from '../../support/pty.ts'

const missing = requirePty()
const port = '/dev/ttyACM0'
const hasPackages = process.env.CI === 'true' || Object.values(optionalPackages).every(Boolean)

function make(options: Omit<FirmataEmulatorOptions, 'clock'> = {}, settings = ',shunt=0.1') {
  const clock = createFakeClock()
  const emulator = new EmulatedFirmata({ clock, ...options })
  const host = meterHost(clock, { [port]: () => emulator.link(port) }, [{ path: port }])
  const open = (more: Partial<MeterOptions> = {}) =>
    clock.until(firmata.open(host, { path: `${port}${settings}`, ...more }))
  return { clock, emulator, host, open }
}

async function stream(bench: ReturnType<typeof make>, seconds: number) {
  const meter = await bench.open()
  const controller = new AbortController()
  const events: SampleEvent[] = []
  const failure = collect(meter.samples(controller.signal), events).then(
    () => null,
    (error: unknown) => error,
  )
  await bench.clock.advance(seconds)
  controller.abort()
  const error = await bench.clock.until(failure)
  await bench.clock.until(meter.close())
  return { meter, error, ...joinEvents(events) }
}

describe.skipIf(!hasPackages)('Firmata driver', () => {
  it.each([
    ['ina219', 3.3, 1e-3],
    ['ina226', 3.3, 1e-3],
    ['ina3221', 3.304, 1e-3],
    ['ina228', 3.3, 1e-3],
  ] as const)('knows an %s by its registers and reads it', async (sensor, volts, tolerance) => {
    const { meter, powerW, gaps } = await stream(make({ sensor }), 2)
    expect(meter.info).toMatchObject({
      model: `${sensor.toUpperCase()} on StandardFirmata.ino 2.5`,
      calibration: { sensor, shuntOhms: 0.1 },
      supplySource: 'measured',
    })
    expect(Math.abs(meter.info.supplyV - volts)).toBeLessThan(0.009)
    expect(gaps).toEqual([])
    const mean = powerW.reduce((sum, power) => sum + power, 0) / powerW.length
    expect(Math.abs(mean / (8e-3 * 3.3) - 1)).toBeLessThan(tolerance + 0.002)
  })

  it('has the shunt in its limits of error', async () => {
    const near = await make({ sensor: 'ina226' }, ',shunt=0.1,tol=0.5').open()
    expect(near.info.accuracy).toMatchObject({ gain: 0.007, offsetA: 1e-4 })
    expect((await make({}, '').open()).info.warnings[0]).toMatch(/0\.1 Ω assumed/)
  })

  it('catches every joule of a pulse between two readings with an INA228', async () => {
    const loadA = (timeS: number) => (timeS > 2.512 && timeS < 2.514 ? 1 : 0.005)
    const clock = createFakeClock()
    const { createEmulatedDevice } = await import('../../../src/meters/emulation/device.ts')
    const device = createEmulatedDevice(clock, { loadA })
    const emulator = new EmulatedFirmata({ clock, device, sensor: 'ina228' })
    const host = meterHost(clock, { [port]: () => emulator.link(port) }, [{ path: port }])
    const bench = { clock, emulator, host, open: () => clock.until(firmata.open(host, { path: `${port},shunt=0.1` })) }
    const { powerW, end } = await stream(bench, 5)
    const energyJ = powerW.reduce((sum, power) => sum + power / 20, 0)
    const pulseJ = 0.995 * 0.002 * 3.3
    expect(energyJ / (0.005 * 3.3 * (end / 20) + pulseJ)).toBeCloseTo(1, 2)
  })

  it('waits for a board that was reset by opening its port', async () => {
    const meter = await make({ bootS: 2.1 }).open()
    expect(meter.info.sampleRateHz).toBe(20)
  })

  it('tells what is missing: the package, the Firmata, the sensor', async () => {
    const { host, clock } = make()
    const bare = { ...host, serial: host.serial, optionalPackage: async () => null }
    await expect(clock.until(firmata.open(bare, { path: port }))).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      detail: expect.stringMatching(/npm install johnny-five/),
    })
    await expect(make({ isOther: true }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/no Firmata/),
    })
    await expect(make({ sensor: 'none' }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/absent one reads as zeros/),
    })
    await expect(make({ address: 0x41 }).open()).rejects.toMatchObject({ code: 'METER_WRONG' })
    expect((await make({ address: 0x41 }, ',shunt=0.1,address=0x41').open()).info.calibration).toMatchObject({
      sensor: 'ina226',
    })
    await expect(make({ sensor: 'ina219' }, ',sensor=ina226').open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/no ina226/),
    })
  })

  it('goes away in so many words, and leaves the process alone', async () => {
    const listeners = () => [
      process.listenerCount('SIGINT'),
      process.listenerCount('exit'),
      process.listenerCount('uncaughtException'),
    ]
    const before = listeners()
    expect((await stream(make({ unplugAtS: 1.5 }), 6)).error).toMatchObject({ code: 'METER_LOST' })
    expect((await stream(make({ silentAtS: 1.5 }), 9)).error).toMatchObject({
      code: 'METER_LOST',
      detail: expect.stringMatching(/no answer from I²C/),
    })
    expect(listeners()).toEqual(before)
  })
})

describe.skipIf(!hasPackages)('Firmata over a pty', () => {
  it.skipIf(missing)(`reads through johnny-five and survives being cut ${missing ?? ''}`, async () => {
    const host = nodeHost()
    await using pair = await openPtyPair()
    const far = await nodeSerial.open(pair.b, { baudRate: 57_600 })
    const serving = new EmulatedFirmata({ clock: host.clock, sensor: 'ina228' }).serve(far)
    const meter = await firmata.open(host, { path: `${pair.a},shunt=0.1` })
    await expect(firmata.open(host, { path: pair.a })).rejects.toMatchObject({ code: 'METER_BUSY' })
    const reading = (async () => {
      for await (const _ of meter.samples(new AbortController().signal)) if (meter.counts.received > 8) await pair.cut()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'METER_LOST' })
    await meter.close()
    await far.close()
    await serving
  })
})
