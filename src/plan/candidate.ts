import type { Provenance } from '../core/provenance.ts'
import type { EnergyFigure, LatencyFigure } from '../cost/profile.ts'

/** A backend on a device. */
export interface CandidatePlace {
  readonly backend: string
  readonly device: string
}

/** A variant on one place, or spread over several, with what is known of it. */
export interface Candidate {
  /** Names the candidate; means nothing to the planner. */
  readonly key: string
  readonly variant: string
  /** At least one; several where the graph is partitioned, in the order of their first segment. */
  readonly places: readonly CandidatePlace[]
  /** Accuracy as the card states it, 0..1; null when nobody measured it. */
  readonly accuracy: number | null
  readonly modelBytes: number
  /** Memory for tensors while it runs; null when it is not known. */
  readonly arenaBytes: number | null
  readonly macs: number | null
  readonly latency: LatencyFigure | null
  readonly energy: EnergyFigure | null
  /** Power of the machine while nothing runs; null when it is not known. */
  readonly idle: { readonly powerW: number; readonly provenance: Provenance } | null
  /** Why it cannot run at all. */
  readonly unusable?: string
}

/** Why a candidate cannot run or be compared at all; null when it can. */
export function whyUnusable({ unusable, latency }: Candidate): string | null {
  return unusable ?? (latency ? null : 'its latency was not measured')
}
