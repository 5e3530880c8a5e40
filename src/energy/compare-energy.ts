import { type BudgetRow, combineBudget } from './budget.ts'
import { coverageInterval, type ErrorModel } from './coverage.ts'
import {
  acceptedNotes,
  type GateBase,
  type GatedRecord,
  type GateOptions,
  type GateSide,
  sideOf,
  usableFigure,
} from './gate.ts'
import type { EnergyRecord, RecordedFigure } from './record.ts'

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

/** Relative increases: `tolerance` is let pass, `mustFind` must be visible. */
export interface ChangeLimits {
  readonly tolerance: number
  readonly mustFind: number
  /** The user states that one instrument with one calibration read both. */
  readonly sameMeter?: boolean
}

/**
 * Whether two records were surely made with one instrument and one calibration: both tell the same of it, and what they
 * tell is of one unit, a serial number or calibration constants.
 */
function isSameMeter(a: EnergyRecord, b: EnergyRecord): boolean {
  const isUnit = a.meter?.serialNumber != null || Object.keys(a.meter?.calibration ?? {}).length > 0
  const key = ({ meter }: EnergyRecord) =>
    meter && [meter.driver, meter.model, meter.serialNumber, meter.mode, meter.supplyV, entriesOf(meter.calibration)]
  return isUnit && JSON.stringify(key(a)) === JSON.stringify(key(b))
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
  { tolerance, mustFind }: ChangeLimits,
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
 */
export function compareEnergy(
  a: GatedRecord,
  b: GatedRecord,
  limits: ChangeLimits,
  options: GateOptions,
): CompareResult {
  const { figure, confidence } = options
  const sameMeter = limits.sameMeter || isSameMeter(a.record, b.record)
  const accepted = acceptedNotes([a, b], options.accept)
  const stated = limits.sameMeter ? ['taken as read by one instrument by --same-meter'] : []
  const base = {
    version: 1,
    kind: 'milliwatt-energy-compare',
    figure,
    confidence,
    tolerance: limits.tolerance,
    mustFind: limits.mustFind,
    sameMeter,
    sides: [sideOf(a, figure), sideOf(b, figure)],
    notes: [...new Set([...accepted, ...stated, ...differences(a.record, b.record)])],
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
