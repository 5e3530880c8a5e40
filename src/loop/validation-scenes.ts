import { toInt16Samples } from '../audio/fixed/extractor.ts'
import { quietScene, type ScenePiece, spokenScene } from '../audio/stream/scene.ts'
import type { ScoreTrace, SpokenWord } from '../audio/stream/thresholds.ts'
import type { Card } from '../catalogue/card.ts'
import type { Clock } from '../core/host.ts'
import { KeywordStream, type KeywordStreamOptions } from './keyword-stream.ts'
import type { OpenFrontend } from './model-frontend.ts'
import type { OnProgress } from './progress.ts'
import type { ValidationClips } from './validation-clips.ts'

/** What listens to validation audio, and how often it looks. */
export interface SceneOptions {
  readonly card: Card
  readonly clips: ValidationClips
  readonly scorer: KeywordStreamOptions['scorer']
  readonly frontend?: OpenFrontend | undefined
  readonly clock: Clock
  /** Rounds through the clips without keywords, each mixed in another way. */
  readonly rounds: number
  readonly stepS: number
  readonly smoothing: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** A stream as the net saw it. */
export interface Trace extends ScoreTrace {
  readonly raw: Float32Array
  readonly hours: number
}

const noiseRatioDb = 10
/** Keywords in noise are heard in so many ways. */
const noisyRounds = 2

/** Runs a stream through front end and net, and keeps all posteriors. */
function traceOf(options: SceneOptions, condition: string, pieces: Iterable<ScenePiece>): Trace {
  const { card, stepS, smoothing, signal } = options
  const looks: Float32Array[] = []
  const times: number[] = []
  const stream = new KeywordStream({
    card,
    clock: options.clock,
    scorer: options.scorer,
    frontend: options.frontend,
    settings: { stepS, smoothing, refractoryS: 0, thresholds: {} },
    onScores: (scores, timeS) => {
      looks.push(scores.slice())
      times.push(timeS)
    },
  })
  const words: SpokenWord[] = []
  let samples = 0
  for (const piece of pieces) {
    signal?.throwIfAborted()
    const startS = samples / card.features.sampleRateHz
    if (piece.word) words.push({ ...piece.word, startS: startS + piece.word.startS, endS: startS + piece.word.endS })
    stream.push(toInt16Samples(piece.samples))
    samples += piece.samples.length
  }
  const labels = card.labels.length
  const raw = new Float32Array(looks.length * labels)
  looks.forEach((look, at) => {
    raw.set(look, at * labels)
  })
  const hours = samples / card.features.sampleRateHz / 3600
  return { condition, raw, smoothed: smooth(raw, labels, smoothing), stepS, startS: times[0] ?? 0, words, hours }
}

/** Means of the last few looks, as the detector makes them: before the first there is nothing. */
export function smooth(raw: Float32Array, labels: number, smoothing: number): Float32Array {
  return raw.map((_, at) => {
    let sum = 0
    for (let back = 0; back < smoothing && at - back * labels >= 0; back++) sum += raw[at - back * labels]!
    return sum / smoothing
  })
}

/** What was seen of streams without and with keywords. */
export interface Scenes {
  readonly quiet: readonly Trace[]
  readonly spoken: readonly Trace[]
}

/** Traces of all streams, one after the other, with progress. */
export function listenToScenes(options: SceneOptions): Scenes {
  const { clips, rounds, onProgress, card } = options
  const { sampleRateHz } = card.features
  const total = rounds + 1 + noisyRounds
  let done = 0
  const step = <T>(value: T): T => {
    onProgress?.({ stage: 'listen', done: ++done, total })
    return value
  }
  const spokenIn = (condition: string, ratio: number | null, seeds: readonly number[]) => {
    const pieces = function* () {
      for (const seed of seeds) {
        yield* spokenScene(clips.keywords, clips.noises, ratio, sampleRateHz, seed)
        step(null)
      }
    }
    return traceOf(options, condition, pieces())
  }
  onProgress?.({ stage: 'listen', done: 0, total })
  const quiet = Array.from({ length: rounds }, (_, round) =>
    step(traceOf(options, 'no keyword', quietScene(clips.others, clips.noises, sampleRateHz, 1000 + round))),
  )
  const clean = spokenIn('clean', null, [1])
  if (clips.noises.length === 0) return { quiet, spoken: [clean] }
  const seeds = Array.from({ length: noisyRounds }, (_, round) => 10 + round)
  return { quiet, spoken: [clean, spokenIn(`${noiseRatioDb} dB`, noiseRatioDb, seeds)] }
}
