/** A coordinate that moves less than this part of the largest one no longer matters. */
const tolerance = 1e-10
const mostRounds = 2000
/** Columns of A, each of length 1 unless it is zero, with their lengths. */
function unitColumns(rows: readonly (readonly number[])[], count: number) {
  const lengths = Float64Array.from({ length: count }, (_, j) => Math.hypot(...rows.map((row) => row[j]!)))
  const columns = Array.from(lengths, (length, j) =>
    Float64Array.from(rows, (row) => (length > 0 ? row[j]! / length : 0)),
  )
  return { lengths, columns }
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0
  for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!
  return sum
}

/**
 * Coefficients x ≥ 0 that minimise |A·x − b|², by coordinate descent (Franc, Hlaváč, Navara 2005, "Sequential
 * coordinate-wise algorithm for the non-negative least squares problem"). Columns that are zero get 0.
 * @param rows rows of A, all of one length
 * @param from where to begin: the nearer the sooner it ends
 * @param rounds after so many it ends in any case
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  b: readonly number[],
  from: readonly number[] = [],
  rounds: number = mostRounds,
): readonly number[] {
  const count = rows[0]?.length ?? 0
  const { lengths, columns } = unitColumns(rows, count)
  const target = Float64Array.from(b)
  const gram = columns.map((left) => Float64Array.from(columns, (right) => dot(left, right)))
  const x = Float64Array.from(lengths, (length, j) => (from[j] ?? 0) * length)
  const gradient = Float64Array.from(columns, (column, j) => dot(gram[j]!, x) - dot(column, target))
  const filled = [...lengths.keys()].filter((j) => lengths[j]! > 0)
  for (let round = 0; round < rounds; round++) {
    let moved = 0
    for (const j of filled) {
      const next = Math.max(0, x[j]! - gradient[j]! / gram[j]![j]!)
      const step = next - x[j]!
      if (step === 0) continue
      x[j] = next
      moved = Math.max(moved, Math.abs(step))
      const products = gram[j]!
      for (let i = 0; i < count; i++) gradient[i]! += step * products[i]!
    }
    if (moved <= tolerance * x.reduce((most, value) => Math.max(most, value), 0)) break
  }
  return Array.from(x, (value, j) => (lengths[j]! > 0 ? value / lengths[j]! : 0))
}
