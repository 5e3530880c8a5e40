import type { Provenance } from '../core/provenance.ts'
import { dominates, type Standing } from '../plan/pareto.ts'

/** One variant that was made of a float model. */
export interface QuantizeRow {
  readonly name: string
  /** Files in the output folder; none of a variant that was left out. */
  readonly files: readonly string[]
  /** How it was made, in words. */
  readonly how: string
  /** Size of its first file. */
  readonly bytes: number
  readonly parameters: number
  readonly macs: number | null
  /** Answers that were right, or the float model's; null where there is nothing to count. */
  readonly correct: number | null
  readonly total: number | null
  readonly value: number | null
  /** Points (0..1) less than the float model. */
  readonly drop: number | null
  /** Its answers against the float model's, dB; null for that itself. */
  readonly signalToNoiseDb: number | null
  readonly backend: string | null
  readonly latencyS: number | null
  readonly latencyP95S: number | null
  readonly energyJ: number | null
  readonly provenance: Provenance | null
  /** Why it is not among the files; null when it is. */
  readonly leftOut: string | null
  readonly pareto: boolean
}

/** A layer alone in int8. */
export interface QuantizeLayer {
  readonly op: string
  readonly output: string
  readonly aloneDb: number
}

/** Everything that `milliwatt quantize` has to tell. Plain values; text, JSON and HTML are made from it. */
export interface QuantizeReport {
  readonly version: 1
  readonly kind: 'milliwatt-quantize'
  readonly milliwatt: string
  readonly startedAt: string
  readonly model: string
  readonly machine: { readonly name: string; readonly runtime: string }
  readonly folder: string
  readonly calibration: { readonly source: string; readonly samples: number; readonly judging: number }
  /** `accuracy` on known labels, `agreement` with the float model, or null. */
  readonly measure: 'accuracy' | 'agreement' | null
  readonly evaluation: { readonly source: string; readonly samples: number } | null
  readonly maxDrop: number | null
  readonly rows: readonly QuantizeRow[]
  /** The most sensitive first. */
  readonly layers: readonly QuantizeLayer[]
  readonly notes: readonly string[]
}

function standingOf({ value, latencyS, energyJ, bytes, signalToNoiseDb }: QuantizeRow, measured: boolean): Standing {
  const worth = measured ? value : (signalToNoiseDb ?? Number.POSITIVE_INFINITY)
  return [worth === null ? null : -worth, latencyS, energyJ, bytes]
}

/**
 * The rows with those marked that no other one beats in accuracy (or nearness to the float model), latency, energy and
 * bytes. Energies of different provenance are not compared; what was left out takes no part.
 */
export function markPareto(rows: readonly QuantizeRow[], measure: QuantizeReport['measure']): readonly QuantizeRow[] {
  const kept = rows.filter(({ leftOut }) => leftOut === null)
  const standing = new Map(kept.map((row) => [row, standingOf(row, measure !== null)]))
  const beats = (a: QuantizeRow, b: QuantizeRow) =>
    a.provenance === b.provenance && dominates(standing.get(a)!, standing.get(b)!)
  return rows.map((row) => ({ ...row, pareto: standing.has(row) && !kept.some((other) => beats(other, row)) }))
}
