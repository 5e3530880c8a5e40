import type { PlacementReport } from './placement.ts'
import type { PlanReport } from './report.ts'

/** What `milliwatt plan` tells. Plain values; text, JSON, SVG and HTML are made from it. */
export interface PlanDocument {
  readonly version: 1
  readonly kind: 'milliwatt-plan'
  readonly milliwatt: string
  readonly startedAt: string
  readonly model: string
  readonly machine: { readonly name: string; readonly runtime: string }
  /** Variants on backends and devices, whole. */
  readonly plan: PlanReport
  /** The chosen variant's layers over all places; null where there is nothing to spread, see `placementReason`. */
  readonly placement: PlacementReport | null
  readonly placementReason: string | null
}
