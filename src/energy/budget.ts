import { coverageInterval, type ErrorModel } from './coverage.ts'
import type { Limit } from './instrument.ts'

/** One source of uncertainty of a figure, as the GUM (JCGM 100:2008) wants it stated. */
export interface BudgetRow {
  readonly name: string
  /** What was given: `±15 % of the reading`, `s = 1.2 µJ over 10 windows`. */
  readonly given: string
  /** Who says so: the driver, a data sheet, these windows. */
  readonly source: string
  /** Evaluated from repeated readings (A) or from other knowledge (B). */
  readonly kind: 'A' | 'B'
  readonly distribution: 'rectangular' | "Student's t"
  /** Standard uncertainty in the unit of the figure, joules per inference. */
  readonly standardUncertaintyJ: number
  /** Null: as good as infinite. */
  readonly degreesOfFreedom: number | null
  /** Half width of a rectangle that is a share of the figure; null for everything else. */
  readonly relativeLimit: number | null
  /** Whether more windows make it smaller. */
  readonly averages: boolean
  /** `meter`: the same in every session of this instrument, so that it cancels between two; `session`: drawn anew. */
  readonly origin: 'meter' | 'session'
  /** False where another row holds it already: it is shown but not added twice. */
  readonly counted: boolean
}

/** Half width of a rectangle that is a share of the figure. It does not average. */
export function relativeRow(name: string, limit: number, figureJ: number, source: string, given?: string): BudgetRow {
  return {
    name,
    given: given ?? `±${Number((limit * 100).toPrecision(3))} % of the reading`,
    source,
    kind: 'B',
    distribution: 'rectangular',
    standardUncertaintyJ: (limit * Math.abs(figureJ)) / Math.sqrt(3),
    degreesOfFreedom: null,
    relativeLimit: limit,
    averages: false,
    origin: 'meter',
    counted: true,
  }
}

/** The meter's gain; where nobody states its limit, a row without a degree of freedom, which leaves no interval. */
export function gainRow(gain: Limit | null, figureJ: number): BudgetRow {
  if (gain) return relativeRow('meter gain', gain.value, figureJ, gain.source)
  return {
    ...relativeRow('meter gain', 0, figureJ, 'nobody states one', 'not known: there is no interval'),
    degreesOfFreedom: 0,
    relativeLimit: null,
  }
}

/** Half width of a rectangle in joules. */
export function absoluteRow(
  name: string,
  limitJ: number,
  given: string,
  source: string,
  options: Partial<Pick<BudgetRow, 'averages' | 'counted' | 'origin'>> = {},
): BudgetRow {
  return {
    name,
    given,
    source,
    kind: 'B',
    distribution: 'rectangular',
    standardUncertaintyJ: limitJ / Math.sqrt(3),
    degreesOfFreedom: null,
    relativeLimit: null,
    averages: false,
    origin: 'session',
    counted: true,
    ...options,
  }
}

/** Scatter of a mean over n readings: s/√n with n - 1 degrees of freedom. */
export function scatterRow(
  name: string,
  standardUncertaintyJ: number,
  degreesOfFreedom: number,
  given: string,
  source: string,
): BudgetRow {
  return {
    name,
    given,
    source,
    kind: 'A',
    distribution: "Student's t",
    standardUncertaintyJ,
    degreesOfFreedom,
    relativeLimit: null,
    averages: true,
    origin: 'session',
    counted: true,
  }
}

/** Effective degrees of freedom of a sum (Welch and Satterthwaite), rounded down; null: as good as infinite. */
function effectiveDegrees(rows: readonly BudgetRow[]): number | null {
  const variance = rows.reduce((sum, row) => sum + row.standardUncertaintyJ ** 2, 0)
  const fourth = rows.reduce((sum, row) => sum + row.standardUncertaintyJ ** 4 / (row.degreesOfFreedom ?? Infinity), 0)
  // The hair keeps 4 from becoming 3 by rounding.
  return fourth > 0 ? Math.floor(variance ** 2 / fourth + 1e-9) : null
}

/**
 * Adds a budget up. The largest relative rectangle stays a rectangle; the rest adds as root sum of squares with
 * effective degrees of freedom (JCGM 100:2008, G.4.1). A row without any degree of freedom makes the sum one without.
 */
export function combineBudget(value: number, rows: readonly BudgetRow[]): ErrorModel {
  const counted = rows.filter((row) => row.counted && row.standardUncertaintyJ > 0)
  const largest = counted
    .filter((row) => row.relativeLimit !== null)
    .reduce<BudgetRow | null>((most, row) => (most && most.relativeLimit! >= row.relativeLimit! ? most : row), null)
  const rest = counted.filter((row) => row !== largest)
  const isUnknown = rows.some((row) => row.degreesOfFreedom === 0)
  return {
    value,
    standardUncertainty: Math.sqrt(rest.reduce((sum, row) => sum + row.standardUncertaintyJ ** 2, 0)),
    degreesOfFreedom: isUnknown ? 0 : effectiveDegrees(rest),
    gainLimit: largest?.relativeLimit ?? 0,
  }
}

/** Standard uncertainty of everything together, for the last line of the budget. */
function combinedUncertainty(model: ErrorModel): number {
  return Math.hypot(model.standardUncertainty, (model.gainLimit * Math.abs(model.value)) / Math.sqrt(3))
}

/** A figure with its uncertainty, ready to be written down. */
export interface EnergyFigure {
  readonly valueJ: number
  /** The interval that holds the truth with `confidence`; null where it cannot be stated. */
  readonly intervalJ: readonly [number, number] | null
  readonly confidence: number
  /** All parts of the budget together. */
  readonly standardUncertaintyJ: number
  /** What the interval was made of, so that it can be stated for another confidence. */
  readonly model: {
    readonly additiveUncertaintyJ: number
    readonly degreesOfFreedom: number | null
    readonly gainLimit: number
  }
  /** Energy that the figure may miss at most because of missing samples; 0 when none is, null when nothing bounds it. */
  readonly missingAtMostJ: number | null
  readonly budget: readonly BudgetRow[]
}

/** The error model of a figure. */
export function errorModel(figure: EnergyFigure): ErrorModel {
  const { additiveUncertaintyJ, degreesOfFreedom, gainLimit } = figure.model
  return { value: figure.valueJ, standardUncertainty: additiveUncertaintyJ, degreesOfFreedom, gainLimit }
}

/** The interval of a figure for any confidence, missing samples included; null where it cannot be stated. */
export function figureInterval(figure: EnergyFigure, confidence: number): readonly [number, number] | null {
  const model = errorModel(figure)
  if (figure.missingAtMostJ === null) return null
  const low = coverageInterval(model, confidence)
  const high = coverageInterval({ ...model, value: figure.valueJ + figure.missingAtMostJ }, confidence)
  return low && high && [low[0], high[1]]
}

/** Makes a figure of a value and its budget. */
export function toFigure(
  valueJ: number,
  budget: readonly BudgetRow[],
  confidence: number,
  missingAtMostJ: number,
): EnergyFigure {
  const model = combineBudget(valueJ, budget)
  const figure: EnergyFigure = {
    valueJ,
    intervalJ: null,
    confidence,
    standardUncertaintyJ: combinedUncertainty(model),
    model: {
      additiveUncertaintyJ: model.standardUncertainty,
      degreesOfFreedom: model.degreesOfFreedom,
      gainLimit: model.gainLimit,
    },
    missingAtMostJ: Number.isFinite(missingAtMostJ) ? missingAtMostJ : null,
    budget,
  }
  return { ...figure, intervalJ: figureInterval(figure, confidence) }
}
