import type { MeanInterval } from '../core/cost.ts'
import type { MilliwattError } from '../core/errors.ts'
import { meanInterval, quantile } from '../core/stats.ts'
import type { AccuracyReport, InferenceRow, MeterReport, RunReport, RunSummary, TracePlot } from '../report/report.ts'
import type { StreamReport } from '../report/stream-report.ts'
import type { LoadedModel } from './model.ts'
import type { PowerSession } from './power.ts'
import type { Probe } from './probe.ts'

/** What a run's report is made of. */
export interface RunReportParts {
  readonly version: string
  readonly startedAt: string
  readonly durationS: number
  readonly probe: Probe
  readonly runtime: string
  readonly model: LoadedModel
  readonly rows: readonly InferenceRow[]
  readonly accuracy: AccuracyReport | null
  readonly stream: StreamReport | null
  readonly session: PowerSession | null
  readonly idlePowerW: number | null
  readonly problems: readonly MilliwattError[]
  readonly interrupted: boolean
}

function figures(rows: readonly InferenceRow[], key: 'energyJ' | 'netEnergyJ'): MeanInterval | null {
  const values = rows.flatMap((row) => (row[key] === null || row.energyReason !== undefined ? [] : [row[key]]))
  return values.length === 0 ? null : meanInterval(values)
}

/** Summary over the rows. Rows with incomplete energy do not enter the means; the reason says how many. */
export function summarize(rows: readonly InferenceRow[]): RunSummary {
  const latencies = rows.map((row) => row.latencyS)
  const provenances = [...new Set(rows.map((row) => row.provenance).filter((p) => p !== null))]
  const incomplete = rows.filter((row) => row.energyReason !== undefined)
  const mixed = provenances.length > 1
  const reason = mixed
    ? `figures of different provenance (${provenances.join(', ')}) are not averaged`
    : incomplete.length > 0
      ? `${incomplete.length} of ${rows.length} inferences have no complete energy figure: ${incomplete[0]!.energyReason}`
      : undefined
  return {
    inferences: rows.length,
    clips: new Set(rows.map((row) => row.clip)).size,
    latencyP50S: quantile(latencies, 0.5),
    latencyP95S: quantile(latencies, 0.95),
    latencyMaxS: quantile(latencies, 1),
    energyPerInferenceJ: mixed ? null : figures(rows, 'energyJ'),
    netEnergyPerInferenceJ: mixed ? null : figures(rows, 'netEnergyJ'),
    provenance: mixed ? null : (provenances[0] ?? null),
    ...(reason === undefined ? {} : { energyReason: reason }),
  }
}

function verdictOf(session: PowerSession, rows: readonly InferenceRow[]): MeterReport['verdict'] {
  if (rows.every((row) => row.energyJ === null)) return 'invalid'
  const incomplete = rows.some((row) => row.energyReason !== undefined || row.energyJ === null)
  return incomplete || session.lost ? 'lower bound' : 'complete'
}

/** What the meter did, for the report. */
function meterReport(session: PowerSession, rows: readonly InferenceRow[], idlePowerW: number | null): MeterReport {
  const { info, counts } = session.meter
  const marks = session.windows.map((window) => window.marks).filter((mark) => mark.method !== 'none')
  const uncertainties = marks.map((mark) => mark.edgeUncertaintyS)
  return {
    driver: info.driver,
    model: info.model,
    path: info.path,
    provenance: info.provenance,
    mode: info.mode,
    supplyV: info.supplyV,
    supplySource: info.supplySource,
    sampleRateHz: info.sampleRateHz,
    gainUncertainty: info.gainUncertainty,
    samplesReceived: counts.received,
    samplesLost: counts.lost,
    samplesSaturated: counts.saturated,
    samplesInvalid: counts.invalid,
    idlePowerW,
    alignmentMethod: marks[0]?.words ?? session.windows[0]?.marks.words ?? 'nothing was lined up',
    alignmentUncertaintyS: uncertainties.length > 0 ? Math.max(...uncertainties) : Number.NaN,
    verdict: verdictOf(session, rows),
    notes: [...info.warnings, ...(session.lost ? [session.lost.message] : [])],
  }
}

/** The trace reduced to at most 2000 columns, with the measuring windows of the run. */
function tracePlot(session: PowerSession): TracePlot {
  const rate = session.meter.info.sampleRateHz
  const windows = session.windows.flatMap((window) =>
    window.marks.method === 'none'
      ? []
      : [{ startS: window.marks.startIndex / rate, endS: window.marks.endIndex / rate, label: window.label }],
  )
  return { ...session.pyramid.columns(0, session.endIndex, 2000), windows }
}

/** Puts a run's report together. */
export function runReport(parts: RunReportParts): RunReport {
  const { model, session, rows, probe } = parts
  const lost = session?.lost ? [session.lost] : []
  const capture = session?.capture
  const unwritten = capture?.problem ? [capture.problem] : []
  const problems = [...parts.problems, ...lost, ...unwritten]
  return {
    version: 1,
    kind: 'milliwatt-run',
    milliwatt: parts.version,
    startedAt: parts.startedAt,
    durationS: parts.durationS,
    model: {
      name: model.catalogue.name,
      variant: model.variant.name,
      file: model.variant.file,
      sha256: model.variant.sha256,
    },
    machine: { name: probe.machine, runtime: parts.runtime, devices: probe.findings },
    plan: model.plan,
    inferences: rows,
    summary: summarize(rows),
    ...(parts.accuracy ? { accuracy: parts.accuracy } : {}),
    ...(parts.stream ? { stream: parts.stream } : {}),
    ...(session ? { meter: meterReport(session, rows, parts.idlePowerW) } : {}),
    ...(session
      ? { trace: { plot: tracePlot(session), files: capture ? [capture.rawPath, capture.sidecarPath] : [] } }
      : {}),
    ...(model.moves.length > 0 ? { moves: model.moves } : {}),
    problems: problems.map(({ code, message }) => ({ code, message })),
    status: parts.interrupted ? 'interrupted' : 'done',
  }
}
