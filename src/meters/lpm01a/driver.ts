import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { portProblem } from '../../core/port-problem.ts'
import { accuracyOf } from '../accuracy.ts'
import { createMeter } from '../create-meter.ts'
import { emulatedPort } from '../emulation/port.ts'
import { openInbox } from '../inbox.ts'
import { type LinkIo, readLinkStream } from '../link-stream.ts'
import type { Accuracy, Meter, MeterDriver, MeterInfo, MeterOptions, MeterSearch, Rehearsal } from '../meter.ts'
import { EmulatedLpm01a } from './emulator.ts'
import { type Lpm01aSetup, setupCommands, toSetup } from './settings.ts'
import { ask, quieten, Refusal, sendLine } from './shell.ts'
import { createLpm01aStream } from './stream.ts'

const baudRate = 3_686_400
/** Silence of a streaming meter that means it is gone: at least this long, in seconds and in samples. */
const silenceS = 2
const silenceSamples = 5

async function find(host: Host): Promise<MeterSearch> {
  const { ports, reason } = await host.serial.list()
  const meters = ports
    .filter((port) => port.vendorId === '0483' && port.productId === '5740')
    .map(async ({ path }) => {
      const problem = await portProblem(host, path)
      const name = "perhaps an ST X-NUCLEO-LPM01A (other devices show ST's ids as well)"
      return { driver: 'lpm01a', path, name, ...(problem ? { problem } : {}) }
    })
  if (meters.length > 0) return { meters: await Promise.all(meters) }
  return { meters: [], reason: reason ?? 'no serial port shows the USB ids of an LPM01A' }
}

/** Sends one command of the set-up; a refusal of an optional one becomes a warning. */
async function configure(io: LinkIo, setup: Lpm01aSetup, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const { text, optional } of setupCommands(setup)) {
    try {
      await ask(io, text, signal)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!optional) throw new MilliwattError('METER_REFUSED', io.link.path, `("${text}": ${error.message})`, error)
      warnings.push(`${optional}: ${error.message}`)
    }
  }
  return warnings
}

/** Takes control. The first answer may drown in what an earlier session left: it is asked for twice. */
async function takeControl(io: LinkIo, signal: AbortSignal | undefined): Promise<{ stale: number; version: string }> {
  let stale = await quieten(io, signal)
  try {
    await ask(io, 'htc', signal)
  } catch {
    stale += await quieten(io, signal)
    await askOrWrong(io, 'htc', signal)
  }
  const version = await askOrWrong(io, 'version', signal)
  return { stale, version: version.replace(/^version:?\s*/, '') }
}

async function askOrWrong(io: LinkIo, command: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return (await ask(io, command, signal)).text
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new MilliwattError('METER_WRONG', io.link.path, `("${command}": ${error.message})`, error)
  }
}

function toInfo(setup: Lpm01aSetup, version: string, warnings: readonly string[], accuracy: Accuracy): MeterInfo {
  return {
    driver: 'lpm01a',
    model: 'ST X-NUCLEO-LPM01A',
    path: setup.path,
    provenance: 'measured',
    sampleRateHz: setup.rateHz,
    supplyV: setup.supplyV,
    supplySource: 'set by meter',
    mode: 'source',
    gainUncertainty: accuracy.gain,
    accuracy,
    calibration: { firmware: version, output: setup.output, acquisitionMode: setup.mode, voltMv: setup.supplyV * 1000 },
    rawFormat: `lpm01a-${setup.format}-${setup.output}`,
    warnings,
  }
}

function meterOver(io: LinkIo, setup: Lpm01aSetup, info: MeterInfo): Meter {
  const { link, inbox } = io
  const send = async (line: string) => {
    if (!inbox.end) await sendLine(io, line).catch(() => {})
  }
  return createMeter({
    info,
    openStream: () => {
      const decoder = createLpm01aStream(setup, link.path)
      return {
        get counts() {
          return decoder.counts
        },
        events: async function* (signal) {
          if (signal.aborted) return
          try {
            inbox.clear()
            const { rest } = await ask(io, 'start', signal)
            yield* decoder.push(rest, io.clock.nowS())
            const limitS = Math.max(silenceS, silenceSamples / setup.rateHz)
            yield* readLinkStream(io, decoder, signal, () => send('stop'), limitS)
          } catch (error) {
            if (!(error instanceof Refusal)) throw error
            throw new MilliwattError('METER_FAULT', link.path, `("start": ${error.message})`, error)
          } finally {
            await send('stop')
          }
        },
      }
    },
    close: async () => {
      for (const line of ['stop', 'pwr off', 'hrc']) await send(line)
      inbox.detach()
      await link.close()
    },
  })
}

async function open(host: Host, options: MeterOptions): Promise<Meter> {
  const setup = toSetup(options)
  const accuracy = await accuracyOf(host, 'lpm01a')
  const link = await host.serial.open(setup.path, { baudRate })
  const io: LinkIo = { link, inbox: openInbox(link, host.clock), clock: host.clock }
  try {
    const { stale, version } = await takeControl(io, options.signal)
    const warnings = await configure(io, setup, options.signal)
    const old = stale > 0 ? [`${stale} bytes of an earlier session were thrown away`] : []
    return meterOver(io, setup, toInfo(setup, version, [...old, ...warnings], accuracy))
  } catch (error) {
    io.inbox.detach()
    await link.close()
    throw error
  }
}

function rehearse(host: Host): Rehearsal {
  const path = 'emulated-lpm01a'
  const port = { path, vendorId: '0483', productId: '5740' }
  return { host: emulatedPort(host, port, () => new EmulatedLpm01a({ clock: host.clock }).link(path)), path }
}

/**
 * ST X-NUCLEO-LPM01A ("PowerShield") on a serial port, 1 to 100 000 samples a second. It always feeds the device, and
 * never a voltage that nobody stated: `supplyV` must be given. By default it sends the energy of each millisecond, which
 * it integrates itself, as the MLPerf Tiny runner uses it.
 */
export const lpm01a: MeterDriver = {
  name: 'lpm01a',
  summary: 'ST X-NUCLEO-LPM01A; the path is its serial port (lpm01a:/dev/ttyACM0,rate=1000,output=energy)',
  automatic: false,
  find,
  open,
  rehearse,
}
