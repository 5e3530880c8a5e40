/**
 * The x that makes |A·x - y| least, by Householder reflections (Golub and Van Loan, 5.3.2).
 * @param rows rows of A, at least as many as columns
 * @returns null where the columns are not independent
 */
export function leastSquares(rows: readonly (readonly number[])[], y: readonly number[]): Float64Array | null {
  const width = rows[0]?.length ?? 0
  if (width === 0 || rows.length < width) return null
  const a = rows.map((row, at) => Float64Array.from([...row, y[at]!]))
  const largest = a.reduce((most, row) => row.subarray(0, width).reduce((m, v) => Math.max(m, Math.abs(v)), most), 0)
  for (let column = 0; column < width; column++) {
    const norm = Math.hypot(...a.slice(column).map((row) => row[column]!))
    if (!(norm > largest * 1e-12)) return null
    reflect(a, column, norm)
  }
  return substituteBack(a, width)
}

/** Mirrors the rows from `column` on, so that only the first of them is not 0 in that column. */
function reflect(a: readonly Float64Array[], column: number, norm: number): void {
  const alpha = a[column]![column]! > 0 ? -norm : norm
  const v = a.slice(column).map((row) => row[column]!)
  v[0]! -= alpha
  const length = v.reduce((sum, value) => sum + value * value, 0)
  if (length === 0) return
  for (let at = column; at < a[0]!.length; at++) {
    const dot = v.reduce((sum, value, row) => sum + value * a[column + row]![at]!, 0)
    v.forEach((value, row) => {
      a[column + row]![at]! -= (2 * dot * value) / length
    })
  }
}

/** Solves the triangle; the right-hand side is the last column. */
function substituteBack(a: readonly Float64Array[], width: number): Float64Array {
  const x = new Float64Array(width)
  for (let row = width - 1; row >= 0; row--) {
    let sum = a[row]![width]!
    for (let column = row + 1; column < width; column++) sum -= a[row]![column]! * x[column]!
    x[row] = sum / a[row]![row]!
  }
  return x
}
