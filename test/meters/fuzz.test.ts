import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import { createRandom } from '../../src/meters/emulation/noise.ts'
import { createEmulatedWire } from '../../src/meters/emulation/wire.ts'
import { meterDrivers, openMeter } from '../../src/meters/list.ts'
import type { Meter } from '../../src/meters/meter.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { joinEvents } from '../support/collect.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { meterHost } from '../support/meter-host.ts'

const seeds = Array.from({ length: 20 }, (_, seed) => seed + 1)

/** Bytes of one kind of noise: any, printable, or pieces of the protocols. */
function noise(random: () => number): Uint8Array {
  const kind = random() % 3
  const words = [
    'PowerShield > ack htc\r\n',
    '#mw1 rate=10 cols=seq,uW\n',
    '\xf0\x79\x02\x05\xf7',
    'R0: 1031\nEND',
    '1,2,3*00\n',
    '\xf9\x02\x05',
    'TimeStamp: 001s 000ms\r\n',
    '\xf0\x77',
  ]
  if (kind === 2) return Uint8Array.from(words[random() % words.length]!, (letter) => letter.charCodeAt(0))
  return Uint8Array.from({ length: random() % 200 }, () => (kind === 0 ? random() & 255 : 32 + (random() % 95)))
}

/** A port where noise comes, whatever is sent to it. */
function noisyHost(seed: number) {
  const clock = createFakeClock()
  const random = createRandom(seed)
  const open = () => {
    const wire = createEmulatedWire(clock, () => {})
    const babble = async () => {
      for (let round = 0; round < 400 && !wire.hasEnded; round++) {
        await clock.sleep(0.001 + (random() % 50) / 1000)
        wire.send(noise(random))
      }
      wire.end({ how: 'lost', reason: 'the noise is over' })
    }
    void babble()
    return wire.link('/dev/noise')
  }
  const base = meterHost(clock, { '/dev/noise': open })
  return { clock, host: { ...base, connect: async () => open() } }
}

describe.each([
  'ppk2:/dev/noise',
  'lpm01a:/dev/noise',
  'serial-line:/dev/noise',
  'firmata:/dev/noise',
  'scpi:/dev/noise',
  'scpi:noise',
])('a port of noise opened as %s', (spec) => {
  it('is refused with a reason, or read without harm, and never hangs', async () => {
    for (const seed of seeds) {
      const { clock, host } = noisyHost(seed)
      let meter: Meter | undefined
      const opening = openMeter(host, spec, { supplyV: 3 }).then(
        (ready) => {
          meter = ready
        },
        (error: unknown) => expect(error).toMatchObject({ code: expect.stringMatching(/^METER_/) }),
      )
      await clock.until(opening, 60)
      const opened = meter as Meter | undefined
      if (!opened) continue
      const events: SampleEvent[] = []
      const reading = (async () => {
        for await (const event of opened.samples(new AbortController().signal)) events.push(event)
      })()
      const ended = reading.catch((error: unknown) =>
        expect(error).toMatchObject({ code: expect.stringMatching(/^METER_/) }),
      )
      await clock.until(ended, 120)
      joinEvents(events)
    }
  })
})

/** A driver's rehearsal whose port also carries what `disturb` puts into it. */
function disturbed(name: string, clock: FakeClock) {
  const driver = meterDrivers.find((candidate) => candidate.name === name)!
  const { host, path } = driver.rehearse(meterHost(clock))
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  const open: Host['serial']['open'] = async (where, options) => {
    const link = await host.serial.open(where, options)
    const onData: typeof link.onData = (listener) => {
      listeners.add(listener)
      return link.onData(listener)
    }
    return { ...link, onData }
  }
  const disturb = (bytes: Uint8Array) => {
    for (const listener of listeners) listener(bytes, clock.nowS())
  }
  return { driver, path, host: { ...host, serial: { ...host.serial, open } }, disturb }
}

describe.each([
  ['ppk2', ''],
  ['lpm01a', ''],
  ['lpm01a', ',rate=100000'],
  ['serial-line', ''],
])('a stream of %s%s into which noise falls', (name, settings) => {
  it('stays on its grid, counts everything, or ends with a reason', async () => {
    for (const seed of seeds) {
      const clock = createFakeClock()
      const random = createRandom(seed)
      const { driver, path, host, disturb } = disturbed(name, clock)
      const meter = await clock.until(driver.open(host, { path: `${path}${settings}`, supplyV: 3 }))
      const controller = new AbortController()
      const events: SampleEvent[] = []
      const reading = (async () => {
        for await (const event of meter.samples(controller.signal)) events.push(event)
      })()
      const ended = reading.catch((error: unknown) =>
        expect(error).toMatchObject({ code: expect.stringMatching(/^METER_/) }),
      )
      for (let round = 0; round < 6; round++) {
        await clock.advance(0.01 + (random() % 20) / 1000)
        disturb(noise(random))
      }
      controller.abort()
      await clock.until(ended)
      const { end } = joinEvents(events)
      expect(meter.counts.received + meter.counts.lost).toBe(end)
      await clock.until(meter.close())
    }
  })
})

/** A machine whose files and commands answer with rubbish now and then, from the start or only while it is read. */
function garbled(host: Host, random: () => number) {
  const numbers = [
    '-5',
    '0',
    '999999999999999999',
    '99999999999999999999',
    '1e9',
    'NaN',
    '',
    ' ',
    '\n',
    '0x10',
    '1.2.3',
  ]
  const words = ['Discharging', '[N/A]', 'RAIL_A current(1)=1.2.3A\nRAIL_V volt(1)=5V', 'package-0', 'x, 7.5', '7.5']
  const rubbish = () => {
    const kind = random() % 3
    if (kind === 0) return numbers[random() % numbers.length]!
    if (kind === 1) return words[random() % words.length]!
    return String.fromCharCode(...Array.from({ length: random() % 40 }, () => random() & 255))
  }
  let share = 0
  const isDue = () => random() % 100 < share
  const damaged: Host = {
    ...host,
    system: {
      ...host.system,
      readText: async (path) => (isDue() ? (random() % 4 === 0 ? null : rubbish()) : host.system.readText(path)),
    },
    command: async (...all) => {
      const result = await host.command(...all)
      if (!result || !isDue()) return result
      return random() % 4 === 0 ? null : { exitCode: random() % 2, stdout: rubbish(), stderr: rubbish() }
    },
    startCommand: async (...all) => {
      const link = await host.startCommand(...all)
      if (!link) return null
      const spoil = (chunk: Uint8Array) =>
        isDue() ? Uint8Array.from(rubbish(), (letter) => letter.charCodeAt(0)) : chunk
      return { ...link, onData: (listener) => link.onData((chunk, arrivalS) => listener(spoil(chunk), arrivalS)) }
    },
  }
  const spoil = (percent: number) => {
    share = percent
  }
  return { host: damaged, spoil }
}

describe.each(['powercap', 'hwmon', 'jetson', 'rpi-pmic', 'battery', 'nvidia'])('rubbish in what %s reads', (name) => {
  const driver = meterDrivers.find((candidate) => candidate.name === name)!

  it('is refused with a reason, counted, or ends the stream, and never counts as a reading that is no number', async () => {
    for (const seed of seeds.slice(10)) {
      const clock = createFakeClock()
      const random = createRandom(seed)
      const { host: good, path } = driver.rehearse(meterHost(clock))
      const { host, spoil } = garbled(good, random)
      const isReason = (error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^METER_/) })
        return null
      }
      const isFromStart = seed % 2 === 0
      if (isFromStart) spoil(30)
      const { meters, reason } = await clock.until(driver.find(host))
      expect(meters.length > 0 || (reason ?? '').length > 5).toBe(true)
      const meter = await clock.until(driver.open(host, { path })).catch(isReason)
      if (!meter) continue
      spoil(30)
      const events: SampleEvent[] = []
      const stop = new AbortController()
      const reading = (async () => {
        for await (const event of meter.samples(stop.signal)) events.push(event)
      })().catch(isReason)
      await clock.advance(4)
      stop.abort()
      await clock.until(reading)
      const { end, powerW } = joinEvents(events)
      expect(meter.counts.received + meter.counts.lost).toBe(end)
      expect(powerW.some((power) => Math.abs(power) === Number.POSITIVE_INFINITY)).toBe(false)
      expect(powerW.filter(Number.isNaN)).toHaveLength(meter.counts.invalid)
      await clock.until(meter.close())
    }
  })
})
