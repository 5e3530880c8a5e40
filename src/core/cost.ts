import type { Provenance } from './provenance.ts'

/**
 * What one inference costs. A prediction and a measurement have this one shape.
 * `latencyS` is in seconds by the host's monotonic clock. Energy fields are null together, and then
 * `provenance` is null and `energyReason` says why; otherwise `provenance` holds for both of them.
 */
export interface Cost {
  readonly latencyS: number
  /** Mean electrical power while the inference runs, idle included (gross), in watts. */
  readonly meanPowerW: number | null
  /** Gross energy of one inference in joules. */
  readonly energyJ: number | null
  /** Energy above idle of one inference in joules; null when no idle level is known. */
  readonly netEnergyJ: number | null
  readonly provenance: Provenance | null
  /** Why there is no energy figure, or why it is incomplete. */
  readonly energyReason?: string
}

/** A mean with its two-sided 95 % confidence interval from Student's t over `n` windows. */
export interface MeanInterval {
  readonly mean: number
  /** Lower and upper end of the interval; null when n < 2 (one window has no spread). */
  readonly interval95: readonly [number, number] | null
  readonly n: number
}
