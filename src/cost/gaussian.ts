import { cholesky, solveLower, solveUpper } from '../core/cholesky.ts'

/** A guess with its standard deviation. */
export interface Guess {
  readonly value: number
  readonly deviation: number
}

/** Values of mean zero that are normal together, some of them known. */
export interface Conditioned {
  /** Another value from its covariances with those that are known, and its own standard deviation beforehand. */
  guess(covariances: readonly number[], deviation: number): Guess
  /** What every known value would be guessed as without itself (Rasmussen and Williams 2006, equation 5.12), noise included. */
  leaveOneOut(): readonly Guess[]
  /** Log density of what is known, up to a constant; larger fits better. */
  readonly logLikelihood: number
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)

/**
 * Conditions normal values of mean zero on some of them (Rasmussen and Williams 2006, "Gaussian Processes for Machine
 * Learning", algorithm 2.1; the same as simple kriging).
 * @param values what is known
 * @param covariance of two known values by their places, with the noise of each on the diagonal
 */
export function condition(values: readonly number[], covariance: (i: number, j: number) => number): Conditioned {
  const lower = cholesky(values.map((_, i) => Float64Array.from({ length: i + 1 }, (_, j) => covariance(i, j))))
  const white = solveLower(lower, values)
  const weights = solveUpper(lower, white)
  return {
    logLikelihood: -lower.reduce((sum, row, i) => sum + Math.log(row[i]!), squares(white) / 2),
    guess(covariances, deviation) {
      const value = covariances.reduce((sum, each, i) => sum + each * weights[i]!, 0)
      const explained = squares(solveLower(lower, covariances))
      return { value, deviation: Math.sqrt(Math.max(0, deviation ** 2 - explained)) }
    },
    leaveOneOut: () =>
      values.map((value, i) => {
        const unit = values.map((_, j) => (i === j ? 1 : 0))
        const precision = squares(solveLower(lower, unit))
        return { value: value - weights[i]! / precision, deviation: 1 / Math.sqrt(precision) }
      }),
  }
}
