import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { nodeSerial } from '../../../src/hosts/node-serial.ts'
import type { Meter, MeterOptions } from '../../../src/meters/meter.ts'
import { powerRecordDecoder } from '../../../src/meters/power-record.ts'
import { createLineStream } from '../../../src/meters/serial-line/decoder.ts'
import { serialLine } from '../../../src/meters/serial-line/driver.ts'
import { EmulatedLineSensor, type LineSensorOptions } from '../../../src/meters/serial-line/emulator.ts'
import { checksumOf, type LineHeader, readLine, writeLine } from '../../../src/meters/serial-line/lines.ts'
import type { SampleEvent } from '../../../src/trace/samples.ts'
import { collect, joinEvents } from '../../support/collect.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { meterHost } from '../../support/meter-host.ts'
import { openPtyPair, requirePty } from '../../support/pty.ts'

const missing = requirePty()
const port = '/dev/ttyUSB0'
const plain = ['seq', 'us', 'mV', 'uA']

function make(options: Omit<LineSensorOptions, 'clock'> = {}) {
  const clock = createFakeClock()
  const sensor = new EmulatedLineSensor({ clock, ...options })
  const host = meterHost(clock, { [port]: () => sensor.link(port) }, [{ path: port }])
  const open = (more: Partial<MeterOptions> = {}) => clock.until(serialLine.open(host, { path: port, ...more }))
  return { clock, sensor, open }
}

async function stream(options: Omit<LineSensorOptions, 'clock'>, seconds: number) {
  const { clock, sensor, open } = make(options)
  const meter: Meter = await open()
  const controller = new AbortController()
  const events: SampleEvent[] = []
  const startS = clock.nowS()
  const failure = collect(meter.samples(controller.signal), events).then(
    () => null,
    (error: unknown) => error,
  )
  await clock.advance(seconds)
  controller.abort()
  const error = await clock.until(failure)
  await clock.until(meter.close())
  return { meter, error, startS, sensor, ...joinEvents(events) }
}

describe('lines', () => {
  const header: LineHeader = { rateHz: 1000, columns: plain, fields: {} }

  it('carry a checksum: the exclusive or of their characters', () => {
    expect(checksumOf('1,1000,3300,8000')).toBe(
      '1,1000,3300,8000'
        .split('')
        .reduce((sum, letter) => sum ^ letter.charCodeAt(0), 0)
        .toString(16)
        .toUpperCase()
        .padStart(2, '0'),
    )
    expect(writeLine('A')).toBe('A*41')
    expect(readLine('1,1000,3300,8000*00', header)).toMatchObject({ kind: 'bad' })
    expect(readLine(writeLine('1,1000,3300,-8000.25'), header)).toEqual({
      kind: 'row',
      row: { seq: 1, us: 1000, mV: 3300, uA: -8000.25 },
    })
  })

  it('are refused, with the reason, where they do not follow the header', () => {
    const reasons: [string, RegExp][] = [
      ['1,2,3', /number of columns/],
      ['1,2,x,4', /"x" is no value of mV/],
      ['-1,2,3,4', /"-1" is no value of seq/],
      ['!edge 1 2 9 1', /an edge is/],
      ['#mw1 cols=seq,uA', /no rate/],
      ['#mw1 rate=10 cols=seq,volts', /not known/],
      ['#mw1 rate=10 cols=us,uA', /no column "seq"/],
      ['#mw1 rate=10 cols=seq,us', /no column tells power/],
    ]
    for (const [body, reason] of reasons)
      expect(readLine(writeLine(body), header)).toMatchObject({ kind: 'bad', reason: expect.stringMatching(reason) })
    expect(readLine('1,2,3,4', header)).toMatchObject({ kind: 'bad', reason: 'it has no checksum' })
    expect(readLine(writeLine('1,2,3,4'), null)).toMatchObject({ kind: 'bad' })
    expect(readLine('# hello', header)).toEqual({ kind: 'comment' })
  })

  it('never make the decoder throw, whatever the bytes', () => {
    const legal = fc
      .tuple(fc.nat(5000), fc.nat(), fc.nat(5000), fc.nat(99_999))
      .map((row) => `${writeLine(row.join(','))}\n`)
    const piece = fc.oneof(
      legal,
      fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes)),
      fc.constantFrom('\n', '!edge 1 2 0 1*', '#mw1 ', `${writeLine('!edge 5 5 3 1')}\n`),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: 50 }), (pieces, step) => {
        const decoder = createLineStream(header, 3.3, 'x')
        const text = pieces.join('')
        const events: SampleEvent[] = []
        for (let at = 0; at < text.length; at += step) {
          events.push(
            ...decoder.push(
              Uint8Array.from(text.slice(at, at + step), (letter) => letter.charCodeAt(0)),
              at / 1000,
            ),
          )
        }
        events.push(...decoder.flush())
        const { end } = joinEvents(events)
        expect(decoder.counts.received + decoder.counts.lost).toBe(end)
      }),
      { numRuns: 300 },
    )
  })
})

describe('serial line driver', () => {
  it('learns supply, sensor and its limits from the header and the first rows', async () => {
    const { open } = make({ sensor: 'ina226', columns: plain })
    const meter = await open()
    expect(meter.info).toMatchObject({
      model: 'serial line (ina226)',
      serialNumber: 'EMU1',
      supplyV: 3.3,
      supplySource: 'measured',
      sampleRateHz: 1000,
      accuracy: { gain: 0.007, offsetA: 1e-4 },
    })
    await meter.close()
    const unknown = await make({ sensor: 'acs712' }).open()
    expect(unknown.info).toMatchObject({ gainUncertainty: 0.1, warnings: [expect.stringMatching(/no sensor/)] })
  })

  it('wants a stated voltage where the rows hold none', async () => {
    const columns = ['seq', 'us', 'uA']
    await expect(make({ columns }).open()).rejects.toMatchObject({ code: 'USAGE', where: 'supplyV' })
    const meter = await make({ columns }).open({ supplyV: 5 })
    expect(meter.info).toMatchObject({ supplyV: 5, supplySource: 'stated by user' })
    const power = await make({ columns: ['seq', 'uW'] }).open()
    expect(power.info).toMatchObject({ supplyV: 0, supplySource: 'not used' })
  })

  it.each([
    [plain],
    [['seq', 'us', 'uW']],
    [['seq', 'us', 'mV', 'uA', 'uJ']],
    [['seq', 'us', 'mV', 'uC']],
    [['seq', 'us', 'mV', 'uA1', 'uA2', 'uA3']],
  ])('measures the true energy with the columns %j', async (columns) => {
    const { meter, powerW, end, raw, gaps } = await stream({ columns }, 1)
    expect(gaps).toEqual([])
    expect(end).toBeGreaterThan(980)
    const mean = powerW.reduce((sum, power) => sum + power, 0) / end
    expect(mean / (8e-3 * 3.3)).toBeCloseTo(1, 4)
    expect([...powerRecordDecoder.decode(raw, {} as never).powerW]).toEqual([...powerW])
    expect(meter.counts).toMatchObject({ lost: 0, invalid: 0, discardedBytes: 0, bridged: 0 })
  })

  it('counts lost and damaged rows, over the end of its 32-bit counter too', async () => {
    const faults = { lose: { atS: 0.3, rows: 40 }, garbleAtS: 0.5 }
    const { meter, gaps, end } = await stream({ columns: plain, faults, firstSeq: 2 ** 32 - 400 }, 1)
    expect(meter.counts).toMatchObject({ lost: 41 })
    expect(meter.counts.discardedBytes).toBeGreaterThan(10)
    expect(gaps).toMatchObject([
      { firstIndex: 300, count: 40 },
      { firstIndex: 500, count: 1 },
    ])
    expect(end).toBeGreaterThan(980)
  })

  it('keeps the energy exact over lost rows where an accumulator counts on', async () => {
    const { meter, powerW, gaps, end, startS, sensor } = await stream(
      { faults: { lose: { atS: 0.3, rows: 200 }, garbleAtS: 0.7 } },
      1,
    )
    expect(gaps).toEqual([])
    expect(meter.counts).toMatchObject({ lost: 0, bridged: 201 })
    const energyJ = powerW.reduce((sum, power) => sum + power / 1000, 0)
    const trueJ = sensor.device.integrate(startS + 0.001, startS + 0.001 + end / 1000).energyJ
    expect(energyJ / trueJ).toBeCloseTo(1, 5)
  })

  it('tells how long a sensor was away that began anew, and does not trust its accumulator over that', async () => {
    const { gaps, meter } = await stream({ faults: { restart: { atS: 0.4, awayS: 0.25 } } }, 1.2)
    expect(gaps).toHaveLength(1)
    expect(Math.abs(gaps[0]!.count - 250)).toBeLessThan(15)
    expect(meter.counts.bridged).toBe(0)
  })

  it('goes on where its clock was changed and its count was not', async () => {
    for (const us of [5_000_000, -200_000]) {
      const { gaps, end } = await stream({ columns: plain, faults: { clockJump: { atS: 0.4, us } } }, 1)
      expect(gaps).toEqual([])
      expect(end).toBeGreaterThan(980)
    }
  })

  it('names what the sensor reports, a changed header, silence and a pulled cable', async () => {
    const cases = [
      [{ errorAtS: 0.3 }, 'METER_FAULT', /does not answer/],
      [{ headerAtS: { atS: 0.3, line: '#mw1 rate=10 cols=seq,uW' } }, 'METER_FAULT', /header changed/],
      [{ silentAtS: 0.3 }, 'METER_LOST', /no samples/],
      [{ unplugAtS: 0.3 }, 'METER_LOST', /cable/],
    ] as const
    for (const [faults, code, words] of cases) {
      const { error, meter } = await stream({ faults }, 4)
      expect(error).toMatchObject({ code, detail: expect.stringMatching(words) })
      expect(meter.counts.received).toBeGreaterThan(250)
    }
  })

  it('refuses a port where something else answers, or nothing', async () => {
    await expect(make({ faults: { mute: true } }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/nothing came/),
    })
    await expect(make({ faults: { headerText: '#mw1 rate=0 cols=seq,uA' } }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/no rate/),
    })
    await expect(make({ faults: { headerText: 'hello' } }).open()).rejects.toMatchObject({
      code: 'METER_WRONG',
      detail: expect.stringMatching(/something else/),
    })
    await expect(make().open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })

  it("notes edges with the sensor's own time", async () => {
    const { clock, sensor, open } = make({ columns: plain })
    const meter = await open()
    const controller = new AbortController()
    const reading = collect(meter.samples(controller.signal))
    await clock.advance(0.1005)
    sensor.device.setMarker(true)
    await clock.advance(0.1)
    sensor.device.setMarker(false)
    await clock.advance(0.1)
    controller.abort()
    const { blocks, digital } = await clock.until(reading)
    const marks = blocks.flatMap((block) => block.marks ?? [])
    expect(marks).toEqual([
      { index: 101, label: 'edge 0 rise us=101000' },
      { index: 201, label: 'edge 0 fall us=201000' },
    ])
    expect(digital.reduce((sum, word) => sum + (word & 1), 0)).toBe(100)
  })
})

describe('serial line over a pty', () => {
  it.skipIf(missing)(`streams, refuses a second program and survives being cut ${missing ?? ''}`, async () => {
    const host = nodeHost()
    await using pair = await openPtyPair()
    const far = await nodeSerial.open(pair.b, { baudRate: 115_200 })
    const sensor = new EmulatedLineSensor({ clock: host.clock })
    const serving = sensor.serve(far)
    const meter = await serialLine.open(host, { path: pair.a })
    await expect(serialLine.open(host, { path: pair.a })).rejects.toMatchObject({ code: 'METER_BUSY' })
    const reading = (async () => {
      for await (const _ of meter.samples(new AbortController().signal))
        if (meter.counts.received > 300) await pair.cut()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'METER_LOST' })
    expect(meter.counts).toMatchObject({ lost: 0, discardedBytes: 0 })
    await meter.close()
    await far.close()
    await serving
  })
})
