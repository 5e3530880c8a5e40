import type { FeatureSpec } from './feature-spec.ts'

/** HTK mel scale (Young et al., The HTK Book): m = 2595·log10(1 + f/700). */
const hzToMel = (hz: number) => 2595 * Math.log10(1 + hz / 700)
const melToHz = (mel: number) => 700 * (10 ** (mel / 2595) - 1)

/** A mel band: weights of the spectrum's bins from `firstBin` on. */
export interface MelBand {
  readonly firstBin: number
  readonly weights: Float64Array
}

/** Triangular filters on the bins' centre frequencies, corners equally spaced in mel, height 1. */
export function melFilters(spec: FeatureSpec): readonly MelBand[] {
  const low = hzToMel(spec.melLowHz)
  const step = (hzToMel(spec.melHighHz) - low) / (spec.melBins + 1)
  const inMel = spec.melSlopes === 'mel'
  const corner = (index: number) => (inMel ? low + step * index : melToHz(low + step * index))
  const bins = spec.fftSize / 2 + 1
  return Array.from({ length: spec.melBins }, (_, band) => {
    const [left, centre, right] = [corner(band), corner(band + 1), corner(band + 2)]
    const all = Array.from({ length: bins }, (_, bin) => {
      const hz = (bin * spec.sampleRateHz) / spec.fftSize
      const at = inMel ? hzToMel(hz) : hz
      return Math.max(0, Math.min((at - left) / (centre - left), (right - at) / (right - centre)))
    })
    const firstBin = Math.max(
      0,
      all.findIndex((weight) => weight > 0),
    )
    return { firstBin, weights: Float64Array.from(all.slice(firstBin, all.findLastIndex((weight) => weight > 0) + 1)) }
  })
}
