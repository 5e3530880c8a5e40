import { describe, expect, it } from 'vitest'
import { openMeter } from '../../src/meters/list.ts'
import { EmulatedPpk2 } from '../../src/meters/ppk2/emulator.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { collect, joinEvents } from '../support/collect.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { meterHost } from '../support/meter-host.ts'

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
