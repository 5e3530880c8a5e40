/** Rows of numbers, one behind the other. */
export interface Rows {
  readonly values: Float64Array
  readonly width: number
  readonly count: number
}

/** What a class is fitted to. */
export interface ClassExamples {
  /** Embeddings of the new word and of everything else. */
  readonly rows: Rows
  /** Whether a row is the new word. */
  readonly isWord: readonly boolean[]
}

/** A linear logit. */
export interface LinearLogit {
  readonly weights: Float64Array
  readonly bias: number
}

/** Whitens rows: subtracts a mean and multiplies by the inverse of the Cholesky factor of a covariance. */
export interface Whitening {
  readonly mean: Float64Array
  /** Lower triangle, row by row. */
  readonly lower: readonly Float64Array[]
}

/** A row of rows, as a view. */
export function rowOf({ values, width }: Rows, at: number): Float64Array {
  return values.subarray(at * width, (at + 1) * width)
}

function meanOf(rows: Rows, chosen: readonly number[]): Float64Array {
  const mean = new Float64Array(rows.width)
  for (const at of chosen)
    rowOf(rows, at).forEach((value, k) => {
      mean[k]! += value / chosen.length
    })
  return mean
}

/** Lower triangle L with L·Lᵀ = A, in place of the lower triangle of A. */
function cholesky(a: readonly Float64Array[]): readonly Float64Array[] {
  for (const [i, row] of a.entries())
    for (let j = 0; j <= i; j++) {
      const other = a[j]!
      let sum = row[j]!
      for (let k = 0; k < j; k++) sum -= row[k]! * other[k]!
      row[j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / other[j]!
    }
  return a
}

/**
 * The whitening by which examples of one word lie in a ball around their mean: the covariance within words, over words that
 * have several examples, with a share of its mean variance on the diagonal.
 * @param groups the word of each row; rows of null are left out
 */
export function whitenWithin(rows: Rows, groups: readonly (string | null)[], share: number): Whitening {
  const members = new Map<string, number[]>()
  groups.forEach((group, at) => {
    if (group !== null) members.set(group, [...(members.get(group) ?? []), at])
  })
  const { width } = rows
  const covariance = Array.from({ length: width }, (_, k) => new Float64Array(k + 1))
  let freedom = 0
  for (const chosen of members.values()) {
    if (chosen.length < 2) continue
    const mean = meanOf(rows, chosen)
    freedom += chosen.length - 1
    for (const at of chosen)
      addProducts(
        covariance,
        rowOf(rows, at).map((value, k) => value - mean[k]!),
      )
  }
  for (const row of covariance) for (let k = 0; k < row.length; k++) row[k] = row[k]! / Math.max(1, freedom)
  const variance = covariance.reduce((sum, row, k) => sum + row[k]!, 0) / width
  covariance.forEach((row, k) => {
    row[k]! += share * variance + 1e-9
  })
  return { mean: meanOf(rows, [...groups.keys()]), lower: cholesky(covariance) }
}

function addProducts(triangle: readonly Float64Array[], values: Float64Array): void {
  for (const [i, row] of triangle.entries()) {
    const value = values[i]!
    for (let j = 0; j <= i; j++) row[j] = row[j]! + value * values[j]!
  }
}

/** Rows after a whitening. */
export function whiten(rows: Rows, { mean, lower }: Whitening): Rows {
  const values = new Float64Array(rows.values.length)
  const whitened = { ...rows, values }
  for (let at = 0; at < rows.count; at++) {
    const [from, to] = [rowOf(rows, at), rowOf(whitened, at)]
    for (const [i, row] of lower.entries()) {
      let sum = from[i]! - mean[i]!
      for (let k = 0; k < i; k++) sum -= row[k]! * to[k]!
      to[i] = sum / row[i]!
    }
  }
  return whitened
}

/** The same logit over rows that are not whitened. */
export function unwhiten({ weights, bias }: LinearLogit, { mean, lower }: Whitening): LinearLogit {
  const plain = Float64Array.from(weights)
  for (let i = plain.length - 1; i >= 0; i--) {
    plain[i] = plain[i]! / lower[i]![i]!
    for (let k = 0; k < i; k++) plain[k] = plain[k]! - lower[i]![k]! * plain[i]!
  }
  return { weights: plain, bias: bias - plain.reduce((sum, weight, k) => sum + weight * mean[k]!, 0) }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** Logit of a row. */
export function logitOf({ weights, bias }: LinearLogit, row: Float64Array): number {
  let sum = bias
  for (let k = 0; k < weights.length; k++) sum += weights[k]! * row[k]!
  return sum
}

/** An upper bound of the curvature of the mean loss, from the rows' mean squares. */
function curvatureOf(rows: Rows, weights: Float64Array): number {
  const { width } = rows
  let direction = new Float64Array(width + 1).fill(1 / Math.sqrt(width + 1))
  let most = 0
  for (let step = 0; step < 12; step++) {
    const next = new Float64Array(width + 1)
    for (let at = 0; at < rows.count; at++) {
      const row = rowOf(rows, at)
      let dot = direction[width]!
      for (let k = 0; k < width; k++) dot += row[k]! * direction[k]!
      dot *= weights[at]!
      for (let k = 0; k < width; k++) next[k] = next[k]! + dot * row[k]!
      next[width] = next[width]! + dot
    }
    most = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0))
    direction = next.map((value) => value / Math.max(most, 1e-12))
  }
  return 0.25 * 1.2 * most
}

/**
 * Fits a logit by the log loss of "this word or not": both sides count alike, squares of the weights are charged. Nesterov's accelerated gradient (Nesterov 1983), a fixed number of steps.
 * @param penalty what squared weights cost
 */
export function fitClass({ rows, isWord }: ClassExamples, penalty: number, steps: number): LinearLogit {
  const { values, width, count } = rows
  const words = isWord.filter(Boolean).length
  const shares = Float64Array.from(isWord, (word) => 0.5 / (word ? words : count - words))
  const rate = 1 / (curvatureOf(rows, shares) + penalty)
  let at = new Float64Array(width + 1)
  let ahead = at
  for (let step = 1; step <= steps; step++) {
    const gradient = ahead.map((value, k) => (k < width ? penalty * value : 0))
    for (let n = 0, from = 0; n < count; n++, from += width) {
      let logit = ahead[width]!
      for (let k = 0; k < width; k++) logit += ahead[k]! * values[from + k]!
      const slope = shares[n]! * (sigmoid(logit) - Number(isWord[n]))
      for (let k = 0; k < width; k++) gradient[k] = gradient[k]! + slope * values[from + k]!
      gradient[width] = gradient[width]! + slope
    }
    const next = ahead.map((value, k) => value - rate * gradient[k]!)
    const momentum = (step - 1) / (step + 2)
    ahead = next.map((value, k) => value + momentum * (value - at[k]!))
    at = next
  }
  return { weights: at.slice(0, width), bias: at[width]! }
}
