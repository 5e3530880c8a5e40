import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { nodeSerial } from '../../../src/hosts/node-serial.ts'
import { lpm01a } from '../../../src/meters/lpm01a/driver.ts'
import { EmulatedLpm01a, type Lpm01aFaults } from '../../../src/meters/lpm01a/emulator.ts'
import type { MeterOptions } from '../../../src/meters/meter.ts'
import type { SampleEvent } from '../../../src/trace/samples.ts'
import { collect } from '../../support/collect.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { meterHost } from '../../support/meter-host.ts'
import { openPtyPair, requirePty } from '../../support/pty.ts'

const port = '/dev/ttyACM0'
const missing = requirePty()

function make(faults: Lpm01aFaults = {}, settings = '') {
  const clock = createFakeClock()
  const emulator = new EmulatedLpm01a({ clock, faults, loadA: (timeS) => 5e-3 + 1e-3 * Math.sin(timeS * 7) })
  const host = meterHost(clock, { [port]: () => emulator.link(port) }, [
    { path: port, vendorId: '0483', productId: '5740' },
  ])
  const open = (options: Partial<MeterOptions> = {}) =>
    clock.until(lpm01a.open(host, { path: `${port}${settings}`, supplyV: 3.3, ...options }))
  return { clock, emulator, host, open }
}

/** Streams for so many seconds; gives the samples and what ended the stream. */
async function stream(bench: ReturnType<typeof make>, seconds: number, during: () => Promise<void> = async () => {}) {
  const meter = await bench.open()
  const controller = new AbortController()
  const events: SampleEvent[] = []
  const startS = bench.clock.nowS()
  const reading = collect(meter.samples(controller.signal), events)
  const failure = reading.then(
    () => null,
    (error: unknown) => error,
  )
  await during()
  await bench.clock.advance(seconds)
  controller.abort()
  const error = await bench.clock.until(failure)
  return { meter, events, error, startS, collected: error ? null : await reading }
}

describe('LPM01A driver', () => {
  it('sets the meter up in the order of the MLPerf Tiny runner, and leaves it off and released', async () => {
    const { open, emulator, clock } = make()
    const meter = await open({ supplyV: 1.8 })
    expect(emulator.received).toEqual([
      'stop',
      'htc',
      'version',
      'pwr off',
      'acqtime inf',
      'acqmode dyn',
      'trigdelay 0',
      'trigsrc sw',
      'eventsrc d7 fal',
      'output energy',
      'format ascii_dec',
      'freq 1k',
      'volt 1800m',
      'pwr on nostatus',
    ])
    expect(meter.info).toMatchObject({
      supplyV: 1.8,
      supplySource: 'set by meter',
      mode: 'source',
      gainUncertainty: 0.02,
    })
    await clock.until(meter.close())
    expect(emulator.received.slice(-3)).toEqual(['stop', 'pwr off', 'hrc'])
    expect(emulator.device.supplyV).toBe(0)
  })

  it('never feeds a voltage that nobody stated, and knows its limits', async () => {
    const wrong: Partial<MeterOptions>[] = [
      { supplyV: 3.4 },
      { supplyV: 1.7 },
      { mode: 'ampere' },
      { path: `${port},rate=1234` },
      { path: `${port},rate=100k,output=energy` },
    ]
    for (const options of wrong) {
      const { open, emulator } = make()
      await expect(open(options)).rejects.toMatchObject({ code: 'USAGE' })
      expect(emulator.received).toEqual([])
    }
    const { host } = make()
    await expect(lpm01a.open(host, { path: port })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it.each([
    ['', 1e-4],
    [',rate=10k', 3e-3],
    [',rate=100k', 3e-3],
    [',rate=5000,output=current', 1e-4],
  ])('measures the true energy with "%s"', async (settings, tolerance) => {
    const bench = make({}, settings)
    const { meter, collected } = await stream(bench, 3.001)
    const rateHz = meter.info.sampleRateHz
    const energyJ = collected!.powerW.reduce((sum, power) => sum + power / rateHz, 0)
    expect(collected!.gaps).toEqual([])
    const endS = bench.clock.nowS()
    const trueJ = bench.emulator.device.integrate(endS - collected!.end / rateHz, endS).energyJ
    expect(Math.abs(energyJ / trueJ - 1)).toBeLessThan(tolerance + 3e-3)
  })

  it("throws an earlier session's stream away", async () => {
    const { meter, collected } = await stream(make({ leftover: true }), 1)
    expect(meter.info.warnings.join()).toMatch(/earlier session/)
    expect(meter.counts).toMatchObject({ lost: 0, invalid: 0, discardedBytes: 0 })
    expect(collected!.end).toBeGreaterThan(900)
  })

  it('does with older firmware what can be done, and refuses what cannot', async () => {
    const old = await make({ refuse: ['pwr', 'eventsrc'] }).open()
    expect(old.info.warnings).toHaveLength(3)
    expect(old.info.warnings[0]).toMatch(/1\.0\.6.*error pwr off; Error detail/)
    await expect(make({ refuse: ['volt'] }).open()).rejects.toMatchObject({
      code: 'METER_REFUSED',
      detail: expect.stringContaining('volt 3300m'),
    })
    await expect(make({ refuse: ['htc'] }).open()).rejects.toMatchObject({ code: 'METER_WRONG' })
  })

  it('refuses a port that does not answer, and tells a stop by the user', async () => {
    await expect(make({ silentAtS: 0, leftover: true }).open()).rejects.toMatchObject({ code: 'METER_WRONG' })
    await expect(make().open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })

  it('yields what came before a fault, and then names it', async () => {
    const cases: [Lpm01aFaults, string, RegExp][] = [
      [{ overcurrentAtS: 0.5 }, 'METER_FAULT', /overcurrent/],
      [{ errorAtS: 0.5 }, 'METER_FAULT', /overflow/],
      [{ endAtS: 0.5 }, 'METER_LOST', /ended the acquisition/],
      [{ unplugAtS: 0.5 }, 'METER_LOST', /cable/],
      [{ silentAtS: 0.5 }, 'METER_LOST', /no samples/],
    ]
    for (const [faults, code, words] of cases) {
      for (const settings of ['', ',rate=100k']) {
        const { error, meter } = await stream(make(faults, settings), 5)
        expect(error).toMatchObject({ code, detail: expect.stringMatching(words) })
        expect(meter.counts.received).toBeGreaterThan(0.4 * meter.info.sampleRateHz)
        await meter.close().catch(() => {})
      }
    }
  })

  it('counts lost samples and bytes, and goes on over a restart of the meter', async () => {
    const lossy = await stream(make({ loseSamples: { atS: 1.2, count: 50 } }), 4)
    expect(lossy.meter.counts).toMatchObject({ lost: 50, invalid: 0 })
    const shifted = await stream(make({ loseBytes: { atS: 0.205, count: 3 } }, ',rate=100k'), 1)
    expect(shifted.meter.counts.lost).toBe(1000)
    const bench = make({ restart: { atS: 2.5, awayS: 1.2 } })
    const { collected } = await stream(bench, 7)
    expect(collected!.gaps).toHaveLength(1)
    expect(Math.abs(collected!.gaps[0]!.count - 1200)).toBeLessThan(30)
  })

  it('marks the falling edges of D7 on the sample that follows', async () => {
    const bench = make()
    const { collected } = await stream(bench, 0.5, async () => {
      await bench.clock.advance(0.4)
      bench.emulator.pulse()
      await bench.clock.advance(0.3)
      bench.emulator.pulse()
    })
    const marks = collected!.blocks.flatMap((block) => block.marks ?? [])
    expect(marks.map((mark) => mark.label)).toEqual(['event 00 ris', 'event 01 ris'])
    expect(Math.abs(marks[0]!.index - 400)).toBeLessThan(3)
    expect(Math.abs(marks[1]!.index - 700)).toBeLessThan(3)
  })
})

describe('LPM01A over a pty', () => {
  it.skipIf(missing)(
    `streams at 3 686 400 baud, refuses a second program, survives being cut ${missing ?? ''}`,
    async () => {
      const host = nodeHost()
      await using pair = await openPtyPair()
      const far = await nodeSerial.open(pair.b, { baudRate: 115_200 })
      const emulator = new EmulatedLpm01a({ clock: host.clock, loadA: () => 5e-3 })
      const serving = emulator.serve(far)
      const meter = await lpm01a.open(host, { path: `${pair.a},rate=100k`, supplyV: 3.3 })
      await expect(lpm01a.open(host, { path: pair.a, supplyV: 3.3 })).rejects.toMatchObject({ code: 'METER_BUSY' })
      let sum = 0
      const reading = (async () => {
        for await (const event of meter.samples(new AbortController().signal)) {
          if (event.kind === 'samples') for (const power of event.powerW) sum += power
          if (meter.counts.received >= 30_000) await pair.cut()
        }
      })()
      await expect(reading).rejects.toMatchObject({ code: 'METER_LOST' })
      // The cut may fall into a word: the thousand samples that no time stamp has proved then count as lost.
      expect(meter.counts.lost).toBeLessThan(1000)
      expect(meter.counts.invalid).toBe(0)
      expect(sum / meter.counts.received / (5e-3 * 3.3)).toBeCloseTo(1, 2)
      await meter.close()
      await far.close()
      await serving
    },
  )
})
