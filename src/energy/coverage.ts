import { bisect } from '../core/bisect.ts'
import { studentCdf, studentDensity } from '../core/student-t.ts'

/** What is known of the error of a figure: `reading = truth · (1 + G) + A`. */
export interface ErrorModel {
  /** Best estimate, in any unit. */
  readonly value: number
  /** Standard uncertainty of all that adds (A), in the same unit. */
  readonly standardUncertainty: number
  /** Degrees of freedom of A as Student's t; null for a normal distribution. */
  readonly degreesOfFreedom: number | null
  /** Half width of the rectangle in which the relative gain error G lies; below 1. */
  readonly gainLimit: number
}

/** Smallest additive spread as a share of the value: keeps the division below defined. */
const leastSpread = 1e-12

/** An antiderivative of the distribution function of Student's t. */
function integratedCdf(t: number, degrees: number): number {
  if (degrees < 1.001) return t * studentCdf(t, 1) - Math.log1p(t * t) / (2 * Math.PI)
  const n = Math.min(degrees, 1e7)
  return t * studentCdf(t, n) + (studentDensity(t, n) * (n + t * t)) / (n - 1)
}

/** P(truth ≤ y): the mean of P(A ≥ value - y(1 + G)) over the rectangle of G, in closed form. */
function truthCdf(y: number, model: ErrorModel, spread: number, degrees: number): number {
  const { value, gainLimit } = model
  const at = (gain: number) => (y * (1 + gain) - value) / spread
  const width = (2 * gainLimit * y) / spread
  if (Math.abs(width) < 1e-4) return studentCdf(at(0), degrees)
  return (integratedCdf(at(gainLimit), degrees) - integratedCdf(at(-gainLimit), degrees)) / width
}

/**
 * The probabilistically symmetric interval that holds the truth with this confidence. The largest rectangular
 * part (the meter's gain) keeps its shape, everything else is one Student's t: propagation of distributions
 * (JCGM 101:2008) without sampling. With a gain that is small against the rest it is the interval of the GUM
 * (JCGM 100:2008, G.4).
 * @param confidence above 0, below 1
 * @returns null where the model does not hold: no degree of freedom, a gain limit of 1 or more, not finite
 */
export function coverageInterval(model: ErrorModel, confidence: number): readonly [number, number] | null {
  const bound = (probability: number) => coverageBound(model, probability)
  const [low, high] = [bound((1 - confidence) / 2), bound((1 + confidence) / 2)]
  return low === null || high === null ? null : [low, high]
}

/** The value that the truth does not exceed with this probability; null where the model does not hold. */
export function coverageBound(model: ErrorModel, probability: number): number | null {
  const { value, standardUncertainty, gainLimit } = model
  const degrees = model.degreesOfFreedom ?? Number.POSITIVE_INFINITY
  const legal = degrees >= 1 && gainLimit >= 0 && gainLimit < 1 && probability > 0 && probability < 1
  if (!legal || !Number.isFinite(value) || !Number.isFinite(standardUncertainty)) return null
  const spread = Math.max(standardUncertainty, Math.abs(value) * leastSpread)
  if (spread === 0) return 0
  const rising = (y: number) => truthCdf(y, model, spread, degrees) - probability
  let reach = spread + Math.abs(value) * (gainLimit / (1 - gainLimit))
  while (rising(value - reach) > 0 || rising(value + reach) < 0) reach *= 2
  return bisect(rising, value - reach, value + reach)
}
