import { isPhysical, type Provenance } from '../core/provenance.ts'
import { type BudgetRow, combineBudget, errorModel } from './budget.ts'
import { coverageBound, coverageInterval, type ErrorModel } from './coverage.ts'
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
interface GateBase {
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

/** Whether a record stays within a limit. */
export interface CheckResult extends GateBase {
  readonly kind: 'milliwatt-energy-check'
  readonly limitJ: number
  /** The value that the truth does not exceed with this confidence; null where it cannot be stated. */
  readonly upperBoundJ: number | null
  readonly side: GateSide
}

/** Whether B takes more than A. */
export interface CompareResult extends GateBase {
  readonly kind: 'milliwatt-energy-compare'
  /** Relative increase that is let pass. */
  readonly tolerance: number
  /** Relative increase that the measurement must be able to show. */
  readonly mustFind: number
  /** (B - A) / A; null where the records cannot be compared. */
  readonly change: number | null
  readonly changeInterval: readonly [number, number] | null
  /** Whether both came from one instrument with one calibration, whose gain then cancels. */
  readonly sameMeter: boolean
  readonly sides: readonly [GateSide, GateSide]
}

const sideOf = ({ name, record }: GatedRecord, figure: FigureName): GateSide => ({
  name,
  model: `${record.subject.model}, ${record.subject.variant}`,
  valueJ: record[figure]?.valueJ ?? null,
  intervalJ: record[figure]?.intervalJ ?? null,
  provenance: record.provenance,
  verdict: record.verdict,
})

const acceptedNotes = (records: readonly GatedRecord[], accept: readonly Provenance[]): readonly string[] =>
  records
    .filter(({ record }) => !isPhysical(record.provenance) && accept.includes(record.provenance))
    .map(({ name, record }) => `${name} is ${record.provenance}, accepted by --accept-${record.provenance}`)

/** The figure of a record that a gate may use, or why it may not. */
function usableFigure(
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

/**
 * Checks a record against a limit: `passed` where the truth is at most the limit with the confidence asked for,
 * `failed` where it is above with the same confidence, else `undecided`. Missing samples count with the most that they
 * could have held.
 * @param limitJ most energy of one inference, in joules
 */
export function checkEnergy(gated: GatedRecord, limitJ: number, options: GateOptions): CheckResult {
  const { figure, confidence } = options
  const base = {
    version: 1,
    kind: 'milliwatt-energy-check',
    figure,
    confidence,
    limitJ,
    notes: acceptedNotes([gated], options.accept ?? []),
    side: sideOf(gated, figure),
  } as const
  const usable = usableFigure(gated, options)
  if (!usable.figure) return { ...base, outcome: 'refused', reason: usable.reason, upperBoundJ: null }
  const model = errorModel(usable.figure)
  const upperBoundJ = coverageBound({ ...model, value: model.value + (usable.figure.missingAtMostJ ?? 0) }, confidence)
  const lowerBoundJ = coverageBound(model, 1 - confidence)
  if (upperBoundJ === null || lowerBoundJ === null)
    return { ...base, outcome: 'refused', reason: 'no bound can be stated at this confidence', upperBoundJ: null }
  const found =
    upperBoundJ <= limitJ
      ? ({ outcome: 'passed', reason: 'it is shown to stay within the limit' } as const)
      : lowerBoundJ > limitJ
        ? ({ outcome: 'failed', reason: 'it is shown to be above the limit' } as const)
        : ({
            outcome: 'undecided',
            reason: 'the measurement is not sure enough to show on which side it lies',
          } as const)
  return { ...base, ...found, upperBoundJ }
}

/** Whether two records were made with the same instrument and calibration. */
function isSameMeter(a: EnergyRecord, b: EnergyRecord): boolean {
  const key = ({ meter }: EnergyRecord) =>
    meter && [meter.driver, meter.model, meter.serialNumber, meter.mode, meter.supplyV, entriesOf(meter.calibration)]
  return a.meter !== null && JSON.stringify(key(a)) === JSON.stringify(key(b))
}

const entriesOf = (calibration: object) => Object.entries(calibration).sort(([x], [y]) => (x < y ? -1 : 1))

/** What differs between two subjects besides the energy. */
function differences(a: EnergyRecord, b: EnergyRecord): readonly string[] {
  const differs: [string, unknown, unknown][] = [
    ['model file', a.subject.sha256, b.subject.sha256],
    ['engine', a.subject.engine, b.subject.engine],
    ['machine', a.subject.machine, b.subject.machine],
    ['alignment', a.method.alignment, b.method.alignment],
  ]
  const names = differs.filter(([, x, y]) => x !== y).map(([name]) => name)
  return names.length > 0 ? [`the records differ in: ${names.join(', ')}`] : []
}

/** Error of B/A: what both sides add, and the larger of both gains where these do not cancel. */
function ratioModel(a: ErrorModel, b: ErrorModel): ErrorModel {
  const value = b.value / a.value
  const gains = [a.gainLimit, b.gainLimit].sort((x, y) => y - x) as [number, number]
  const parts = [
    { u: b.standardUncertainty / a.value, degrees: b.degreesOfFreedom },
    { u: (value * a.standardUncertainty) / a.value, degrees: a.degreesOfFreedom },
    { u: (value * gains[1]) / Math.sqrt(3), degrees: null },
  ]
  const variance = parts.reduce((sum, { u }) => sum + u * u, 0)
  const fourth = parts.reduce((sum, { u, degrees }) => sum + (degrees === null ? 0 : u ** 4 / degrees), 0)
  return {
    value,
    standardUncertainty: Math.sqrt(variance),
    degreesOfFreedom: fourth > 0 ? Math.floor(variance ** 2 / fourth + 1e-9) : null,
    gainLimit: gains[0],
  }
}

/** What of a budget counts between two records: all of it, or what is drawn anew with each session. */
function sessionRows(figure: RecordedFigure, sameMeter: boolean): readonly BudgetRow[] {
  return sameMeter ? figure.budget.filter(({ origin }) => origin === 'session') : figure.budget
}

function judgeChange(
  [low, high]: readonly [number, number],
  { tolerance, mustFind }: Pick<CompareResult, 'tolerance' | 'mustFind'>,
): Pick<GateBase, 'outcome' | 'reason'> {
  if (low > tolerance)
    return { outcome: 'failed', reason: 'it is shown to take more than before, by more than the tolerance' }
  if ((high - low) / 2 <= mustFind) return { outcome: 'passed', reason: 'no increase beyond the tolerance is shown' }
  const share = `${Number((mustFind * 100).toPrecision(3))} %`
  return {
    outcome: 'undecided',
    reason: `an increase of ${share} could hide in the scatter: measure more or longer windows, with one instrument`,
  }
}

/**
 * Compares two records (Welch 1947): `failed` where B takes more than A by more than the tolerance, with the confidence
 * asked for (two-sided); `undecided` where the interval is so wide that an increase of `mustFind` could hide in it;
 * `passed` otherwise. Records of different provenance are refused. Of one instrument with one calibration only what is
 * drawn anew with each session counts, since its gain cancels.
 * @param limits relative increases: `tolerance` is let pass, `mustFind` must be visible
 */
export function compareEnergy(
  a: GatedRecord,
  b: GatedRecord,
  limits: Pick<CompareResult, 'tolerance' | 'mustFind'>,
  options: GateOptions,
): CompareResult {
  const { figure, confidence } = options
  const sameMeter = isSameMeter(a.record, b.record)
  const accepted = acceptedNotes([a, b], options.accept ?? [])
  const base = {
    version: 1,
    kind: 'milliwatt-energy-compare',
    figure,
    confidence,
    ...limits,
    sameMeter,
    sides: [sideOf(a, figure), sideOf(b, figure)],
    notes: [...new Set([...accepted, ...differences(a.record, b.record)])],
  } as const
  const refused = (reason: string): CompareResult => ({
    ...base,
    outcome: 'refused',
    reason,
    change: null,
    changeInterval: null,
  })
  if (a.record.provenance !== b.record.provenance)
    return refused(`${a.record.provenance} and ${b.record.provenance} figures are not compared`)
  const [before, after] = [usableFigure(a, options), usableFigure(b, options)]
  if (!before.figure) return refused(before.reason)
  if (!after.figure) return refused(after.reason)
  if (before.figure.missingAtMostJ || after.figure.missingAtMostJ)
    return refused('a side misses samples, so a difference could be theirs')
  if (!(before.figure.valueJ > 0)) return refused(`${a.name} is not above zero, so there is no relative change`)
  const models = [before.figure, after.figure].map((one) => combineBudget(one.valueJ, sessionRows(one, sameMeter)))
  const ratio = ratioModel(models[0]!, models[1]!)
  const interval = coverageInterval(ratio, confidence)
  if (!interval) return refused('no interval can be stated at this confidence')
  const changeInterval = [interval[0] - 1, interval[1] - 1] as const
  return { ...base, ...judgeChange(changeInterval, limits), change: ratio.value - 1, changeInterval }
}
