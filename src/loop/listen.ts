import type { DetectorSettings } from '../audio/stream/detector.ts'
import type { Card } from '../catalogue/card.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import type { AudioSource } from './audio-source.ts'
import { type KeywordEvent, KeywordStream, type KeywordStreamOptions, type StreamFacts } from './keyword-stream.ts'
import type { LoadedModel } from './model.ts'
import type { OpenFrontend } from './model-frontend.ts'

/** What to listen with, and who hears of events. */
export interface ListenOptions {
  readonly card: Card
  readonly settings: DetectorSettings
  readonly scorer: KeywordStreamOptions['scorer']
  readonly frontend?: OpenFrontend | undefined
  readonly clock: Clock
  readonly onEvent?: (event: KeywordEvent) => void
  readonly signal?: AbortSignal
}

/** What listening to a source gave; `problem` ended it early. */
export interface Listened {
  readonly source: string
  readonly facts: StreamFacts
  readonly overruns: number
  readonly problem: MilliwattError | null
}

/** The card of a model for streams. @throws MilliwattError CARD_INVALID */
export function streamCard({ catalogue: { card, folder } }: LoadedModel): Card {
  if (card) return card
  throw new MilliwattError('CARD_INVALID', folder, 'Listening needs a card.json with labels and features.')
}

/**
 * Listens to a source until it ends or the signal aborts. A source that fails in the middle gives what was heard so far.
 * @throws MilliwattError CARD_INVALID, BACKEND_LACKS on engines that only run asynchronously
 */
export async function listenTo(source: AudioSource, options: ListenOptions): Promise<Listened> {
  const { card, settings, scorer, frontend, clock, onEvent, signal } = options
  const stream = new KeywordStream({ card, clock, settings, scorer, frontend, ...(onEvent ? { onEvent } : {}) })
  let problem: MilliwattError | null = null
  try {
    await source.run((samples) => stream.push(samples), signal)
    if (!source.live) stream.finish()
  } catch (error) {
    if (!(error instanceof MilliwattError) || stream.facts.audioS === 0) throw error
    problem = error
  }
  return { source: source.name, facts: stream.facts, overruns: source.overruns, problem }
}
