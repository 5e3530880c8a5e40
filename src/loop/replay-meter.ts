import { z } from 'zod'
import type { Host } from '../core/host.ts'
import type { InstrumentLimits, Limit } from '../energy/instrument.ts'
import type { RecordedMeter } from '../energy/record.ts'
import { accuracyOf, meterTargets, toAccuracy } from '../meters/accuracy.ts'
import type { Accuracy } from '../meters/meter.ts'
import type { TraceFacts } from '../trace/formats/format.ts'
import { crystalRatio } from './energy-instrument.ts'

/** What the user says of the meter of a recorded trace. */
export interface ReplayMeterOptions {
  /** Supply in volts. */
  readonly supplyV?: number
  /** Limit of error of the reading, as a share. */
  readonly gain?: number
  /** Id of a meter in `targets/meters` whose limits of error hold. */
  readonly instrument?: string
}

/** The meter of a recorded trace. */
export interface ReplayMeter {
  readonly meter: RecordedMeter
  readonly instrument: InstrumentLimits
  /** False where the trace's voltage was assumed and nobody confirmed it. */
  readonly supplyKnown: boolean
}

/** What traces may keep of their meter; every part that is not as it should be counts as missing. */
const keptSchema = z.object({
  driver: z.string().optional().catch(undefined),
  model: z.string().optional().catch(undefined),
  serialNumber: z.string().optional().catch(undefined),
  mode: z.string().optional().catch(undefined),
  supplySource: z.string().optional().catch(undefined),
  gainUncertainty: z.number().min(0).lt(1).optional().catch(undefined),
  accuracy: z
    .object({
      gain: z.number().min(0).lt(1),
      offsetA: z.number().nonnegative().optional(),
      offsetW: z.number().nonnegative().optional(),
      source: z.string(),
    })
    .optional()
    .catch(undefined),
  calibration: z
    .record(z.string(), z.union([z.number(), z.string()]))
    .optional()
    .catch(undefined),
})

type KeptMeter = z.infer<typeof keptSchema>

/** Limits of the one meter in `targets/meters` that this driver is for; null where there is none or several. */
async function limitsOfDriver(host: Host, driver: string | undefined): Promise<Accuracy | null> {
  if (driver === undefined) return null
  const targets = (await meterTargets(host)).filter((target) => target.driver === driver && target.gainUncertainty)
  return targets.length === 1 ? toAccuracy(targets[0]!) : null
}

/** The limits of error: what the user states, else what the trace keeps, else what `targets/meters` says of the driver. */
async function accuracyFor(host: Host, kept: KeptMeter, options: ReplayMeterOptions): Promise<Accuracy | null> {
  if (options.instrument !== undefined) return accuracyOf(host, options.instrument)
  if (kept.accuracy) return kept.accuracy as Accuracy
  const { gainUncertainty: gain, driver } = kept
  return gain === undefined ? limitsOfDriver(host, driver) : { gain, source: `driver ${driver ?? 'unknown'}` }
}

function gainOf(accuracy: Accuracy | null, stated: number | undefined): Limit | null {
  if (stated !== undefined) return { value: stated, source: 'stated by user' }
  return accuracy && { value: accuracy.gain, source: accuracy.source }
}

/**
 * The meter of a recorded trace with its limits of error: what the user states, else what the trace keeps of it, else what
 * `targets/meters` says of its driver. A gain that nobody states stays unknown.
 * @throws MilliwattError TARGET_INVALID where `instrument` names no meter
 */
export async function replayMeter(
  host: Host,
  { meter, sampleRateHz, supplyV }: Pick<TraceFacts, 'meter' | 'sampleRateHz' | 'supplyV'>,
  format: string,
  options: ReplayMeterOptions,
): Promise<ReplayMeter> {
  const kept = keptSchema.parse(meter)
  const accuracy = await accuracyFor(host, kept, options)
  const isStated = options.supplyV !== undefined && options.supplyV === supplyV
  const supplySource = isStated
    ? 'stated by user'
    : (kept.supplySource ?? (supplyV === null ? 'not used' : 'told by the trace'))
  const source = accuracy?.source ?? 'nobody states one'
  const offsetW = (accuracy?.offsetW ?? 0) + (accuracy?.offsetA ?? 0) * (supplyV ?? 0)
  return {
    meter: {
      driver: kept.driver ?? format,
      model: kept.model ?? kept.driver ?? format,
      serialNumber: kept.serialNumber ?? null,
      mode: kept.mode ?? 'recorded',
      supplyV,
      supplySource,
      sampleRateHz,
      calibration: kept.calibration ?? {},
    },
    instrument: {
      gain: gainOf(accuracy, options.gain),
      supply: { value: 0, source: `${supplySource}; taken as exact` },
      clock: { value: crystalRatio, source: 'a crystal, not compared with another' },
      offsetW: { value: offsetW, source: offsetW > 0 ? source : 'nobody states one' },
    },
    supplyKnown: supplySource !== 'assumed',
  }
}
