import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import type { Host } from '../../src/core/host.ts'
import type { Link, LinkEnd } from '../../src/core/link.ts'
import { createMeter, noCounts } from '../../src/meters/create-meter.ts'
import { meterDrivers, openMeter } from '../../src/meters/list.ts'
import type { Meter, MeterDriver, MeterInfo } from '../../src/meters/meter.ts'
import { EmulatedPpk2 } from '../../src/meters/ppk2/emulator.ts'
import { resumingMeter } from '../../src/meters/resume.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { collect, joinEvents } from '../support/collect.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { meterHost, optionalPackages } from '../support/meter-host.ts'

/** A PPK2 that can be pulled out, and plugged in again at another port with the same or another serial number. */
function make() {
  const clock = createFakeClock()
  let plugged: { path: string; serialNumber: string; emulator: EmulatedPpk2 } | null = null
  const plug = (path = '/dev/ttyACM0', serialNumber = 'A') => {
    plugged = { path, serialNumber, emulator: new EmulatedPpk2({ clock, loadA: () => 5e-3 }) }
  }
  const base = meterHost(clock)
  const host = {
    ...base,
    serial: {
      list: async () => {
        const now = plugged
        return {
          ports: now ? [{ path: now.path, serialNumber: now.serialNumber, vendorId: '1915', productId: 'c00a' }] : [],
        }
      },
      open: async (path: string, options: { baudRate: number }) =>
        plugged?.path === path ? plugged.emulator.link(path) : base.serial.open(path, options),
    },
  }
  const unplug = () => {
    const { emulator } = plugged!
    plugged = null
    emulator.unplug()
  }
  plug()
  return { clock, host, plug, unplug }
}

async function stream(bench: ReturnType<typeof make>, resumeS: number, act: () => Promise<void>) {
  const meter = await bench.clock.until(openMeter(bench.host, 'ppk2:/dev/ttyACM0', { supplyV: 3.3, resumeS }))
  const controller = new AbortController()
  const events: SampleEvent[] = []
  const failure = collect(meter.samples(controller.signal), events).then(
    () => null,
    (error: unknown) => error,
  )
  await act()
  controller.abort()
  const error = await bench.clock.until(failure)
  await bench.clock.until(meter.close())
  return { meter, error, ...joinEvents(events) }
}

describe('a meter that is unplugged and plugged in again', () => {
  it.each(['/dev/ttyACM0', '/dev/ttyACM7'])('goes on at %s, with a gap as long as it was away', async (path) => {
    const bench = make()
    const { error, end, gaps, powerW, meter } = await stream(bench, 10, async () => {
      await bench.clock.advance(1)
      bench.unplug()
      await bench.clock.advance(2.5)
      bench.plug(path)
      await bench.clock.advance(3)
    })
    expect(error).toBeNull()
    expect(gaps).toHaveLength(1)
    expect(Math.abs(end - 650_000)).toBeLessThan(2_000)
    expect(Math.abs(gaps[0]!.firstIndex - 100_000)).toBeLessThan(1_000)
    expect(meter.counts).toMatchObject({ received: powerW.length, lost: gaps[0]!.count })
    expect(powerW.reduce((sum, power) => sum + power, 0) / powerW.length / (5e-3 * 3.3)).toBeCloseTo(1, 2)
  })

  it('goes on twice', async () => {
    const bench = make()
    const { error, gaps, meter, end } = await stream(bench, 5, async () => {
      for (let round = 0; round < 2; round++) {
        await bench.clock.advance(1)
        bench.unplug()
        await bench.clock.advance(1)
        bench.plug()
      }
      await bench.clock.advance(2)
    })
    expect(error).toBeNull()
    expect(gaps).toHaveLength(2)
    expect(meter.counts.received + meter.counts.lost).toBe(end)
  })

  it('is lost when it does not come back in time, when nobody asked to wait, or when another one comes', async () => {
    const away = make()
    const late = await stream(away, 2, async () => {
      await away.clock.advance(1)
      away.unplug()
      await away.clock.advance(4)
    })
    expect(late.error).toMatchObject({ code: 'METER_LOST' })
    const once = make()
    const ended = await stream(once, 0, async () => {
      await once.clock.advance(1)
      once.unplug()
      once.plug()
      await once.clock.advance(4)
    })
    expect(ended.error).toMatchObject({ code: 'METER_LOST' })
    const other = make()
    const swapped = await stream(other, 5, async () => {
      await other.clock.advance(1)
      other.unplug()
      other.plug('/dev/ttyACM0', 'B')
      await other.clock.advance(4)
    })
    expect(swapped.error).toMatchObject({ code: 'METER_WRONG' })
  })
})

/** Everything through which meters are read can be pulled out of this host and plugged in again. */
function pluggable(host: Host) {
  let isPlugged = true
  const cuts = new Set<() => void>()
  const cuttable = (link: Link): Link => {
    const listeners = new Map<Parameters<Link['onData']>[0], () => void>()
    let cut = () => {}
    const pulled = new Promise<LinkEnd>((end) => {
      cut = () => {
        for (const detach of listeners.values()) detach()
        end({ how: 'lost', reason: 'the cable was pulled' })
      }
    })
    cuts.add(cut)
    return {
      ...link,
      ended: Promise.race([link.ended, pulled]),
      onData: (listener) => {
        const detach = link.onData(listener)
        listeners.set(listener, detach)
        return detach
      },
    }
  }
  const gone = (path: string) => new MilliwattError('METER_NOT_FOUND', path)
  const whenPlugged = async <T>(read: () => Promise<T>, otherwise: T): Promise<T> => (isPlugged ? read() : otherwise)
  const { system, serial } = host
  const bench: Host = {
    ...host,
    system: {
      readText: (path) => whenPlugged(() => system.readText(path), null),
      list: (path) => whenPlugged(() => system.list(path), []),
      exists: (path) => whenPlugged(() => system.exists(path), false),
      isAccessible: (path) => whenPlugged(() => system.isAccessible(path), false),
    },
    command: (...all) => whenPlugged(() => host.command(...all), null),
    startCommand: async (...all) => {
      const link = isPlugged ? await host.startCommand(...all) : null
      return link && cuttable(link)
    },
    connect: async (...all) => {
      if (!isPlugged) throw gone(all[0])
      return cuttable(await host.connect(...all))
    },
    serial: {
      list: () => whenPlugged(() => serial.list(), { ports: [] }),
      open: async (...all) => {
        if (!isPlugged) throw gone(all[0])
        return cuttable(await serial.open(...all))
      },
    },
  }
  const plug = (now: boolean) => {
    isPlugged = now
    if (!now) for (const cut of cuts) cut()
  }
  return { host: bench, plug }
}

const hasPackages = (driver: MeterDriver) => (driver.packages ?? []).every((name) => optionalPackages[name])
const instruments = meterDrivers.filter((driver) => driver.name !== 'emulated' && hasPackages(driver))

describe.each(instruments.map((driver) => [driver.name, driver] as const))('%s', (name, driver) => {
  it('goes on after it was unplugged and plugged in again, and its recording holds the gap', async () => {
    const clock = createFakeClock()
    const rehearsal = driver.rehearse(meterHost(clock))
    const { host, plug } = pluggable(rehearsal.host)
    const meter = await clock.until(openMeter(host, `${name}:${rehearsal.path}`, { supplyV: 3.3, resumeS: 60 }))
    const rateHz = meter.info.sampleRateHz
    const stop = new AbortController()
    const reading = collect(meter.samples(stop.signal))
    const [beforeS, awayS, afterS] = [4, 9, 8]
    await clock.advance(beforeS)
    plug(false)
    await clock.advance(awayS)
    plug(true)
    await clock.advance(afterS)
    stop.abort()
    const { end, gaps, blocks, powerW } = await clock.until(reading)
    // The grid goes on by the host's clock; what a slow sensor starts with counts for a sample or two.
    expect(Math.abs(end / rateHz - (beforeS + awayS + afterS))).toBeLessThan(0.1 + 2.5 / rateHz)
    const lost = gaps.reduce((sum, gap) => sum + gap.count, 0)
    expect(lost / rateHz).toBeGreaterThan(awayS - 2.5 / rateHz)
    expect(blocks.at(-1)!.firstIndex).toBeGreaterThan(gaps.at(-1)!.firstIndex)
    expect(meter.counts).toMatchObject({ received: powerW.length, lost })
    const mean = powerW.reduce((sum, power) => sum + power, 0) / powerW.length
    const { voltageOfLoadV = 3.3 } = meter.info.calibration as { voltageOfLoadV?: number }
    expect(mean / (8e-3 * voltageOfLoadV)).toBeCloseTo(1, 1)
    await clock.until(meter.close())
  })
})

describe('a session that goes on', () => {
  /** A meter whose stream is a list of events, after which it is lost or ends. */
  const scripted = (events: readonly SampleEvent[], isLost: boolean): Meter => {
    const counts = { ...noCounts, lost: 0, received: 0 }
    for (const event of events) {
      if (event.kind === 'gap') counts.lost += event.count
      else counts.received += event.powerW.length
    }
    return createMeter({
      info: { model: 'scripted', path: 'x', sampleRateHz: 100 } as MeterInfo,
      openStream: () => ({
        counts,
        async *events() {
          yield* events
          if (isLost) throw new MilliwattError('METER_LOST', 'x')
        },
      }),
      close: async () => {},
    })
  }
  const samples = (firstIndex: number, count: number, arrivalS: number): SampleEvent => ({
    kind: 'samples',
    firstIndex,
    powerW: new Float32Array(count).fill(1),
    digital: new Uint8Array(count),
    raw: new Uint8Array(0),
    arrivalS,
  })

  it('stays on one grid, whatever the sessions begin and end with', async () => {
    const sessions = fc.array(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 30 })), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(sessions, fc.integer({ min: 0, max: 50 }), async (shapes, awayS) => {
        const clock = createFakeClock(0)
        const meters = shapes.map((shape, at) => {
          let index = 0
          const events = shape.map(([isGap, count]): SampleEvent => {
            const firstIndex = index
            index += count
            return isGap
              ? { kind: 'gap', firstIndex, count }
              : samples(firstIndex, count, (at + 1) * awayS + index / 100)
          })
          return scripted(events, at + 1 < shapes.length)
        })
        let opened = 0
        const meter = resumingMeter(meters[0]!, { clock, reopen: async () => meters[++opened]!, resumeS: 5 })
        const joined = await clock.until(collect(meter.samples(new AbortController().signal)))
        expect(meter.counts.received).toBe(joined.powerW.length)
        expect(meter.counts.lost).toBe(joined.gaps.reduce((sum, gap) => sum + gap.count, 0))
        expect(meter.counts.received + meter.counts.lost).toBe(joined.end)
      }),
    )
  })
})

it('an emulated meter whose cable is pulled time and again is a recording with a gap for each time', async () => {
  const clock = createFakeClock()
  const meter = await clock.until(openMeter(meterHost(clock), 'emulated:unplug=1', { resumeS: 5 }))
  const stop = new AbortController()
  const reading = collect(meter.samples(stop.signal))
  await clock.advance(3.5)
  stop.abort()
  const { gaps, end } = await clock.until(reading)
  expect(gaps.length).toBeGreaterThanOrEqual(2)
  expect(meter.counts.received + meter.counts.lost).toBe(end)
  await clock.until(meter.close())
})
