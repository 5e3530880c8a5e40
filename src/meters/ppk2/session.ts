import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import type { SampleEvent } from '../../trace/samples.ts'
import { createMeter } from '../create-meter.ts'
import { openInbox } from '../inbox.ts'
import { type LinkIo, readLinkStream } from '../link-stream.ts'
import type { Accuracy, MarkerLine, Meter, MeterInfo, MeterOptions } from '../meter.ts'
import { type Calibration, toCoefficients } from './calibration.ts'
import { writeCommand } from './commands.ts'
import { checkOptions, configure, type Ppk2Setup, toSetup } from './configure.ts'
import { drain, fetchMetadata } from './handshake.ts'
import type { Ppk2Metadata } from './metadata.ts'
import { createPpk2Stream, type Ppk2Stream, sampleRateHz } from './stream.ts'

/** Silence of a streaming meter that means it is gone, in seconds. */
const silenceS = 2

/** What a meter says of itself that the protocol does not tell. */
export type Ppk2Identity = Pick<MeterInfo, 'driver' | 'model' | 'provenance'> & {
  /** Limits of error of a calibrated instrument. */
  readonly accuracy?: Accuracy
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
  // Nordic's worst range (1 A) unless stated; real shunts lie up to 30 % off their nominal value.
  const gain = nominal ? 0.35 : (identity.accuracy?.gain ?? 0.15)
  return {
    driver: identity.driver,
    model: metadata.isEmulated && identity.provenance === 'measured' ? `Emulated ${identity.model}` : identity.model,
    path: link.path,
    ...(identity.serialNumber === undefined ? {} : { serialNumber: identity.serialNumber }),
    provenance: metadata.isEmulated ? 'emulated' : identity.provenance,
    sampleRateHz,
    supplyV: setup.supplyV,
    supplySource: setup.supplySource,
    mode: setup.mode,
    gainUncertainty: gain,
    ...(identity.accuracy ? { accuracy: { ...identity.accuracy, gain } } : {}),
    calibration: { ...calibrationRecord(metadata, setup), ...identity.calibration },
    rawFormat: 'ppk2-u32le',
    warnings: [...(identity.warnings ?? []), ...setup.warnings, ...staleWarning],
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
    return meterOver({ link, inbox, clock }, setup, info, identity.marker)
  } catch (error) {
    inbox.detach()
    await link.close()
    throw error
  }
}

function meterOver(io: LinkIo, setup: Ppk2Setup, info: MeterInfo, marker: MarkerLine | undefined): Meter {
  const { link, inbox } = io
  const coefficients = toCoefficients(setup.calibration, setup.regulatorMv / 1000, setup.supplyV)
  const write = (on: Parameters<typeof writeCommand>[0]) => link.write(writeCommand(on))
  const stop = async () => {
    if (!inbox.end) await write({ kind: 'stop' }).catch(() => {})
  }

  async function* events(decoder: Ppk2Stream, signal: AbortSignal): AsyncGenerator<SampleEvent> {
    try {
      inbox.clear()
      await write({ kind: 'start' })
      yield* readLinkStream(io, decoder, signal, stop, silenceS)
    } finally {
      await stop()
    }
  }

  return createMeter({
    info,
    ...(marker ? { marker } : {}),
    openStream: () => {
      const decoder = createPpk2Stream(coefficients)
      return {
        get counts() {
          return decoder.counts
        },
        events: (signal) => events(decoder, signal),
      }
    },
    close: async () => {
      await stop()
      if (!inbox.end && setup.mode === 'source') await write({ kind: 'device power', on: false }).catch(() => {})
      inbox.detach()
      await link.close()
    },
  })
}
