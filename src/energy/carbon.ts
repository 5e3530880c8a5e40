import type { Provenance } from '../core/provenance.ts'
import type { GridIntensity } from './grid-intensity.ts'
import type { EnergyRecord } from './record.ts'

/** Greenhouse gases of the electricity of inferences. */
export interface CarbonResult {
  readonly version: 1
  readonly kind: 'milliwatt-energy-carbon'
  readonly inferences: number
  /** Grams of CO2 equivalents, to two digits: the grid's average is not known better. */
  readonly gramsCo2e: number
  readonly energyJ: number
  readonly provenance: Provenance
  readonly grid: GridIntensity
  /** What the figure leaves out. */
  readonly leavesOut: string
}

const joulesPerKwh = 3.6e6

/** Grams of CO2 equivalents of so much electrical energy from a grid. */
export function gramsOf(energyJ: number, gramsPerKwh: number): number {
  return (energyJ / joulesPerKwh) * gramsPerKwh
}

/** A number with at most two significant digits. */
export function twoDigits(value: number): number {
  return Number(value.toPrecision(2))
}

/**
 * Gross energy times the grid's intensity; null where the record holds no figure.
 * @param inferences how many to count
 */
export function carbonOf(record: EnergyRecord, grid: GridIntensity, inferences: number): CarbonResult | null {
  if (!record.gross) return null
  const energyJ = record.gross.valueJ * inferences
  return {
    version: 1,
    kind: 'milliwatt-energy-carbon',
    inferences,
    gramsCo2e: twoDigits(gramsOf(energyJ, grid.gramsPerKwh)),
    energyJ,
    provenance: record.provenance,
    grid,
    leavesOut:
      'losses of the power supply, and all that making the board emitted, which for small devices is most of their carbon',
  }
}
