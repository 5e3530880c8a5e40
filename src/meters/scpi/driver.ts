import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import type { MeterTarget, ScpiDialect } from '../../targets/target.ts'
import { meterTargets, toAccuracy } from '../accuracy.ts'
import type { SensorReading } from '../host-grid.ts'
import { openInbox } from '../inbox.ts'
import type { LinkIo } from '../link-stream.ts'
import type { Meter, MeterDriver, MeterInfo, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { numberSetting, type SplitPath, splitPath, textSetting } from '../path-settings.ts'
import { createPolledMeter } from '../polled-meter.ts'
import { powerRecordFormat } from '../power-record.ts'
import { type Identity, readIdentity, readNumberAnswer } from './answers.ts'
import { EmulatedScpi } from './emulator.ts'
import { query, tell } from './talk.ts'

/** Ports on which instruments listen: 5025 is registered for SCPI, 5555 is used by Rigol and others. */
const ports = [5025, 5555] as const
const connectS = 3
const answerS = 2
const minimumWindowS = 10
/** Part of the time that an answer takes that is left free, so that one late answer is no lost sample. */
const spare = 0.8

const settingSpecs = {
  channel: numberSetting('channel of a supply with several; default 1', 1, 8),
  rate: numberSetting("questions per second; default is the instrument's", 0.1, 1000),
  baud: numberSetting('speed of a serial port', 1200, 1_000_000),
  as: textSetting('speak to it as to this file of targets/meters', /^[a-z0-9-]+$/),
}

/** An instrument that answers, and how it is spoken to. */
interface Instrument {
  readonly identity: Identity
  readonly target: MeterTarget
  readonly dialect: ScpiDialect
}

async function isSerial(host: Host, path: string): Promise<boolean> {
  if (path.startsWith('/') || /^COM\d+$/i.test(path)) return true
  return (await host.serial.list()).ports.some((port) => port.path === path)
}

async function openLink(host: Host, settings: SplitPath): Promise<Link> {
  const { path } = settings
  if (await isSerial(host, path)) return host.serial.open(path, { baudRate: settings.number('baud') ?? 9600 })
  const [, name = '', port] = /^(.+?)(?::(\d{1,5}))?$/.exec(path) ?? []
  if (name === '') throw new MilliwattError('USAGE', `scpi:${path}`, '(give a host name, HOST:PORT or a serial port)')
  if (port !== undefined) return host.connect(name, Number(port), connectS)
  try {
    return await host.connect(name, ports[0], connectS)
  } catch {
    return host.connect(name, ports[1], connectS)
  }
}

/** Asks who is there. @throws MilliwattError METER_WRONG, METER_LOST */
async function identify(io: LinkIo, signal: AbortSignal | undefined): Promise<Identity> {
  let line: string | null = null
  for (let attempt = 0; attempt < 2 && line === null; attempt++) line = await query(io, '*IDN?', answerS, signal)
  const identity = line === null ? null : readIdentity(line)
  if (identity) return identity
  const said = line === null ? 'nothing' : `"${line.slice(0, 60)}"`
  throw new MilliwattError('METER_WRONG', io.link.path, `(it answered *IDN? with ${said})`)
}

/** The dialect whose pattern says most about this identity. @throws MilliwattError USAGE */
async function dialectFor(host: Host, identity: Identity, as: string | undefined): Promise<Instrument> {
  const targets = (await meterTargets(host)).flatMap((target) =>
    target.scpi ? [{ target, dialect: target.scpi }] : [],
  )
  const matching = targets
    .filter(({ target, dialect }) => as === target.id || (!as && new RegExp(dialect.identity, 'i').test(identity.line)))
    .sort((a, b) => b.dialect.identity.length - a.dialect.identity.length)
  const [best] = matching
  if (best) return { identity, ...best }
  const known = targets.map(({ target }) => target.id).join(', ')
  throw new MilliwattError('USAGE', `as=${as}`, `(known: ${known})`)
}

async function setUp(io: LinkIo, { dialect }: Instrument): Promise<void> {
  await tell(io, '*CLS')
  if (dialect.setup.length === 0) return
  for (const command of dialect.setup) await tell(io, command)
  const answer = await query(io, 'SYST:ERR?', answerS)
  if (answer === null || !/^[+-]?[1-9]/.test(answer)) return
  throw new MilliwattError('METER_REFUSED', io.link.path, `(after ${dialect.setup.join('; ')}: ${answer})`)
}

/** Asks for power once, as the dialect does. */
function readerOf(io: LinkIo, { dialect }: Instrument, channel: number, statedV: number) {
  const ask = async (text: string | undefined) => {
    if (text === undefined) return undefined
    const answer = await query(io, text.replaceAll('{ch}', String(channel)), answerS)
    return answer === null ? { problem: `no answer to "${text}" within ${answerS} s` } : readNumberAnswer(answer)
  }
  return async (): Promise<SensorReading | string> => {
    const beforeS = io.clock.nowS()
    const answers = [
      await ask(dialect.power),
      await ask(dialect.power ? undefined : dialect.current),
      await ask(dialect.voltage),
    ]
    // The conversion lies somewhere within the exchange.
    const atS = (beforeS + io.clock.nowS()) / 2
    for (const answer of answers) if (answer && 'problem' in answer) return answer.problem
    if (answers.some((answer) => answer && 'overflow' in answer)) return { atS, overflow: true }
    const [power, current, voltage] = answers.map((answer) => (answer && 'value' in answer ? answer.value : undefined))
    const voltageV = voltage ?? statedV
    const shown = { ...(current === undefined ? {} : { currentA: current }), ...(voltageV > 0 ? { voltageV } : {}) }
    return { atS, powerW: power ?? (current ?? Number.NaN) * voltageV, ...shown }
  }
}

function toInfo(
  instrument: Instrument,
  path: string,
  rateHz: number,
  supply: Pick<MeterInfo, 'supplyV' | 'supplySource'>,
): MeterInfo {
  const { identity, target, dialect } = instrument
  const accuracy = toAccuracy(target)
  const guessed =
    dialect.identity === '.'
      ? [`milliwatt does not know a ${identity.maker} ${identity.model}: it is spoken to as to any supply`]
      : []
  return {
    driver: 'scpi',
    model: `${identity.maker} ${identity.model}`,
    path,
    ...(identity.serialNumber === '' ? {} : { serialNumber: identity.serialNumber }),
    provenance: 'measured',
    sampleRateHz: rateHz,
    ...supply,
    mode: 'ampere',
    gainUncertainty: accuracy.gain,
    accuracy,
    minimumWindowS,
    calibration: { dialect: target.id, firmware: identity.firmware },
    rawFormat: powerRecordFormat,
    warnings: [
      `asked ${rateHz} times a second, seen between two answers is nothing: windows shorter than ${minimumWindowS} s mean nothing`,
      ...guessed,
    ],
  }
}

/** Supply of the device and a first reading. @throws MilliwattError USAGE, METER_WRONG */
async function supplyOf(
  io: LinkIo,
  instrument: Instrument,
  channel: number,
  options: MeterOptions,
): Promise<Pick<MeterInfo, 'supplyV' | 'supplySource'> & { readonly tookS: number }> {
  const { dialect } = instrument
  const statedV = options.supplyV
  if (!dialect.voltage && !dialect.power && statedV === undefined) {
    throw new MilliwattError('USAGE', 'supplyV', '(the instrument measures current alone: state the supply)')
  }
  const startS = io.clock.nowS()
  const first = await readerOf(io, instrument, channel, statedV ?? 0)()
  const tookS = io.clock.nowS() - startS
  if (typeof first === 'string') throw new MilliwattError('METER_WRONG', io.link.path, `(${first})`)
  if (dialect.voltage) return { supplyV: first.voltageV ?? 0, supplySource: 'measured', tookS }
  if (statedV !== undefined) return { supplyV: statedV, supplySource: 'stated by user', tookS }
  return { supplyV: 0, supplySource: 'not used', tookS }
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const settings = splitPath('scpi', options.path, settingSpecs)
  const link = await openLink(host, settings)
  const io: LinkIo = { link, inbox: openInbox(link, host.clock), clock: host.clock }
  const close = async () => {
    io.inbox.detach()
    await link.close()
  }
  try {
    const instrument = await dialectFor(host, await identify(io, options.signal), settings.text('as'))
    const channel = settings.number('channel') ?? 1
    if (channel > instrument.dialect.channelCount.value) {
      throw new MilliwattError('USAGE', `channel=${channel}`, `(it has ${instrument.dialect.channelCount.value})`)
    }
    await setUp(io, instrument)
    const { tookS, ...supply } = await supplyOf(io, instrument, channel, options)
    const wantedHz = settings.number('rate') ?? instrument.dialect.rateHz.value
    const rateHz = options.sampleRateHz ?? Math.min(wantedHz, Number((spare / Math.max(tookS, 1e-4)).toPrecision(2)))
    const info = toInfo(instrument, settings.path, rateHz, supply)
    return createPolledMeter({ info, clock: host.clock, read: readerOf(io, instrument, channel, info.supplyV), close })
  } catch (error) {
    await close()
    throw error
  }
}

async function find(): Promise<MeterSearch> {
  return { meters: [], reason: 'name its address or its serial port: milliwatt does not search the network' }
}

function rehearse(host: Host): Rehearsal {
  const path = 'emulated-scpi'
  const connect: Host['connect'] = async (name, port, timeoutS) =>
    name === path ? new EmulatedScpi({ clock: host.clock }).link(path) : host.connect(name, port, timeoutS)
  return { host: { ...host, connect }, path }
}

/** Bench instruments that speak SCPI, on the network or on a serial port; their dialects lie in `targets/meters`. */
export const scpi: MeterDriver = {
  name: 'scpi',
  summary: 'bench supplies and multimeters (SCPI); scpi:HOST, scpi:HOST:5555, scpi:/dev/ttyUSB0,channel=1',
  automatic: false,
  find,
  open,
  rehearse,
}
