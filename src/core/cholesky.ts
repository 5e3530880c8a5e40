/** Lower triangle L with L·Lᵀ = A, for a symmetric positive definite A given by its lower triangle. */
export function cholesky(a: readonly Float64Array[]): readonly Float64Array[] {
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

/** x with L·x = b. */
export function solveLower(lower: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(b.length)
  for (let i = 0; i < b.length; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= lower[i]![k]! * x[k]!
    x[i] = sum / lower[i]![i]!
  }
  return x
}

/** x with Lᵀ·x = b. */
export function solveUpper(lower: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(b.length)
  for (let i = b.length - 1; i >= 0; i--) {
    let sum = b[i]!
    for (let k = i + 1; k < b.length; k++) sum -= lower[k]![i]! * x[k]!
    x[i] = sum / lower[i]![i]!
  }
  return x
}

/**
 * Inverse of a symmetric matrix without negative eigenvalues.
 * @param ridge share of the mean diagonal that is added to the diagonal, so that there is one
 */
export function dampedInverse(matrix: readonly Float64Array[], ridge: number): Float64Array[] {
  const size = matrix.length
  const added = (ridge * matrix.reduce((sum, row, at) => sum + row[at]!, 0)) / size + 1e-12
  const lower = cholesky(matrix.map((row, at) => row.map((value, j) => (j === at ? value + added : value))))
  return matrix.map((_, at) => {
    const unit = new Float64Array(size)
    unit[at] = 1
    return solveUpper(lower, solveLower(lower, unit))
  })
}
