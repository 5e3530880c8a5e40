import { type Detection, type DetectorSettings, KeywordDetector } from '../audio/stream/detector.ts'
import { FeatureStream } from '../audio/stream/feature-stream.ts'
import { LevelMeter, type SignalFacts } from '../audio/stream/level-meter.ts'
import type { Card } from '../catalogue/card.ts'
import type { Clock } from '../core/host.ts'
import { quantile } from '../core/stats.ts'
import type { OpenFrontend } from './model-frontend.ts'
import type { Scorer } from './net-scorer.ts'

/** A keyword that was heard in a stream. */
export interface KeywordEvent extends Detection {
  /** From the end of the word, as far as the level tells it, to the event; in the time of the stream. */
  readonly latencyS: number
  /** From the arrival of the samples that made the event to the event, in the time of this machine. */
  readonly processingS: number
}

/** What listening cost and met. */
export interface StreamFacts {
  readonly audioS: number
  readonly events: number
  readonly inferences: number
  readonly macs: number
  /** Time that this machine worked on the stream, and its share of the time that the audio lasts. */
  readonly busyS: number
  readonly load: number
  /** From the arrival of a hop to the end of the work on it. */
  readonly hop: { readonly medianS: number; readonly p99S: number; readonly maxS: number } | null
  readonly signal: SignalFacts
}

/** How to listen. */
export interface KeywordStreamOptions {
  readonly card: Pick<Card, 'labels' | 'features'>
  readonly settings: DetectorSettings
  readonly clock: Clock
  /** Opens the front end where it is a model (`openFrontend`). */
  readonly frontend?: OpenFrontend | undefined
  /** Makes the scorer that looks at the window. */
  readonly scorer: (window: FeatureStream) => Scorer
  readonly onEvent?: (event: KeywordEvent) => void
  /** Gets every look: the posteriors (used again by the next look) and the time of the stream. */
  readonly onScores?: (scores: Float32Array, timeS: number) => void
}

/** Silence after a word until the net is sure of it, in seconds. */
const endS = 0.3

/** Times of hops that are remembered. */
const keptHops = 16384

/** Front end, net and detector over a stream of samples, in the caller's thread and in constant memory. */
export class KeywordStream {
  readonly #options: KeywordStreamOptions
  readonly #window: FeatureStream
  readonly #scorer: Scorer
  readonly #detector: KeywordDetector
  readonly #level: LevelMeter
  readonly #hopsAStep: number
  readonly #hopS: number
  readonly #frameS: number
  readonly #hopTimes = new Float64Array(keptHops)
  #hops = 0
  #events = 0
  #busyS = 0
  #maxHopS = 0

  constructor(options: KeywordStreamOptions) {
    const { card, settings } = options
    const { sampleRateHz, frameS } = card.features
    this.#options = options
    this.#window = new FeatureStream(card.features, options.frontend?.())
    this.#scorer = options.scorer(this.#window)
    this.#detector = new KeywordDetector(card.labels, settings)
    this.#hopS = this.#window.hop / sampleRateHz
    this.#frameS = frameS
    this.#hopsAStep = Math.max(1, Math.round(settings.stepS / this.#hopS))
    this.#level = new LevelMeter(this.#window.hop, sampleRateHz)
  }

  /** Takes samples as they come. */
  push(samples: Int16Array): void {
    const { clock } = this.#options
    const arrivalS = clock.preciseS()
    let startS = arrivalS
    for (let at = 0; at < samples.length; ) {
      const from = at
      at = this.#window.push(samples, from)
      this.#level.push(samples, from, at)
      if (!this.#window.ended) continue
      if (this.#window.columns % this.#hopsAStep === 0) this.#look(startS)
      const nowS = clock.preciseS()
      this.#note(nowS - startS)
      startS = nowS
    }
    this.#busyS += clock.preciseS() - arrivalS
  }

  /** Ends the stream as if silence followed, so that a word at its very end counts. */
  finish(): void {
    const { stepS, smoothing } = this.#options.settings
    const silence = new Int16Array(Math.round((stepS * smoothing + endS) * this.#options.card.features.sampleRateHz))
    for (let at = 0; at < silence.length; ) {
      at = this.#window.push(silence, at)
      if (this.#window.ended && this.#window.columns % this.#hopsAStep === 0) this.#look(this.#options.clock.preciseS())
    }
  }

  #look(arrivalS: number): void {
    const { onScores, onEvent, clock } = this.#options
    const timeS = this.#frameS + (this.#window.columns - 1) * this.#hopS
    const scores = this.#scorer.score(this.#window)
    onScores?.(scores, timeS)
    const heard = this.#detector.push(scores, timeS)
    if (!heard) return
    this.#events += 1
    const processingS = clock.preciseS() - arrivalS
    onEvent?.({ ...heard, latencyS: this.#level.sinceEndS(this.#window.spec.clipS) + processingS, processingS })
  }

  #note(elapsedS: number): void {
    this.#hopTimes[this.#hops++ % keptHops] = elapsedS
    if (elapsedS > this.#maxHopS) this.#maxHopS = elapsedS
  }

  /** What was seen so far. */
  get facts(): StreamFacts {
    const signal = this.#level.facts
    const audioS = signal.samples / this.#options.card.features.sampleRateHz
    const times = this.#hopTimes.subarray(0, Math.min(this.#hops, keptHops))
    const hop = { medianS: quantile(times, 0.5), p99S: quantile(times, 0.99), maxS: this.#maxHopS }
    return {
      audioS,
      events: this.#events,
      inferences: this.#scorer.runs,
      macs: this.#scorer.macs,
      busyS: this.#busyS,
      load: audioS > 0 ? this.#busyS / audioS : 0,
      hop: times.length > 0 ? hop : null,
      signal,
    }
  }
}
