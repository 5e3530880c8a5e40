import type { Host } from '../core/host.ts'
import type { Provenance } from '../core/provenance.ts'
import type { EnergyFigure } from '../energy/budget.ts'
import type { CostedWindow, EnergyEstimate, EnergySession } from '../energy/estimate.ts'
import { officialScore } from '../energy/official.ts'
import type { EnergyRecord, RecordedIdle, RecordedMeter, RecordedWindow } from '../energy/record.ts'
import type { MeterInfo } from '../meters/meter.ts'
import type { IdleLevel } from '../trace/idle.ts'
import type { EnergyMeasurement } from './energy-measure.ts'
import type { LoadedModel } from './model.ts'
import type { Probe } from './probe.ts'

/** What a record says, whatever it was made from. */
export interface RecordContent
  extends Pick<EnergyRecord, 'milliwatt' | 'provenance' | 'subject' | 'meter' | 'latencyS' | 'environment' | 'trace'> {
  readonly createdAt: Date
  readonly session: EnergySession
  readonly estimate: EnergyEstimate
}

/** What a record of a live measurement is made of. */
export interface EnergyRecordParts {
  readonly host: Host
  readonly version: string
  readonly probe: Probe
  readonly model: LoadedModel
  readonly meter: MeterInfo
  readonly measurement: EnergyMeasurement
  readonly trace: EnergyRecord['trace']
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)

function toIdle(level: IdleLevel | null, provenance: Provenance): RecordedIdle | null {
  if (!level) return null
  const { meanPowerW, spreadW, parts, durationS, verdict } = level
  return { meanPowerW, spreadW: orNull(spreadW), parts, durationS, verdict, provenance }
}

function toWindow({ place, energy }: CostedWindow, rate: number, provenance: Provenance): RecordedWindow {
  return {
    startS: energy.startIndex / rate,
    durationS: energy.durationS,
    inferences: place.inferences,
    energyJ: energy.verdict === 'invalid' ? null : orNull(energy.energyJ),
    energyUpperJ: orNull(energy.energyUpperJ),
    meanPowerW: orNull(energy.meanPowerW),
    samplesLost: energy.lost,
    samplesInvalid: energy.invalid,
    verdict: energy.verdict,
    reason: energy.reason,
    provenance,
  }
}

/** An opened meter as a record keeps it. */
export function toMeter(info: MeterInfo): RecordedMeter {
  const { driver, model, mode, supplyV, supplySource, sampleRateHz, calibration } = info
  return {
    driver,
    model,
    serialNumber: info.serialNumber ?? null,
    mode,
    supplyV,
    supplySource,
    sampleRateHz,
    calibration,
  }
}

function toOfficial(windows: readonly RecordedWindow[], provenance: Provenance): EnergyRecord['official'] {
  const usable = windows.flatMap(({ durationS, energyJ, inferences }) =>
    energyJ === null ? [] : [{ durationS, energyPerInferenceJ: energyJ / inferences }],
  )
  if (usable.length === 0) return null
  const score = officialScore(usable)
  const isWhole = windows.every(({ verdict }) => verdict === 'complete')
  const reasons = [...score.reasons, ...(isWhole ? [] : ['samples are missing'])]
  return { ...score, valid: score.valid && isWhole, reasons, provenance }
}

function toSubject({ model, probe }: EnergyRecordParts): EnergyRecord['subject'] {
  const { variant, plan } = model
  return {
    model: model.catalogue.name,
    variant: variant.name,
    file: variant.file,
    sha256: variant.sha256,
    engine: plan.chosen ? `${plan.chosen.backend} on ${plan.chosen.device}` : 'unknown',
    machine: probe.machine,
  }
}

function toMethod({ windows }: EnergySession): EnergyRecord['method'] {
  const places = windows.map(({ place }) => place)
  return {
    alignment: places[0]?.method ?? null,
    words: places[0]?.words ?? 'nothing was lined up',
    edgeUncertaintyS: places.length > 0 ? Math.max(...places.map((place) => place.edgeUncertaintyS)) : null,
    integration: 'rectangle rule on the fixed grid of samples; missing samples are bounded, not filled in',
  }
}

/** Puts an energy record together; every figure in it is of its one provenance. */
export function recordOf(content: RecordContent): EnergyRecord {
  const { session, estimate, provenance } = content
  const sourced = (figure: EnergyFigure | null) => figure && { ...figure, provenance }
  const windows = session.windows.map((window) => toWindow(window, session.sampleRateHz, provenance))
  return {
    version: 1,
    kind: 'milliwatt-energy',
    milliwatt: content.milliwatt,
    createdAt: content.createdAt.toISOString(),
    provenance,
    verdict: estimate.verdict,
    reasons: estimate.reasons,
    subject: content.subject,
    method: toMethod(session),
    meter: content.meter,
    idle: { before: toIdle(session.idleBefore, provenance), after: toIdle(session.idleAfter, provenance) },
    windows,
    gross: sourced(estimate.gross),
    net: sourced(estimate.net),
    netReason: estimate.netReason,
    secondsPerInference: orNull(estimate.secondsPerInference),
    latencyS: content.latencyS,
    official: toOfficial(windows, provenance),
    environment: content.environment,
    trace: content.trace,
  }
}

/** The record of a live measurement. */
export function toEnergyRecord(parts: EnergyRecordParts): EnergyRecord {
  const { host, meter, measurement, trace } = parts
  return recordOf({
    ...measurement,
    milliwatt: parts.version,
    createdAt: host.clock.wallTime(),
    provenance: meter.provenance,
    subject: toSubject(parts),
    meter: toMeter(meter),
    environment: {
      platform: host.platform,
      architecture: host.architecture,
      runtime: host.runtime,
      temperatureC: null,
    },
    trace,
  })
}

/** Bytes that are hashed at once. */
const hashPiece = 1 << 20

/** Name, size and hash of a file of any length. */
export async function hashOfFile(host: Host, path: string): Promise<NonNullable<EnergyRecord['trace']>> {
  const reader = await host.files.open(path)
  try {
    const { sizeBytes } = reader
    async function* pieces() {
      for (let at = 0; at < sizeBytes; at += hashPiece) yield reader.read(at, Math.min(sizeBytes, at + hashPiece))
    }
    return { file: host.files.basename(path), bytes: sizeBytes, sha256: await host.sha256(pieces()) }
  } finally {
    await reader.close()
  }
}
