import type { Provenance } from '../core/provenance.ts'
import type { AlignmentMethod } from '../trace/alignment.ts'
import type { EnergyFigure } from './budget.ts'
import type { SessionVerdict } from './verdict.ts'

/** A figure with where it comes from. */
export interface RecordedFigure extends EnergyFigure {
  readonly provenance: Provenance
}

/** Idle power on one side of the windows. */
export interface RecordedIdle {
  readonly meanPowerW: number
  readonly spreadW: number | null
  readonly parts: number
  readonly durationS: number
  readonly verdict: SessionVerdict['verdict']
  readonly provenance: Provenance
}

/** One measuring window. Energy fields are null where it was not usable; `energyUpperJ` also where nothing bounds it. */
export interface RecordedWindow {
  readonly startS: number
  readonly durationS: number
  readonly inferences: number
  readonly energyJ: number | null
  readonly energyUpperJ: number | null
  readonly meanPowerW: number | null
  readonly samplesLost: number
  readonly samplesInvalid: number
  readonly verdict: SessionVerdict['verdict']
  readonly reason: string | null
  readonly provenance: Provenance
}

/** The instrument of a record. */
export interface RecordedMeter {
  readonly driver: string
  readonly model: string
  readonly serialNumber: string | null
  readonly mode: string
  /** Null where the trace holds power and tells no voltage. */
  readonly supplyV: number | null
  readonly supplySource: string
  readonly sampleRateHz: number
  readonly calibration: Readonly<Record<string, number | string>>
}

/** What was measured. */
export interface RecordedSubject {
  readonly model: string
  readonly variant: string
  /** Null where nobody stated it, as for a trace that was read back. */
  readonly file: string | null
  /** SHA-256 of the model file (or of the firmware image that holds it), lower-case hex; null where it is not known. */
  readonly sha256: string | null
  /** Engine that ran it, and on what. */
  readonly engine: string
  readonly machine: string
}

/**
 * What one measurement of energy per inference gave, with all that is needed to trust, repeat or refuse it.
 * `schemas/energy-record.schema.json` is generated from this file's schema. Rule for readers: a reader of version 1
 * refuses any other version; a later version that still can read 1 says so here.
 */
export interface EnergyRecord {
  readonly version: 1
  readonly kind: 'milliwatt-energy'
  /** Version of milliwatt that wrote it. */
  readonly milliwatt: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Where every figure of the record comes from. */
  readonly provenance: Provenance
  readonly verdict: SessionVerdict['verdict']
  readonly reasons: readonly string[]
  readonly subject: RecordedSubject
  readonly method: {
    readonly alignment: AlignmentMethod | null
    readonly words: string
    /** Half width of what one edge of a window may be off, in seconds. */
    readonly edgeUncertaintyS: number | null
    readonly integration: string
  }
  /** Null for a modelled record. */
  readonly meter: RecordedMeter | null
  readonly idle: { readonly before: RecordedIdle | null; readonly after: RecordedIdle | null }
  readonly windows: readonly RecordedWindow[]
  /** Energy per inference, idle included. */
  readonly gross: RecordedFigure | null
  /** Energy per inference above idle. */
  readonly net: RecordedFigure | null
  readonly netReason: string | null
  readonly secondsPerInference: number | null
  /** Median latency of one inference by the host's clock. */
  readonly latencyS: number | null
  /** The score by the rules of MLPerf Tiny, and whether they would accept it. */
  readonly official: {
    readonly rule: string
    readonly energyPerInferenceJ: number
    readonly windows: number
    readonly valid: boolean
    readonly reasons: readonly string[]
    readonly provenance: Provenance
  } | null
  readonly environment: {
    readonly platform: string
    readonly architecture: string
    readonly runtime: string
    readonly temperatureC: number | null
  }
  /** The recorded trace; null when none was kept. */
  readonly trace: { readonly file: string; readonly bytes: number; readonly sha256: string } | null
}
