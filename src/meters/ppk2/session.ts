import { MilliwattError } from '../../core/errors.ts'
import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import type { SampleEvent } from '../../trace/samples.ts'
import type { MarkerLine, Meter, MeterCounts, MeterInfo, MeterOptions } from '../meter.ts'
import { type Calibration, toCoefficients } from './calibration.ts'
import { writeCommand } from './commands.ts'
import { checkOptions, configure, type Ppk2Setup, toSetup } from './configure.ts'
import { drain, fetchMetadata, reasonOf } from './handshake.ts'
import { type Inbox, openInbox } from './inbox.ts'
import type { Ppk2Metadata } from './metadata.ts'
import { createPpk2Stream, type Ppk2Stream, sampleRateHz } from './stream.ts'

/** Silence of a streaming meter that means it is gone, in seconds. */
const silenceS = 2
/** After the stop command: what is still under way has arrived when nothing came for this long. */
const tailQuietS = 0.05
const tailDeadlineS = 1

/** What a meter says of itself that the protocol does not tell. */
export type Ppk2Identity = Pick<MeterInfo, 'driver' | 'model' | 'provenance'> & {
  readonly serialNumber?: string
  readonly marker?: MarkerLine
  readonly warnings?: readonly string[]
  readonly calibration?: MeterInfo['calibration']
}

function calibrationRecord(metadata: Ppk2Metadata, setup: Ppk2Setup): Record<string, number | string> {
  const record: Record<string, number | string> = { regulatorMv: setup.regulatorMv }
  if (metadata.calibrated !== null) record.Calibrated = metadata.calibrated
  if (metadata.hardware !== null) record.HW = metadata.hardware
  if (metadata.ia !== null) record.IA = metadata.ia
  for (const [name, values] of Object.entries(setup.calibration) as [keyof Calibration, readonly number[]][]) {
    values.forEach((value, range) => {
      record[`${name.toUpperCase()}${range}`] = value
    })
  }
  return record
}

function toInfo(
  link: Link,
  metadata: Ppk2Metadata,
  setup: Ppk2Setup,
  identity: Ppk2Identity,
  stale: number,
): MeterInfo {
  const nominal = [...metadata.defaulted, ...metadata.implausible].some((key) => /^R\d/.test(key))
  const staleWarning = stale > 0 ? [`${stale} bytes of an earlier session were thrown away`] : []
  return {
    driver: identity.driver,
    model: identity.model,
    path: link.path,
    ...(identity.serialNumber === undefined ? {} : { serialNumber: identity.serialNumber }),
    provenance: identity.provenance,
    sampleRateHz,
    supplyV: setup.supplyV,
    supplySource: setup.supplySource,
    mode: setup.mode,
    // Nordic's worst range (1 A); real shunts lie up to 30 % off their nominal value.
    gainUncertainty: nominal ? 0.35 : 0.15,
    calibration: { ...calibrationRecord(metadata, setup), ...identity.calibration },
    rawFormat: 'ppk2-u32le',
    warnings: [...(identity.warnings ?? []), ...setup.warnings, ...staleWarning],
  }
}

/** Yields what one stream gives, until the signal aborts or the meter goes away. */
async function* readStream(
  link: Link,
  inbox: Inbox,
  clock: Clock,
  stream: Ppk2Stream,
  signal: AbortSignal,
): AsyncGenerator<SampleEvent> {
  const decodeWaiting = function* () {
    for (let chunk = inbox.take(); chunk; chunk = inbox.take()) yield* stream.push(chunk.bytes, chunk.arrivalS)
  }
  // Two rounds of silence in a row: a blocked event loop fires one timer late, before it delivers the bytes.
  let silentRounds = 0
  while (!signal.aborted && !inbox.end && silentRounds < 2) {
    const waitedFromS = clock.nowS()
    await inbox.wait(silenceS / 2, signal)
    const chunk = inbox.take()
    if (chunk) {
      silentRounds = 0
      yield* stream.push(chunk.bytes, chunk.arrivalS)
      yield* decodeWaiting()
    } else if (clock.nowS() - waitedFromS >= silenceS * 0.45) silentRounds++
  }
  if (signal.aborted && !inbox.end) {
    await link.write(writeCommand({ kind: 'stop' })).catch(() => {})
    yield* decodeTail(inbox, clock, stream)
  }
  yield* decodeWaiting()
  yield* stream.flush()
  if (signal.aborted) return
  throw new MilliwattError(
    'METER_LOST',
    link.path,
    inbox.end ? `(${reasonOf(inbox)})` : `(no samples for ${silenceS} s)`,
  )
}

/** After the stop command: what the meter had already sent. */
async function* decodeTail(inbox: Inbox, clock: Clock, stream: Ppk2Stream): AsyncGenerator<SampleEvent> {
  const deadlineS = clock.nowS() + tailDeadlineS
  while (clock.nowS() < deadlineS && !inbox.end) {
    await inbox.wait(tailQuietS)
    let chunk = inbox.take()
    if (!chunk) return
    for (; chunk; chunk = inbox.take()) yield* stream.push(chunk.bytes, chunk.arrivalS)
  }
}

/**
 * Runs the PPK2 protocol over a link: stops a stale stream, reads and checks the metadata, configures.
 * Closes the link when that fails.
 * @throws MilliwattError USAGE (voltage), METER_WRONG, METER_CALIBRATION, METER_LOST, INTERRUPTED
 */
export async function openPpk2Session(
  link: Link,
  clock: Clock,
  options: MeterOptions,
  identity: Ppk2Identity,
): Promise<Meter> {
  const inbox = openInbox(link, clock)
  try {
    checkOptions(options)
    const stale = await drain(link, inbox, clock, options.signal)
    const metadata = await fetchMetadata(link, inbox, clock, options.signal)
    const setup = toSetup(options, metadata, link.path)
    await configure(link, setup)
    const info = toInfo(link, metadata, setup, identity, stale)
    return meterOver(link, clock, inbox, setup, info, identity.marker)
  } catch (error) {
    inbox.detach()
    await link.close()
    throw error
  }
}

const noCounts: MeterCounts = { received: 0, lost: 0, saturated: 0, invalid: 0, discardedBytes: 0 }

function meterOver(
  link: Link,
  clock: Clock,
  inbox: Inbox,
  setup: Ppk2Setup,
  info: MeterInfo,
  marker: MarkerLine | undefined,
): Meter {
  const coefficients = toCoefficients(setup.calibration, setup.regulatorMv / 1000, setup.supplyV)
  let stream: Ppk2Stream | undefined
  let streaming = false
  let closing: Promise<void> | undefined

  async function* samples(signal: AbortSignal): AsyncGenerator<SampleEvent> {
    if (streaming) throw new Error('this meter is already streaming')
    streaming = true
    stream = createPpk2Stream(coefficients)
    try {
      inbox.clear()
      await link.write(writeCommand({ kind: 'start' }))
      yield* readStream(link, inbox, clock, stream, signal)
    } finally {
      streaming = false
      if (!inbox.end) await link.write(writeCommand({ kind: 'stop' })).catch(() => {})
    }
  }

  const close = async () => {
    const write = (on: Parameters<typeof writeCommand>[0]) => link.write(writeCommand(on)).catch(() => {})
    if (!inbox.end) {
      await write({ kind: 'stop' })
      if (setup.mode === 'source') await write({ kind: 'device power', on: false })
    }
    inbox.detach()
    await link.close()
  }
  return {
    info,
    get counts() {
      return stream?.counts ?? noCounts
    },
    ...(marker ? { marker } : {}),
    samples,
    close: () => {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}
