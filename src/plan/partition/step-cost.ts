import { type Provenance, provenances } from '../../core/provenance.ts'
import type { StepCost } from './problem.ts'

/** Nothing spent. Its provenance is the strongest, so that it leaves that of a sum alone. */
export const noCost: StepCost = { latencyS: 0, energy: { energyJ: 0, provenance: 'measured' } }

/** The weaker of two provenances: a sum is no better known than its weakest part. */
function weaker(a: Provenance, b: Provenance): Provenance {
  return provenances.indexOf(a) > provenances.indexOf(b) ? a : b
}

/** One cost after the other; the energy is unknown where that of one is. */
export function addCosts(a: StepCost, b: StepCost): StepCost {
  const energy = a.energy &&
    b.energy && {
      energyJ: a.energy.energyJ + b.energy.energyJ,
      provenance: weaker(a.energy.provenance, b.energy.provenance),
    }
  return { latencyS: a.latencyS + b.latencyS, energy }
}
