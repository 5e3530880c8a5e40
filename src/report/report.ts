import type { MeanInterval } from '../core/cost.ts'
import type { Finding } from '../core/device.ts'
import type { Provenance } from '../core/provenance.ts'
import type { SegmentMove } from '../core/segment-move.ts'
import type { StreamReport } from './stream-report.ts'

/** One inference as reported: one row of the table, one entry of the JSON contract. */
export interface InferenceRow {
  /** Path of the clip relative to the input folder. */
  readonly clip: string
  /** Where in the clip the analysed window begins, in seconds. */
  readonly windowStartS: number
  readonly label: string
  /** The net's score of `label`, 0..1. */
  readonly confidence: number
  /** Label that the clip is known to hold, when a manifest or its folder's name says so. */
  readonly expected?: string
  /** Median latency over the repeats in the measuring window. */
  readonly latencyS: number
  /** Times that this inference was run in its measuring window. */
  readonly repeats: number
  readonly meanPowerW: number | null
  readonly energyJ: number | null
  readonly netEnergyJ: number | null
  readonly provenance: Provenance | null
  /** Why energy is missing or incomplete. */
  readonly energyReason?: string
  /** Samples lost inside the window, when a meter ran. */
  readonly lostSamples?: number
}

/** One row of the plan table: a variant on a backend on a device. */
export interface PlanRow {
  readonly variant: string
  readonly backend: string
  readonly device: string
  /** `chosen`, `eligible` (meets the goal, but another is better) or `rejected`. */
  readonly verdict: 'chosen' | 'eligible' | 'rejected'
  readonly reason: string
  /** No other candidate is at least as good in accuracy, latency, energy and bytes and better in one. */
  readonly pareto: boolean
  readonly accuracy: number | null
  readonly modelBytes: number
  readonly macs: number | null
  readonly latencyS: number | null
  readonly latencyP95S: number | null
  readonly energyJ: number | null
  readonly provenance: Provenance | null
}

/** The plan: what was asked, what was chosen, and every candidate with its reason. */
export interface PlanReport {
  /** The goal in words, one limit a line. */
  readonly goal: readonly string[]
  readonly chosen: PlanRow | null
  readonly candidates: readonly PlanRow[]
  /** Why no candidate meets the goal, and the nearest one that can be met; null when one was chosen. */
  readonly unmet: string | null
  /** Whether latencies were measured now or come from the cache, with the date. */
  readonly profileSource: string
}

/** Accuracy over the clips whose label is known. */
export interface AccuracyReport {
  readonly correct: number
  readonly total: number
  readonly accuracy: number
  /** Wilson's 95 % interval. */
  readonly interval95: readonly [number, number]
  readonly perClass: readonly { readonly label: string; readonly correct: number; readonly total: number }[]
  /** Rows expected, columns answered, both in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[]
  readonly labels: readonly string[]
  /** What the catalogue's card states for this variant. */
  readonly card?: { readonly accuracy: number; readonly interval95: readonly [number, number]; readonly split: string }
}

/** A plot of power against time, already reduced: one min/mean/max triple a column. */
export interface TracePlot {
  readonly startS: number
  readonly columnS: number
  readonly minW: readonly (number | null)[]
  readonly meanW: readonly (number | null)[]
  readonly maxW: readonly (number | null)[]
  /** Measuring windows in seconds of the same time axis. */
  readonly windows: readonly { readonly startS: number; readonly endS: number; readonly label: string }[]
}

/** What the meter did during the run. */
export interface MeterReport {
  readonly driver: string
  readonly model: string
  readonly path: string
  readonly provenance: Provenance
  readonly mode: string
  readonly supplyV: number
  readonly supplySource: string
  readonly sampleRateHz: number
  readonly gainUncertainty: number
  readonly samplesReceived: number
  readonly samplesLost: number
  readonly samplesSaturated: number
  readonly samplesInvalid: number
  readonly idlePowerW: number | null
  /** How samples were lined up with inferences, in words. */
  readonly alignmentMethod: string
  /** Uncertainty of one window edge in seconds. */
  readonly alignmentUncertaintyS: number
  readonly verdict: 'complete' | 'lower bound' | 'invalid'
  readonly notes: readonly string[]
}

/** Summary figures over all inferences of a run. */
export interface RunSummary {
  readonly inferences: number
  readonly clips: number
  readonly latencyP50S: number
  readonly latencyP95S: number
  readonly latencyMaxS: number
  /** Gross and net energy of one inference over the windows; null without a meter or a model. */
  readonly energyPerInferenceJ: MeanInterval | null
  readonly netEnergyPerInferenceJ: MeanInterval | null
  readonly provenance: Provenance | null
  readonly energyReason?: string
}

/** Everything a run has to tell. Plain values; text, JSON and HTML are made from it. */
export interface RunReport {
  readonly version: 1
  readonly kind: 'milliwatt-run'
  readonly milliwatt: string
  readonly startedAt: string
  readonly durationS: number
  readonly model: { readonly name: string; readonly variant: string; readonly file: string; readonly sha256: string }
  readonly machine: { readonly name: string; readonly runtime: string; readonly devices: readonly Finding[] }
  readonly plan: PlanReport
  readonly inferences: readonly InferenceRow[]
  readonly summary: RunSummary
  readonly accuracy?: AccuracyReport
  readonly meter?: MeterReport
  readonly trace?: { readonly plot: TracePlot; readonly files: readonly string[] }
  /** The card's cascade on all recordings in one stream, where that was asked. */
  readonly stream?: StreamReport
  /** Segments that went to another place because theirs failed; absent where none did. */
  readonly moves?: readonly SegmentMove[]
  /** Things that went wrong without ending the run. */
  readonly problems: readonly { readonly code: string; readonly message: string }[]
  /** `done`, or `interrupted` when the user stopped it half-way. */
  readonly status: 'done' | 'interrupted'
}
