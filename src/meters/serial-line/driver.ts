import { isMilliwattError, MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { meterTarget, toAccuracy } from '../accuracy.ts'
import { toLatin1 } from '../bytes.ts'
import { createMeter } from '../create-meter.ts'
import { createEmulatedDevice } from '../emulation/device.ts'
import { emulatedPort } from '../emulation/port.ts'
import { openInbox } from '../inbox.ts'
import { type LinkIo, readLinkStream, reasonOf } from '../link-stream.ts'
import type { Accuracy, Meter, MeterDriver, MeterInfo, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { numberSetting, splitPath } from '../path-settings.ts'
import { powerRecordFormat } from '../power-record.ts'
import { searchUnnamedPort } from '../unnamed-port.ts'
import { createLineStream } from './decoder.ts'
import { EmulatedLineSensor } from './emulator.ts'
import { type LineHeader, readLine } from './lines.ts'
import { createRowReader } from './power.ts'

/** Asks for the header so often, and so long: opening the port resets many boards, which then take 2 s to start. */
const askEveryS = 0.5
const askForS = 5
/** Rows that are looked at to learn the supply voltage, and how long they may take. */
const peekRows = 3
const peekS = 2
const silenceS = 2
const silenceRows = 5
/** Stands in where the header names no sensor that is known. */
const unknownAccuracy: Accuracy = {
  gain: 0.1,
  source: 'the header names no sensor of targets/meters: ±10 % is assumed',
}

const encoder = new TextEncoder()
const send = (io: LinkIo, line: string) => io.link.write(encoder.encode(`${line}\n`))

const settings = { baud: numberSetting('speed of the port; default 115200', 1200, 4_000_000) }

function throwIfOver(io: LinkIo, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MilliwattError('INTERRUPTED', io.link.path)
  if (io.inbox.end) throw new MilliwattError('METER_LOST', io.link.path, `(${reasonOf(io.inbox)})`)
}

/** Asks until the header comes. @throws MilliwattError METER_WRONG, METER_LOST, INTERRUPTED */
async function fetchHeader(io: LinkIo, signal: AbortSignal | undefined): Promise<LineHeader> {
  const deadlineS = io.clock.nowS() + askForS
  let text = ''
  let reason = 'nothing came'
  for (let askAtS = 0; io.clock.nowS() < deadlineS; ) {
    if (io.clock.nowS() >= askAtS) {
      await send(io, 'stop')
      await send(io, '?')
      askAtS = io.clock.nowS() + askEveryS
    }
    await io.inbox.wait(askEveryS, signal)
    throwIfOver(io, signal)
    for (let chunk = io.inbox.take(); chunk; chunk = io.inbox.take()) text += toLatin1(chunk.bytes)
    const lines = text.split('\n')
    text = lines.pop()!.slice(-1000)
    for (const line of lines.map((each) => each.trim())) {
      if (line !== '') reason = 'it sends something else than the lines of milliwatt'
      if (!line.startsWith('#mw1')) continue
      const read = readLine(line, null)
      if (read.kind === 'header') return read.header
      if (read.kind === 'bad') reason = read.reason
    }
  }
  throw new MilliwattError('METER_WRONG', io.link.path, `(no header "#mw1 …" within ${askForS} s: ${reason})`)
}

/** Lets a few rows come, to learn the supply voltage. Null when none comes. */
async function peekVoltage(io: LinkIo, header: LineHeader, signal: AbortSignal | undefined): Promise<number | null> {
  const reader = createRowReader(header, Number.NaN)
  await send(io, 'start')
  const volts: number[] = []
  const deadlineS = io.clock.nowS() + Math.max(peekS, (2 * peekRows) / header.rateHz)
  for (let text = ''; volts.length < peekRows && io.clock.nowS() < deadlineS; ) {
    await io.inbox.wait(deadlineS - io.clock.nowS(), signal)
    throwIfOver(io, signal)
    for (let chunk = io.inbox.take(); chunk; chunk = io.inbox.take()) text += toLatin1(chunk.bytes)
    const lines = text.split('\n')
    text = lines.pop()!
    for (const line of lines) {
      const read = readLine(line.trim(), header)
      if (read.kind === 'row') volts.push(reader.reading(read.row).voltageV ?? Number.NaN)
    }
  }
  await send(io, 'stop')
  return volts.sort((a, b) => a - b)[volts.length >> 1] ?? null
}

async function accuracyFor(host: Host, { fields }: LineHeader): Promise<Accuracy> {
  const { sensor = '', shunt = '', tol = '1' } = fields
  if (!/^ina\d+$/.test(sensor)) return unknownAccuracy
  try {
    const target = await meterTarget(host, sensor)
    const ohms = Number(shunt)
    const tolerance = Number(tol) / 100
    return toAccuracy(target, ohms > 0 && tolerance >= 0 ? { ohms, tolerance } : undefined)
  } catch (error) {
    if (isMilliwattError(error, 'TARGET_INVALID')) return unknownAccuracy
    throw error
  }
}

/** Supply of the device: as the rows tell it, or as the user states it. @throws MilliwattError USAGE, METER_WRONG */
async function supplyOf(
  io: LinkIo,
  header: LineHeader,
  options: MeterOptions,
): Promise<Pick<MeterInfo, 'supplyV' | 'supplySource'>> {
  const tellsVoltage = header.columns.some((name) => name.startsWith('mV'))
  const tellsPower = header.columns.some((name) => /^(uW|uJ)/.test(name))
  const peeked = await peekVoltage(io, header, options.signal)
  if (peeked === null) throw new MilliwattError('METER_WRONG', io.link.path, '(no row came after "start")')
  if (tellsVoltage) return { supplyV: peeked, supplySource: 'measured' }
  if (options.supplyV !== undefined) return { supplyV: options.supplyV, supplySource: 'stated by user' }
  if (tellsPower) return { supplyV: 0, supplySource: 'not used' }
  throw new MilliwattError('USAGE', 'supplyV', '(its rows hold no voltage: state the supply)')
}

function meterOver(io: LinkIo, header: LineHeader, info: MeterInfo): Meter {
  const { link, inbox } = io
  const stop = async () => {
    if (!inbox.end) await send(io, 'stop').catch(() => {})
  }
  return createMeter({
    info,
    openStream: () => {
      const decoder = createLineStream(header, info.supplyV, link.path)
      return {
        get counts() {
          return decoder.counts
        },
        events: async function* (signal) {
          if (signal.aborted) return
          try {
            inbox.clear()
            await send(io, 'start')
            yield* readLinkStream(io, decoder, signal, stop, Math.max(silenceS, silenceRows / header.rateHz))
          } finally {
            await stop()
          }
        },
      }
    },
    close: async () => {
      await stop()
      inbox.detach()
      await link.close()
    },
  })
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const { path, number } = splitPath('serial-line', options.path, settings)
  const link = await host.serial.open(path, { baudRate: number('baud') ?? 115_200 })
  const io: LinkIo = { link, inbox: openInbox(link, host.clock), clock: host.clock }
  try {
    const header = await fetchHeader(io, options.signal)
    const accuracy = await accuracyFor(host, header)
    const supply = await supplyOf(io, header, options)
    const { sensor = 'unknown sensor', id } = header.fields
    return meterOver(io, header, {
      driver: 'serial-line',
      model: `serial line (${sensor})`,
      path,
      ...(id === undefined ? {} : { serialNumber: id }),
      provenance: 'measured',
      sampleRateHz: header.rateHz,
      ...supply,
      mode: 'ampere',
      gainUncertainty: accuracy.gain,
      accuracy,
      calibration: { ...header.fields },
      rawFormat: powerRecordFormat,
      warnings: accuracy === unknownAccuracy ? [accuracy.source] : [],
    })
  } catch (error) {
    io.inbox.detach()
    await link.close()
    throw error
  }
}

const find = (host: Host): Promise<MeterSearch> => searchUnnamedPort(host, 'a sketch has no USB ids of its own')

function rehearse(host: Host): Rehearsal {
  const path = 'emulated-line'
  const device = createEmulatedDevice(host.clock)
  const sensor = () => new EmulatedLineSensor({ clock: host.clock, device })
  const marker = { channel: 0, set: (high: boolean) => device.setMarker(high) }
  return { host: emulatedPort(host, { path }, () => sensor().link(path)), path, marker }
}

/**
 * Any microcontroller that sends milliwatt's lines (docs/meters/serial-line.md), with an INA219, INA226, INA228 or
 * INA3221 or whatever it has.
 */
export const serialLine: MeterDriver = {
  name: 'serial-line',
  summary: "a microcontroller that sends milliwatt's lines (INA219/226/228/3221); serial-line:/dev/ttyACM0,baud=115200",
  automatic: false,
  find,
  open,
  rehearse,
}
