import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { nodeSerial } from '../../../src/hosts/node-serial.ts'
import { linkOverSocket } from '../../../src/hosts/tcp-link.ts'
import type { MeterOptions } from '../../../src/meters/meter.ts'
import { readIdentity, readNumberAnswer } from '../../../src/meters/scpi/answers.ts'
import { scpi } from '../../../src/meters/scpi/driver.ts'
import { EmulatedScpi, type ScpiEmulatorOptions } from '../../../src/meters/scpi/emulator.ts'
import type { SampleEvent } from '../../../src/trace/samples.ts'
import { collect, joinEvents } from '../../support/collect.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { meterHost } from '../../support/meter-host.ts'
import { openPtyPair, requirePty } from '../../support/pty.ts'

const missing = requirePty()

function make(options: Omit<ScpiEmulatorOptions, 'clock'> = {}) {
  const clock = createFakeClock()
  const emulator = new EmulatedScpi({ clock, ...options })
  const host = { ...meterHost(clock), connect: async () => emulator.link('lab:5025') }
  const open = (more: Partial<MeterOptions> = {}) => clock.until(scpi.open(host, { path: 'lab', ...more }))
  return { clock, emulator, open }
}

async function stream(options: Omit<ScpiEmulatorOptions, 'clock'>, seconds: number) {
  const { clock, emulator, open } = make(options)
  const meter = await open()
  const controller = new AbortController()
  const events: SampleEvent[] = []
  const failure = collect(meter.samples(controller.signal), events).then(
    () => null,
    (error: unknown) => error,
  )
  await clock.advance(seconds)
  controller.abort()
  const error = await clock.until(failure)
  return { meter, emulator, error, ...joinEvents(events) }
}

describe('SCPI answers', () => {
  it('are numbers with or without unit, overflows, or a problem', () => {
    expect(readNumberAnswer('+1.23456E-03')).toEqual({ value: 1.23456e-3 })
    expect(readNumberAnswer('0.1230A')).toEqual({ value: 0.123 })
    expect(readNumberAnswer('12.5 mA')).toEqual({ value: 0.0125 })
    expect(readNumberAnswer('1.0E-3,+2.0E0')).toEqual({ value: 1e-3 })
    for (const over of ['9.9E37', '+9.90000000E+37', '-9.9e37', 'OL', '1E38'])
      expect(readNumberAnswer(over)).toEqual({ overflow: true })
    for (const text of ['', 'hello', '1.2.3', '--5', '1e', '5 kg'])
      expect(readNumberAnswer(text)).toHaveProperty('problem')
  })

  it('never give anything but a finite number, an overflow or a problem, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const answer = readNumberAnswer(text)
        if ('value' in answer) expect(Number.isFinite(answer.value)).toBe(true)
        readIdentity(text)
      }),
      { numRuns: 500 },
    )
  })
})

describe('SCPI driver', () => {
  const makes: [string, string, Partial<MeterOptions>][] = [
    ['RIGOL TECHNOLOGIES,DP832,DP8A1,00.01.16', 'rigol-dp800', {}],
    ['Keysight Technologies,34461A,MY5,A.02.14', 'keysight-34461a', { supplyV: 3.3 }],
    ['Agilent Technologies,N6705B,MY5,D.01', 'keysight-n6705', {}],
    ['Keysight Technologies,E36313A,MY5,1.0', 'keysight-e36300', {}],
    ['KEITHLEY INSTRUMENTS INC.,MODEL 2450,04,1.6', 'keithley-2450', {}],
    ['Siglent Technologies,SPD3303X,SPD3,1.01', 'siglent-spd3303', {}],
    ['Siglent Technologies,SDM3055,SDM35,1.01', 'siglent-sdm3000', { supplyV: 3.3 }],
    ['OWON,XDM1041,2201,V3.3', 'owon-xdm', { supplyV: 3.3 }],
    ['GWInstek,GDM8342,GEO,1.04', 'gw-instek-gdm', { supplyV: 3.3 }],
    ['Somebody,PSU-1,7,1', 'scpi-supply', {}],
  ]
  it.each(makes)('speaks to a %s as to a %s', async (identity, dialect, options) => {
    const { open, clock, emulator } = make({ identity })
    const meter = await open(options)
    expect(meter.info.calibration).toMatchObject({ dialect })
    expect(meter.info).toMatchObject({ minimumWindowS: 10, provenance: 'measured' })
    expect(meter.info.accuracy?.source).not.toBe('')
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(3)
    controller.abort()
    const { powerW } = await clock.until(reading)
    expect(powerW.reduce((sum, power) => sum + power, 0) / powerW.length / (8e-3 * 3.3)).toBeCloseTo(1, 5)
    expect(emulator.received.join()).toContain('*IDN?')
  })

  it('asks no oftener than the instrument answers', async () => {
    const { meter, end, gaps } = await stream({ answerS: 0.4 }, 10)
    expect(meter.info.sampleRateHz).toBe(2)
    expect(gaps).toEqual([])
    expect(end).toBeGreaterThan(17)
  })

  it('counts readings over the range as saturated and never as power', async () => {
    const { meter, powerW } = await stream({ overflowAtS: 2 }, 5)
    expect(meter.counts.saturated).toBeGreaterThan(10)
    expect(Number.isNaN(powerW.at(-1))).toBe(true)
  })

  it('goes away in so many words', async () => {
    expect((await stream({ silentAtS: 2 }, 15)).error).toMatchObject({
      code: 'METER_LOST',
      detail: expect.stringMatching(/no answer/),
    })
    expect((await stream({ unplugAtS: 2 }, 15)).error).toMatchObject({
      code: 'METER_LOST',
      detail: expect.stringMatching(/cable/),
    })
  })

  it('refuses what is no instrument, a refused set-up, a channel or voltage that is missing', async () => {
    await expect(make({ identity: 'hello' }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/"hello"/),
    })
    await expect(make({ silentAtS: 0 }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/nothing/),
    })
    await expect(make({ nonsense: 'abc' }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/"abc"/),
    })
    const dmm = 'Keysight Technologies,34461A,MY5,A.02.14'
    await expect(make({ identity: dmm }).open()).rejects.toMatchObject({ code: 'USAGE', where: 'supplyV' })
    await expect(make({ identity: dmm, error: '-113,"Undefined header"' }).open({ supplyV: 3 })).rejects.toMatchObject({
      code: 'METER_REFUSED',
    })
    await expect(make().open({ path: 'lab,channel=4' })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(make().open({ path: 'lab,as=none-such' })).rejects.toMatchObject({
      code: 'USAGE',
      detail: expect.stringMatching(/rigol-dp800/),
    })
  })
})

describe('SCPI over real ports', () => {
  it('speaks over TCP, and tells a connection that is refused or cut', async () => {
    const host = nodeHost()
    const emulator = new EmulatedScpi({ clock: host.clock })
    const server = createServer((socket) => void emulator.serve(linkOverSocket(socket, 'client')))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const meter = await scpi.open(host, { path: `127.0.0.1:${port},rate=50` })
    expect(meter.info).toMatchObject({ model: 'RIGOL TECHNOLOGIES DP832', serialNumber: 'DP8A000000001' })
    const reading = (async () => {
      for await (const _ of meter.samples(new AbortController().signal)) {
        if (meter.counts.received > 5) emulator.link().close()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'METER_LOST' })
    await meter.close()
    await new Promise((done) => server.close(done))
    await expect(scpi.open(host, { path: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
  })

  it.skipIf(missing)(`speaks over a serial port ${missing ?? ''}`, async () => {
    const host = nodeHost()
    await using pair = await openPtyPair()
    const far = await nodeSerial.open(pair.b, { baudRate: 9600 })
    const serving = new EmulatedScpi({ clock: host.clock, identity: 'OWON,XDM1041,2201,V3.3' }).serve(far)
    const meter = await scpi.open(host, { path: `${pair.a},baud=115200,rate=20`, supplyV: 3.3 })
    await expect(scpi.open(host, { path: pair.a, supplyV: 3.3 })).rejects.toMatchObject({ code: 'METER_BUSY' })
    const controller = new AbortController()
    for await (const _ of meter.samples(controller.signal)) if (meter.counts.received > 3) controller.abort()
    await meter.close()
    await pair.cut()
    await far.close()
    await serving
  })
})
