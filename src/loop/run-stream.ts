import { detectorSettings, keywordsOf } from '../catalogue/detector-settings.ts'
import type { Host } from '../core/host.ts'
import type { StreamReport } from '../report/stream-report.ts'
import { clipStream } from './clip-stream.ts'
import type { ClipSource } from './clips.ts'
import { KeywordStream, type KeywordStreamOptions, type StreamFacts } from './keyword-stream.ts'
import { streamCard } from './listen.ts'
import { listeningCosts } from './metered-listening.ts'
import type { LoadedModel } from './model.ts'
import { openFrontend } from './model-frontend.ts'
import { netScorer } from './net-scorer.ts'
import { openCascade } from './open-cascade.ts'
import type { OnProgress } from './progress.ts'
import type { Runtime } from './runtime.ts'
import { StreamRecorder } from './stream-recorder.ts'
import { largeAlone, streamSummary } from './stream-summary.ts'

/** How to run a card's cascade over recordings. */
export interface StreamRunOptions {
  readonly host: Host
  readonly runtime: Runtime
  /** Name of a shipped model, or a folder with a card. */
  readonly model: string
  /** Any variant of it that is loaded already: its card says what the cascade is. */
  readonly loaded: LoadedModel
  readonly clips: readonly ClipSource[]
  /** Length of a measuring window in seconds. */
  readonly windowS: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** Nets of a stream run in the caller's thread. */
const streamBackends = ['compiled'] as const

/**
 * Puts recordings into one stream with pauses and runs the card's cascade over it, then its large net at every look.
 * Energies are those of the meter that runs, else of the machine's published power.
 * @throws MilliwattError CARD_INVALID for a model without a cascade, CLIP_*, BACKEND_*
 */
export async function runStream(options: StreamRunOptions): Promise<StreamReport> {
  const { host, runtime, model, signal, onProgress } = options
  const load = (variant: string) => runtime.load(model, { variant, backends: streamBackends })
  const card = streamCard(options.loaded)
  const frontend = await openFrontend(host, options.loaded.catalogue.folder, card.features)
  onProgress?.({ stage: 'listen', done: 0, total: 2 })
  const stream = await clipStream(options.clips, keywordsOf(card), card.features.sampleRateHz)
  let energySource = ''
  const recorder = new StreamRecorder(card.cascade?.detector.stepS ?? 0.1)
  const cascade = await openCascade({
    card,
    load,
    clock: host.clock,
    powerOf: async (nets) => {
      const { power, source } = await listeningCosts(nets, { ...options, card, frontend })
      energySource = source
      return power
    },
    onDecision: (decision) => recorder.look(decision),
    onChange: (change) => recorder.changed(change),
  })
  const hear = (more: Pick<KeywordStreamOptions, 'settings' | 'scorer' | 'onEvent'>): StreamFacts => {
    const listening = new KeywordStream({ card, clock: host.clock, frontend, ...more })
    for (const piece of stream.pieces) {
      signal?.throwIfAborted()
      listening.push(piece)
    }
    listening.finish()
    return listening.facts
  }
  const { settings, scorer, nets } = cascade
  const facts = hear({ settings, scorer, onEvent: (event) => recorder.heard(event) })
  onProgress?.({ stage: 'listen', done: 1, total: 2 })
  const [, large] = nets.models
  const name = large.variant.name
  const own = card.variants.find((variant) => variant.name === name)?.detector
  const heard = hear({
    settings: own ? detectorSettings(card, name) : settings,
    scorer: (window) => netScorer(large, window, card.labels),
  })
  const alone = largeAlone(cascade, recorder, card.features.hopS, heard)
  return streamSummary({ source: stream.name, cascade, recorder, facts, energySource, clips: stream.clips, alone })
}
