import type { Catalogue } from '../catalogue/load.ts'
import type { PlacementReport } from '../report/placement.ts'
import type { PlanReport } from '../report/report.ts'
import { placementReport } from './placement-report.ts'
import type { Planned } from './plan.ts'

/** The choice among a model's variants, and the layers of the chosen one over all places. */
export interface ModelPlan {
  readonly plan: PlanReport
  /** Null with `placementReason`. */
  readonly placement: PlacementReport | null
  readonly placementReason: string | null
}

/** The layers of the chosen variant, or of the first one where none is chosen, by place with their reasons. */
export function explainSpread(
  { choice, spreads }: Planned,
  { name, variants }: Catalogue,
): Pick<ModelPlan, 'placement' | 'placementReason'> {
  const without = (placementReason: string) => ({ placement: null, placementReason })
  const variant = choice.chosen?.variant ?? variants[0]?.name
  const one = variant === undefined ? undefined : spreads.get(variant)
  if (!one || variant === undefined)
    return without(
      'Layers are not spread over places: fewer than two places are in this machine’s profile ("milliwatt profile" makes it).',
    )
  const { placement, found, notes, ask } = one
  if (found.kind === 'infeasible') return without(`Layers cannot be placed: ${found.reason}.`)
  return { placement: placementReport(placement, found, { model: name, variant, ask, notes }), placementReason: null }
}
