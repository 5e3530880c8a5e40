import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/core/host.ts'
import type { Link } from '../../../src/core/link.ts'
import type { Meter, MeterOptions } from '../../../src/meters/meter.ts'
import { defaultCalibration } from '../../../src/meters/ppk2/calibration.ts'
import { ppk2 } from '../../../src/meters/ppk2/driver.ts'
import { EmulatedPpk2 } from '../../../src/meters/ppk2/emulator.ts'
import type { EmulatorOptions } from '../../../src/meters/ppk2/emulator-options.ts'
import { StreamSpanMeter } from '../../../src/trace/stream-span.ts'
import { type Collected, collect, joinEvents } from '../../support/collect.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { meterHost } from '../../support/meter-host.ts'

const path = '/dev/ttyACM0'

function make(options: Omit<EmulatorOptions, 'clock'> = {}, clock = createFakeClock()) {
  const emulator = new EmulatedPpk2({ clock, ...options })
  const host = meterHost(clock, { [path]: () => emulator.link(path) })
  const open = (asked: Omit<MeterOptions, 'path'> = { supplyV: 3 }) => clock.until(ppk2.open(host, { path, ...asked }))
  return { clock, emulator, host, open }
}

/** Streams for so many fake seconds. */
async function record(meter: Meter, clock: FakeClock, seconds: number): Promise<Collected> {
  const controller = new AbortController()
  const reading = collect(meter.samples(controller.signal))
  reading.catch(() => {})
  await clock.advance(seconds)
  controller.abort()
  return clock.until(reading)
}

const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('opening', () => {
  it('without options measures in ampere mode, assumes the regulator voltage and says so', async () => {
    const { emulator, open } = make()
    const meter = await open({})
    expect(meter.info).toMatchObject({
      driver: 'ppk2',
      path,
      provenance: 'measured',
      mode: 'ampere',
      supplyV: 3.741,
      supplySource: 'assumed',
      sampleRateHz: 100_000,
      rawFormat: 'ppk2-u32le',
    })
    expect(meter.info.warnings.join()).toMatch(/3\.741 V assumed/)
    expect(meter.info.calibration).toMatchObject({ R0: 1003.3506, HW: 9173, O4: 87.2177 })
    expect(emulator.received).toEqual([
      { kind: 'stop' },
      { kind: 'metadata' },
      { kind: 'regulator', millivolts: 3741 },
      { kind: 'power mode', mode: 'ampere' },
      { kind: 'device power', on: true },
    ])
  })

  it('in source mode sets the voltage before it switches the power on, and takes it away on close', async () => {
    const { emulator, open } = make()
    const meter = await open({ mode: 'source', supplyV: 1.8 })
    expect(meter.info).toMatchObject({ mode: 'source', supplyV: 1.8, supplySource: 'set by meter' })
    expect(emulator.received.slice(2)).toEqual([
      { kind: 'device power', on: false },
      { kind: 'power mode', mode: 'source' },
      { kind: 'regulator', millivolts: 1800 },
      { kind: 'device power', on: true },
    ])
    await meter.close()
    await meter.close()
    expect(emulator.received.slice(6)).toEqual([{ kind: 'stop' }, { kind: 'device power', on: false }])
  })

  it('refuses voltages outside 0.8 to 5 V, and source mode without one, before it touches the port', async () => {
    const { emulator, open } = make()
    for (const asked of [{ supplyV: 0.79 }, { supplyV: 5.01 }, { supplyV: Number.NaN }, { mode: 'source' as const }]) {
      await expect(open(asked)).rejects.toMatchObject({ code: 'USAGE' })
    }
    expect(emulator.received).toEqual([])
    for (const supplyV of [0.8, 5]) expect((await make().open({ supplyV })).info.supplySource).toBe('stated by user')
  })

  it('writes user gains back to 1 when one is off', async () => {
    const calibration = { ...defaultCalibration, ug: [1, 1.2, 1, 1, 1] }
    const { emulator, open } = make({ calibration, loadA: () => 1e-3 })
    const meter = await open()
    expect(emulator.received.filter((command) => command.kind === 'user gain')).toHaveLength(5)
    expect(meter.info.calibration.UG1).toBe(1)
    expect(meter.info.warnings.join()).toMatch(/user gains 1, 1.2/)
  })

  it('drains the stale stream of a killed session', async () => {
    const { open, clock } = make({ faults: { staleBytes: 17_412 }, loadA: () => 1e-3 })
    const meter = await open()
    expect(meter.info.warnings.join()).toMatch(/\d+ bytes of an earlier session/)
    const { counts } = meter
    expect(counts.received).toBe(0)
    const trace = await record(meter, clock, 0.1)
    expect(trace.blocks[0]?.firstIndex).toBe(0)
    expect(meter.counts).toMatchObject({ lost: 0, discardedBytes: 0, invalid: 0 })
  })

  it('takes nominal constants for numbers that are none, and tells the wider uncertainty', async () => {
    const broken = await make({ faults: { metadata: 'not numbers' } }).open()
    expect(broken.info.calibration.R3).toBe(0.94)
    expect(broken.info.warnings.join()).toMatch(/no calibration for R0, R1, R2, R3, R4/)
    const absurd = await make({ faults: { metadata: 'one absurd shunt' } }).open()
    expect(absurd.info.warnings.join()).toMatch(/R0=3e\+27/)
    expect(absurd.info.gainUncertainty).toBeGreaterThan((await make().open()).info.gainUncertainty)
  })

  it('refuses a meter none of whose shunts can be true', async () => {
    await expect(make({ faults: { metadata: 'absurd shunts' } }).open()).rejects.toMatchObject({
      code: 'METER_CALIBRATION',
    })
  })

  it('tells what is no PPK2: silent, cut off, foreign, endless', async () => {
    for (const metadata of ['silent', 'truncated', { text: 'login: ' }, { text: 'hello\nEND\n' }] as const) {
      await expect(make({ faults: { metadata } }).open()).rejects.toMatchObject({ code: 'METER_WRONG', where: path })
    }
    const clock = createFakeClock()
    const babble = babblingLink(clock)
    const host = meterHost(clock, { [path]: () => babble })
    await expect(clock.until(ppk2.open(host, { path }))).rejects.toMatchObject({ code: 'METER_WRONG' })
    expect(await babble.ended).toEqual({ how: 'closed' })
  })

  it('tells a meter that goes away while it is opened, and a stop by the user', async () => {
    const { emulator, open } = make({ faults: { metadata: 'silent' } })
    const opening = open()
    opening.catch(() => {})
    emulator.unplug()
    await expect(opening).rejects.toMatchObject({ code: 'METER_LOST' })
    await expect(make().open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })

  it('finds one data port for each instrument: the lower interface', async () => {
    const usb = { vendorId: '1915', productId: 'c00a' }
    const host = meterHost(createFakeClock(), {}, [
      { path: '/dev/ttyACM1', ...usb, serialNumber: 'A', location: '1-2:1.3' },
      { path: '/dev/ttyACM0', ...usb, serialNumber: 'A', location: '1-2:1.1' },
      { path: '/dev/ttyACM10', ...usb, serialNumber: 'B' },
      { path: '/dev/ttyACM9', ...usb, serialNumber: 'B' },
      { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001' },
    ])
    expect((await ppk2.find(host)).meters.map((found) => found.path).sort()).toEqual(['/dev/ttyACM0', '/dev/ttyACM9'])
  })
})

/** A peer that never stops talking. */
function babblingLink(clock: FakeClock): Link {
  let close: () => void = () => {}
  const ended = new Promise<{ how: 'closed' }>((resolve) => {
    close = () => resolve({ how: 'closed' })
  })
  return {
    path,
    ended,
    write: async () => {},
    onData: (listener) => {
      const talk = async () => {
        for (;;) {
          await clock.sleep(0.01)
          listener(new Uint8Array(50).fill(65), clock.nowS())
        }
      }
      void talk()
      return () => {}
    },
    close: async () => close(),
    [Symbol.asyncDispose]: async () => close(),
  }
}

describe('the emulator', () => {
  it('stands any command bytes, in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const { emulator, clock } = make({ loadA: () => 5e-3 })
        const link = emulator.link()
        link.onData(() => {})
        for (const piece of pieces) {
          emulator.receive(piece)
          clock.block(0.001)
        }
        emulator.unplug()
      }),
    )
  })

  it('knows the energy and charge of its load', async () => {
    const { emulator, clock, open } = make({ loadA: (timeS) => 1e-3 + timeS * 1e-4, externalV: 2 })
    const startS = clock.nowS()
    await open()
    const fromS = clock.nowS()
    const atS = fromS - startS
    const riseC = 1e-3 * 3 + (1e-4 * ((atS + 3) ** 2 - atS ** 2)) / 2
    emulator.setLoad(2e-3)
    expect(emulator.trueChargeC(fromS, fromS + 3) / (riseC + 2e-3 * 3)).toBeCloseTo(1, 9)
    expect(emulator.trueEnergyJ(fromS, fromS + 3)).toBeCloseTo(emulator.trueChargeC(fromS, fromS + 3) * 2, 12)
    expect(emulator.trueEnergyJ(startS - 1, startS)).toBe(0)
  })
})

describe('streaming', () => {
  it('gives power, markers and raw words of a known load', async () => {
    const { emulator, open, clock } = make({ loadA: (_, since) => (since === null ? 8e-3 : 42e-3) })
    const meter = await open({ supplyV: 3.3 })
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.2)
    const roseS = clock.nowS()
    emulator.setDigital(0, true)
    await clock.advance(0.1)
    emulator.setDigital(0, false)
    const fellS = clock.nowS()
    await clock.advance(0.2)
    controller.abort()
    const trace = await clock.until(reading)
    expect(meter.counts).toEqual({ received: trace.end, lost: 0, saturated: 0, invalid: 0, discardedBytes: 0 })
    expect(Math.abs(trace.end - 50_000)).toBeLessThanOrEqual(500)
    const first = trace.digital.indexOf(1)
    const last = trace.digital.lastIndexOf(1)
    expect(last - first + 1).toBe(10_000)
    const energyJ = trace.powerW.slice(first, last + 1).reduce((sum, power) => sum + power * 1e-5, 0)
    expect(Math.abs(energyJ / emulator.trueEnergyJ(roseS, fellS) - 1)).toBeLessThan(1e-3)
    expect(meanOf(trace.powerW.slice(0, first)) / (8e-3 * 3.3)).toBeCloseTo(1, 3)
    expect(trace.raw.length).toBe(trace.end * 4)
    expect(trace.blocks.every((block, at) => block.arrivalS >= (trace.blocks[at - 1]?.arrivalS ?? 0))).toBe(true)
  })

  it('measures every range, across its switches', async () => {
    const levels = [20e-6, 200e-6, 2e-3, 20e-3, 200e-3, 20e-3, 2e-3, 200e-6, 20e-6]
    const { emulator, open, clock } = make({ noiseLsb: 1 })
    const meter = await open({ supplyV: 2 })
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.01)
    for (const [at, level] of levels.entries()) {
      emulator.setLoad(level)
      emulator.setDigital(1, at % 2 === 0)
      await clock.advance(0.1)
    }
    controller.abort()
    const { powerW, digital } = await clock.until(reading)
    let at = digital.indexOf(2)
    for (const level of levels) {
      expect(Math.abs(meanOf(powerW.slice(at, at + 9_900)) / (level * 2) - 1)).toBeLessThan(5e-3)
      at += 10_000
    }
  })

  it('is deterministic', async () => {
    const once = async () => {
      const { open, clock } = make({ loadA: () => 5e-3, seed: 42 })
      return (await record(await open(), clock, 0.05)).raw
    }
    expect(await once()).toEqual(await once())
  })

  it('takes up again after a blocked event loop, without loss', async () => {
    const { open, clock } = make({ loadA: () => 5e-3 })
    const meter = await open()
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.1)
    clock.block(3)
    await clock.advance(0.1)
    controller.abort()
    const { end } = await clock.until(reading)
    expect(meter.counts.lost).toBe(0)
    expect(end).toBeGreaterThanOrEqual(319_000)
  })

  it('accounts for losses, garbage, odd chunks and illegal ranges at once', async () => {
    const faults = {
      lose: [
        { atS: 0.3, count: 100 },
        { atS: 0.8, count: 64 },
        { atS: 1.3, count: 7 },
      ],
      garbage: [{ atS: 1.6, bytes: 5 }],
      badRange: { atS: 1.7, count: 11, range: 6 },
      oddChunks: true,
    }
    const { open, clock } = make({ loadA: () => 5e-3, faults })
    const meter = await open()
    const { gaps } = await record(meter, clock, 2)
    expect(gaps.slice(0, 3).map((gap) => gap.count)).toEqual([100, 64, 7])
    expect(meter.counts.lost).toBeLessThanOrEqual(173)
    expect(meter.counts).toMatchObject({ invalid: 11 })
    expect(meter.counts.discardedBytes).toBeGreaterThanOrEqual(5)
    expect(meter.counts.discardedBytes).toBeLessThanOrEqual(13)
  })

  it('counts clipped samples', async () => {
    const { emulator, open, clock } = make({ calibration: defaultCalibration })
    const meter = await open()
    emulator.setLoad(400)
    await record(meter, clock, 0.05)
    expect(meter.counts.saturated).toBeGreaterThan(4000)
  })

  it('yields what arrived and then throws METER_LOST when it is unplugged or falls silent', async () => {
    for (const faults of [{ unplugAtS: 0.5 }, { silentAtS: 0.5 }]) {
      const { open, clock } = make({ loadA: () => 5e-3, faults })
      const meter = await open()
      const events: Parameters<typeof joinEvents>[0] = []
      const reading = collect(meter.samples(new AbortController().signal), events)
      await expect(clock.until(reading)).rejects.toMatchObject({ code: 'METER_LOST' })
      expect(joinEvents(events).end).toBe(50_000)
      expect(meter.counts).toMatchObject({ received: 50_000, lost: 0 })
      await meter.close()
    }
  })

  it('streams again after a stop, from sample 0; not twice at once', async () => {
    const { open, clock } = make({ loadA: () => 5e-3 })
    const meter = await open()
    await record(meter, clock, 0.05)
    const second = record(meter, clock, 0.05)
    await expect(collect(meter.samples(new AbortController().signal))).rejects.toThrow(/already streaming/)
    const { events, end } = await second
    expect(events[0]!.firstIndex).toBe(0)
    expect(meter.counts.received).toBe(end)
  })
})

describe('a meter whose clock changes', () => {
  /** A clock that runs at the host's pace for so long and then at another. */
  const warped = (clock: FakeClock, fromS: number, ratio: number): Clock => {
    const changeS = clock.nowS() + fromS
    const nowS = () => Math.min(clock.nowS(), changeS) + Math.max(clock.nowS() - changeS, 0) * ratio
    return { ...clock, nowS, sleep: (seconds, signal) => clock.sleep(seconds / ratio, signal) }
  }

  it.each([
    ['slower', 0.996],
    ['faster', 1.004],
  ])('to run %s shows as loss, or as a count that is not that of the host clock', async (_, ratio) => {
    const clock = createFakeClock()
    const emulator = new EmulatedPpk2({ clock: warped(clock, 2, ratio), loadA: () => 1e-3 })
    const link = emulator.link(path)
    const stamped = (listener: (chunk: Uint8Array, arrivalS: number) => void) =>
      link.onData((chunk) => listener(chunk, clock.nowS()))
    const host = meterHost(clock, { [path]: () => ({ ...link, onData: stamped }) })
    const meter = await clock.until(ppk2.open(host, { path, supplyV: 3 }))
    const { events } = await record(meter, clock, 8)
    const span = new StreamSpanMeter(100_000)
    for (const event of events)
      if (event.kind === 'samples') span.add(event.firstIndex + event.powerW.length, event.arrivalS)
    const { samples, hostS, uncertaintyS } = span.span!
    const isSeen = Math.abs(samples / 100_000 - hostS) > 200e-6 * hostS + uncertaintyS
    expect(meter.counts.lost > 0 || isSeen).toBe(true)
  })
})
