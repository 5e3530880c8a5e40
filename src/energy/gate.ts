import { isPhysical, type Provenance } from '../core/provenance.ts'
import type { EnergyRecord, RecordedFigure } from './record.ts'

/** Which figure a gate looks at. */
export type FigureName = 'gross' | 'net'

/** What a gate says. Only `passed` lets a build go on. */
export type GateOutcome = 'passed' | 'failed' | 'undecided' | 'refused'

/** How to look at a record. */
export interface GateOptions {
  readonly figure: FigureName
  readonly confidence: number
  /** Provenances that satisfy the gate besides physical readings. The result prints them. */
  readonly accept?: readonly Provenance[]
}

/** A record as a gate shows it. */
export interface GatedRecord {
  readonly name: string
  readonly record: EnergyRecord
}

/** What both gates give. */
export interface GateBase {
  readonly version: 1
  readonly figure: FigureName
  readonly confidence: number
  readonly outcome: GateOutcome
  /** Why, in one sentence. */
  readonly reason: string
  /** What else the reader should know: accepted provenances, differences of the records. */
  readonly notes: readonly string[]
}

/** One side of a gate: the figure that was looked at. */
export interface GateSide {
  readonly name: string
  readonly model: string
  readonly valueJ: number | null
  readonly intervalJ: readonly [number, number] | null
  readonly provenance: Provenance
  readonly verdict: EnergyRecord['verdict']
}

/** What a gate shows of a record. */
export function sideOf({ name, record }: GatedRecord, figure: FigureName): GateSide {
  return {
    name,
    model: `${record.subject.model}, ${record.subject.variant}`,
    valueJ: record[figure]?.valueJ ?? null,
    intervalJ: record[figure]?.intervalJ ?? null,
    provenance: record.provenance,
    verdict: record.verdict,
  }
}

/** Names the flags that let figures in which no physical meter read. */
export function acceptedNotes(records: readonly GatedRecord[], accept: readonly Provenance[] = []): readonly string[] {
  return records
    .filter(({ record }) => !isPhysical(record.provenance) && accept.includes(record.provenance))
    .map(({ name, record }) => `${name} is ${record.provenance}, accepted by --accept-${record.provenance}`)
}

/** The figure of a record that a gate may use, or why it may not. */
export function usableFigure(
  { name, record }: GatedRecord,
  { figure, accept = [] }: GateOptions,
): { readonly figure: RecordedFigure } | { readonly figure: null; readonly reason: string } {
  const { provenance } = record
  if (!isPhysical(provenance) && !accept.includes(provenance))
    return { figure: null, reason: `${name} is ${provenance}: only a physical reading satisfies a gate` }
  if (record.verdict === 'invalid')
    return { figure: null, reason: `${name} is invalid: ${record.reasons.join('; ') || 'no reason given'}` }
  const found = record[figure]
  if (!found) return { figure: null, reason: `${name} has no ${figure} figure: ${record.netReason ?? 'it is missing'}` }
  if (found.intervalJ) return { figure: found }
  return { figure: null, reason: `${name} states no interval (one window, or missing samples that nothing bounds)` }
}
