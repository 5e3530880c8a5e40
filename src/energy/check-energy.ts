import { errorModel } from './budget.ts'
import { coverageBound } from './coverage.ts'
import {
  acceptedNotes,
  type GateBase,
  type GatedRecord,
  type GateOptions,
  type GateSide,
  sideOf,
  usableFigure,
} from './gate.ts'

/** Whether a record stays within a limit. */
export interface CheckResult extends GateBase {
  readonly kind: 'milliwatt-energy-check'
  readonly limitJ: number
  /** The value that the truth does not exceed with this confidence; null where it cannot be stated. */
  readonly upperBoundJ: number | null
  readonly side: GateSide
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
    notes: acceptedNotes([gated], options.accept),
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
