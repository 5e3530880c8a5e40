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

/** Lower triangle L with L·Lᵀ = A, for a symmetric positive definite A given by its lower triangle. */
function cholesky(a: readonly Float64Array[]): readonly Float64Array[] {
  const lower: Float64Array[] = []
  for (const [i, given] of a.entries()) {
    const row = new Float64Array(i + 1)
    for (let j = 0; j <= i; j++) {
      let sum = given[j]!
      const other = j === i ? row : lower[j]!
      for (let k = 0; k < j; k++) sum -= row[k]! * other[k]!
      row[j] = i === j ? Math.sqrt(Math.max(sum, 1e-18)) : sum / other[j]!
    }
    lower.push(row)
  }
  return lower
}

function solveLower(lower: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(b.length)
  for (let i = 0; i < b.length; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= lower[i]![k]! * x[k]!
    x[i] = sum / lower[i]![i]!
  }
  return x
}

function solveUpper(lower: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(b.length)
  for (let i = b.length - 1; i >= 0; i--) {
    let sum = b[i]!
    for (let k = i + 1; k < b.length; k++) sum -= lower[k]![i]! * x[k]!
    x[i] = sum / lower[i]![i]!
  }
  return x
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
