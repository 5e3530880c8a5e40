import type { DetectorSettings } from '../audio/stream/detector.ts'
import type { Card } from './card.ts'

/** The labels of a card that are keywords. */
export function keywordsOf({ labels, otherLabel, silenceLabel }: Card): readonly string[] {
  return labels.filter((label) => label !== otherLabel && label !== silenceLabel)
}

/** How a stream is looked at where a card says nothing; the threshold is the middle of what trials used. */
const usual = { stepS: 0.1, smoothing: 5, refractoryS: 1 }
const usualThreshold = 0.65

/** When a variant's posteriors make an event: as its card says, else the usual thresholds. */
export function detectorSettings(card: Card, variant: string, threshold?: number): DetectorSettings {
  const stated = card.variants.find(({ name }) => name === variant)?.detector
  const all = (value: number) => Object.fromEntries(keywordsOf(card).map((keyword) => [keyword, value]))
  if (!stated) return { ...usual, thresholds: all(threshold ?? usualThreshold) }
  const { stepS, smoothing, refractoryS, thresholds } = stated
  return { stepS, smoothing, refractoryS, thresholds: threshold === undefined ? thresholds : all(threshold) }
}
