/**
 * Coefficients x ≥ 0 that minimise |A·x − b|², by coordinate descent (Franc, Hlaváč, Navara 2005, "Sequential
 * coordinate-wise algorithm for the non-negative least squares problem"). Columns that are zero get 0.
 * @param rows rows of A, all of one length
 */
export function nonNegativeLeastSquares(rows: readonly (readonly number[])[], b: readonly number[]): readonly number[] {
  const count = rows[0]?.length ?? 0
  const columns = Array.from({ length: count }, (_, j) => Math.hypot(...rows.map((row) => row[j]!)))
  const scaled = rows.map((row) => row.map((value, j) => (columns[j] ? value / columns[j]! : 0)))
  const gram = Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) => scaled.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
  )
  const gradient = Array.from({ length: count }, (_, j) => -scaled.reduce((sum, row, r) => sum + row[j]! * b[r]!, 0))
  const x = new Array<number>(count).fill(0)
  for (let round = 0; round < 2000; round++) {
    let moved = 0
    for (let j = 0; j < count; j++) {
      if (!gram[j]![j]) continue
      const next = Math.max(0, x[j]! - gradient[j]! / gram[j]![j]!)
      const step = next - x[j]!
      if (step === 0) continue
      x[j] = next
      moved = Math.max(moved, Math.abs(step))
      for (let i = 0; i < count; i++) gradient[i] = gradient[i]! + step * gram[i]![j]!
    }
    if (moved < 1e-12) break
  }
  return x.map((value, j) => (columns[j] ? value / columns[j]! : 0))
}
