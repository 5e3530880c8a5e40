import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { nodeSerial } from '../../../src/hosts/node-serial.ts'
import { ppk2 } from '../../../src/meters/ppk2/driver.ts'
import { EmulatedPpk2 } from '../../../src/meters/ppk2/emulator.ts'
import type { EmulatorOptions } from '../../../src/meters/ppk2/emulator-options.ts'
import { type Collected, joinEvents } from '../../support/collect.ts'
import { openPtyPair, requirePty } from '../../support/pty.ts'

const missing = requirePty()
const why = missing ?? ''

const host = nodeHost()
const { clock } = host

/** A pty with an emulated PPK2 at its far end. */
async function plugIn(options: Omit<EmulatorOptions, 'clock'> = {}) {
  const pair = await openPtyPair()
  const far = await nodeSerial.open(pair.b, { baudRate: 115200 })
  const emulator = new EmulatedPpk2({ clock, loadA: () => 5e-3, ...options })
  const serving = emulator.serve(far)
  const unplug = async () => {
    await pair.cut()
    await far.close()
    await serving
  }
  return { path: pair.a, emulator, unplug, [Symbol.asyncDispose]: unplug }
}

/** Reads until so many samples have come, then stops. */
async function readSamples(meter: Awaited<ReturnType<typeof ppk2.open>>, count: number): Promise<Collected> {
  const controller = new AbortController()
  const events: Parameters<typeof joinEvents>[0] = []
  for await (const event of meter.samples(controller.signal)) {
    events.push(event)
    if (meter.counts.received >= count) controller.abort()
  }
  return joinEvents(events)
}

describe('PPK2 over a pty', () => {
  it.skipIf(missing)(`opens, streams, stops and frees the port ${why}`, async () => {
    await using bench = await plugIn()
    for (let round = 0; round < 2; round++) {
      await using meter = await ppk2.open(host, { path: bench.path, supplyV: 3.3 })
      const trace = await readSamples(meter, 20_000)
      expect(trace.end).toBeGreaterThanOrEqual(20_000)
      expect(meter.counts).toMatchObject({ discardedBytes: 0, invalid: 0, saturated: 0 })
      const mean = trace.powerW.reduce((sum, power) => sum + power, 0) / trace.powerW.length
      expect(mean / (5e-3 * 3.3)).toBeCloseTo(1, 2)
    }
    expect(bench.emulator.received.filter((command) => command.kind === 'start')).toHaveLength(2)
  })

  it.skipIf(missing)(`survives a stale stream and odd chunks ${why}`, async () => {
    await using bench = await plugIn({ faults: { staleBytes: 17_412, oddChunks: true } })
    await using meter = await ppk2.open(host, { path: bench.path, supplyV: 3.3 })
    const trace = await readSamples(meter, 10_000)
    expect(meter.counts).toMatchObject({ invalid: 0, saturated: 0 })
    expect(trace.raw.length).toBe(meter.counts.received * 4)
  })

  it.skipIf(missing)(`refuses a second opening as busy ${why}`, async () => {
    await using bench = await plugIn()
    await using first = await ppk2.open(host, { path: bench.path, supplyV: 3.3 })
    await expect(ppk2.open(host, { path: bench.path })).rejects.toMatchObject({
      code: 'METER_BUSY',
      where: first.info.path,
    })
  })

  it.skipIf(missing)(`yields what arrived, then METER_LOST, when the cable is pulled ${why}`, async () => {
    await using bench = await plugIn()
    const meter = await ppk2.open(host, { path: bench.path, supplyV: 3.3 })
    let received = 0
    const reading = (async () => {
      for await (const event of meter.samples(new AbortController().signal)) {
        if (event.kind === 'samples') received += event.powerW.length
        if (received >= 5_000) void bench.unplug()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'METER_LOST', where: bench.path })
    expect(received).toBeGreaterThanOrEqual(5_000)
    expect(meter.counts.received).toBe(received)
    await meter.close()
  })

  it.skipIf(missing)(`tells a port at which nothing answers, or something else ${why}`, async () => {
    await using pair = await openPtyPair()
    await expect(ppk2.open(host, { path: pair.a })).rejects.toMatchObject({ code: 'METER_WRONG', where: pair.a })
    await using echo = await nodeSerial.open(pair.b, { baudRate: 115200 })
    echo.onData((bytes) => void echo.write(bytes).catch(() => {}))
    await expect(ppk2.open(host, { path: pair.a })).rejects.toMatchObject({ code: 'METER_WRONG' })
  })

  it('tells a missing port', async () => {
    await expect(ppk2.open(host, { path: '/dev/milliwatt-none' })).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
  })
})
