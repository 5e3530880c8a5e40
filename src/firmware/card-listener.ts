import type { Card } from '../catalogue/card.ts'
import { detectorSettings } from '../catalogue/detector-settings.ts'
import type { ImageListener } from './image-source.ts'

/** How firmware with a variant of a card spots words; null where the front end is a model itself, which is not on boards. */
export function cardListener(card: Card, variant: string): ImageListener | null {
  const { features, labels } = card
  if (features.kind === 'model') return null
  return { features, labels, settings: detectorSettings(card, variant) }
}
