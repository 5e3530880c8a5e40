import type { FeatureSpec } from '../feature-spec.ts'
import type { FeatureExtractor } from '../features.ts'
import { FixedFrontend } from './frontend.ts'
import { featureFractionBits, fixedTables } from './tables.ts'

/** A sample of -1..1 as int16; what is beyond is clipped. */
export function toInt16Samples(samples: Float32Array): Int16Array {
  const whole = new Int16Array(samples.length)
  for (let n = 0; n < whole.length; n++) whole[n] = Math.max(-32768, Math.min(32767, Math.round(samples[n]! * 32768)))
  return whole
}

/** The highest sample of a clip; full scale where none is above 0. */
function highest(samples: Int16Array): number {
  let peak = 0
  for (const sample of samples) if (sample > peak) peak = sample
  return peak > 0 ? peak : 32768
}

/** Features of clips as the front end in whole numbers computes them, in the units of `createFeatureExtractor`. */
export function createFixedExtractor(spec: FeatureSpec): FeatureExtractor {
  const tables = fixedTables(spec)
  const frontend = new FixedFrontend(tables)
  const { clipSamples, frames } = tables
  const length = frontend.values.length
  const extract = (samples: Float32Array, output = new Float32Array(frames * length)) => {
    if (samples.length !== clipSamples)
      throw new RangeError(`feature extraction wants ${clipSamples} samples, got ${samples.length}`)
    const whole = toInt16Samples(samples)
    frontend.reset()
    if (spec.peakNormalized) frontend.peak = highest(whole)
    let at = 0
    for (let index = 0; index < frames; index++) {
      at = frontend.push(whole, at)
      for (let k = 0; k < length; k++) output[index * length + k] = frontend.values[k]! / 2 ** featureFractionBits
    }
    return output
  }
  return { spec, clipSamples, frames, extract }
}
