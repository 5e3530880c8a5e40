import type { FeatureSpec } from './feature-spec.ts'

/** Rows that turn the logarithms of the mel bands into the values of a frame: a DCT-II, or for `log-mel` the identity. */
export function cepstrumRows({ kind, coefficients, melBins, dct }: FeatureSpec): readonly Float64Array[] {
  if (kind === 'log-mel')
    return Array.from({ length: melBins }, (_, k) =>
      Float64Array.from({ length: melBins }, (_, n) => (k === n ? 1 : 0)),
    )
  return Array.from({ length: coefficients }, (_, k) => {
    const scale = Math.sqrt((k === 0 && dct !== 'uniform' ? 1 : 2) / melBins)
    return Float64Array.from(
      { length: melBins },
      (_, n) => scale * Math.cos((Math.PI * k * (2 * n + 1)) / (2 * melBins)),
    )
  })
}
