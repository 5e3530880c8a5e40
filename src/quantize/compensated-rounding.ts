import { cholesky, dampedInverse } from '../core/cholesky.ts'

/** Share of the mean moment that is added to the diagonal. */
const damping = 0.01

/** Upper triangle U with Uᵀ·U = H⁻¹, row by row from the diagonal on. */
export function inverseRoot(moments: readonly Float64Array[]): readonly Float64Array[] {
  const size = moments.length
  const root = cholesky(dampedInverse(moments, damping))
  return root.map((_, i) => Float64Array.from({ length: size - i }, (__, k) => root[i + k]![i]!))
}

/**
 * Rounds a row of weights one after another, each taking up what the rounding of those before it changed of the sum, by
 * what their inputs have in common (Frantar et al. 2023, "GPTQ").
 * @param root of `inverseRoot`
 * @param highest integers lie in −highest..highest
 */
export function roundRow(row: Float64Array, scale: number, highest: number, root: readonly Float64Array[]): Int8Array {
  const open = row.slice()
  return Int8Array.from(root, (line, at) => {
    const integer = Math.max(-highest, Math.min(highest, Math.round(open[at]! / scale)))
    const error = (open[at]! - integer * scale) / line[0]!
    for (let ahead = 1; ahead < line.length; ahead++) open[at + ahead]! -= error * line[ahead]!
    return integer
  })
}
