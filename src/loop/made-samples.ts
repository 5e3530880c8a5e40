import { featureShape } from '../audio/feature-spec.ts'
import { madeSound } from '../audio/made-sounds.ts'
import { random } from '../core/random.ts'
import type { LabelledSample, SampleReader } from './labelled-samples.ts'
import { openExtractor } from './model-frontend.ts'

/** Every other sample is noise around a level of its own, the others spread over the whole range. */
function madeTensor(length: number, [low, high]: readonly [number, number], seed: number): Float32Array {
  const uniform = random(seed)
  const middle = low + (high - low) * uniform()
  const spread = ((high - low) / 6) * uniform()
  return Float32Array.from({ length }, () => {
    const value = seed % 2 === 0 ? low + (high - low) * uniform() : middle + spread * uniform.normal()
    return Math.max(low, Math.min(high, value))
  })
}

/**
 * Calibration samples where there is no data: made-up sounds through a card's front end, else noise over a range.
 * @param range lowest and highest value of inputs that are no features
 */
export async function madeSamples(
  reader: SampleReader,
  count: number,
  range: readonly [number, number],
): Promise<readonly LabelledSample[]> {
  const seeds = Array.from({ length: count }, (_, index) => index + 1)
  const nameOf = (seed: number) => `made ${seed}`
  if (!reader.card)
    return seeds.map((seed) => {
      const inputs = reader.lengths.map((length, at) => madeTensor(length, range, 2 * seed + at))
      return { clip: nameOf(seed), inputs }
    })
  const { features } = reader.card.card
  const extractor = await openExtractor(reader.host, reader.card.folder, features)
  const { clipSamples } = featureShape(features)
  return seeds.map((seed) => {
    const inputs = [extractor.extract(madeSound(clipSamples, features.sampleRateHz, seed))]
    return { clip: nameOf(seed), inputs }
  })
}
