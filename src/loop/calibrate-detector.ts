import { toInt16Samples } from '../audio/fixed/extractor.ts'
import { type DetectorSettings, KeywordDetector } from '../audio/stream/detector.ts'
import { quietScene, type ScenePiece, spokenScene } from '../audio/stream/scene.ts'
import {
  answerS,
  chooseThresholds,
  type KeywordCurve,
  keywordCurves,
  type ScoreTrace,
  type SpokenWord,
  thresholdGrid,
} from '../audio/stream/thresholds.ts'
import type { Card, CardDetector } from '../catalogue/card.ts'
import { keywordsOf } from '../catalogue/detector-settings.ts'
import type { Clock } from '../core/host.ts'
import { quantile } from '../core/stats.ts'
import type { RocVariant } from '../report/roc.ts'
import { KeywordStream, type KeywordStreamOptions } from './keyword-stream.ts'
import type { OnProgress } from './progress.ts'
import type { ValidationClips } from './validation-clips.ts'

/** How thresholds are set. */
export interface CalibrateOptions {
  readonly card: Card
  readonly variant: string
  readonly clips: ValidationClips
  readonly scorer: KeywordStreamOptions['scorer']
  readonly clock: Clock
  readonly split: string
  /** False alarms an hour that are wanted at most, of all keywords together. */
  readonly falseAlarmsPerHour: number
  /** Rounds through the clips without keywords, each mixed in another way. */
  readonly rounds: number
  readonly stepS: number
  readonly smoothing: number
  readonly refractoryS: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** Settings for a card, and what they gave, with the whole trade. */
export interface DetectorCalibration {
  readonly detector: CardDetector
  readonly row: RocVariant
}

/** A stream as the net saw it. */
interface Trace extends ScoreTrace {
  readonly raw: Float32Array
  readonly hours: number
}

const noiseRatioDb = 10
/** Keywords in noise are heard in so many ways. */
const noisyRounds = 2

/** Runs a stream through front end and net, and keeps all posteriors. */
function traceOf(options: CalibrateOptions, condition: string, pieces: Iterable<ScenePiece>): Trace {
  const { card, stepS, smoothing, refractoryS, signal } = options
  const looks: Float32Array[] = []
  const times: number[] = []
  const stream = new KeywordStream({
    card,
    clock: options.clock,
    scorer: options.scorer,
    settings: { stepS, smoothing, refractoryS, thresholds: {} },
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
function smooth(raw: Float32Array, labels: number, smoothing: number): Float32Array {
  return raw.map((_, at) => {
    let sum = 0
    for (let back = 0; back < smoothing && at - back * labels >= 0; back++) sum += raw[at - back * labels]!
    return sum / smoothing
  })
}

/** What a detector makes of a stream: answers to its words, and events that are none. */
interface Verdict {
  /** By word: seconds from its end to its event, or null. */
  readonly answers: readonly (number | null)[]
  readonly others: number
}

function judge(trace: Trace, labels: readonly string[], settings: DetectorSettings): Verdict {
  const detector = new KeywordDetector(labels, settings)
  const answers: (number | null)[] = trace.words.map(() => null)
  let others = 0
  for (let at = 0, look = 0; at < trace.raw.length; at += labels.length, look++) {
    const timeS = trace.startS + look * trace.stepS
    const heard = detector.push(trace.raw.subarray(at, at + labels.length), timeS)
    if (!heard) continue
    const word = trace.words.findIndex(
      ({ keyword, startS, endS }) => keyword === heard.keyword && timeS >= startS && timeS <= endS + answerS,
    )
    if (word < 0) others += 1
    else answers[word] ??= timeS - trace.words[word]!.endS
  }
  return { answers, others }
}

const shareOf = (part: number, total: number) => (total === 0 ? 0 : part / total)

function missesOf(trace: Trace, { answers }: Verdict): Record<string, { missed: number; total: number }> {
  const found: Record<string, { missed: number; total: number }> = {}
  trace.words.forEach(({ keyword }, at) => {
    const { missed, total } = found[keyword] ?? { missed: 0, total: 0 }
    found[keyword] = { missed: missed + Number(answers[at] === null), total: total + 1 }
  })
  return found
}

const byKeyword = (curves: readonly KeywordCurve[], places: readonly number[]) =>
  Object.fromEntries(curves.map(({ keyword }, at) => [keyword, thresholdGrid[places[at]!]!]))

/** Traces of all streams, one after the other, with progress. */
function listenToScenes(options: CalibrateOptions): { quiet: readonly Trace[]; spoken: readonly Trace[] } {
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

/**
 * Sets a threshold for every keyword so that a stream without keywords makes at most so many false alarms, with the fewest
 * misses on streams of keywords, clean and in noise; then judges those thresholds with the detector itself.
 */
export function calibrateDetector(options: CalibrateOptions): DetectorCalibration {
  const { card, stepS, smoothing, refractoryS, falseAlarmsPerHour } = options
  const { quiet, spoken } = listenToScenes(options)
  const hours = quiet.reduce((sum, trace) => sum + trace.hours, 0)
  const curves = keywordCurves(card.labels, keywordsOf(card), quiet, spoken, refractoryS)
  const settingsOf = (thresholds: Readonly<Record<string, number>>) => ({ stepS, smoothing, refractoryS, thresholds })
  const missRate = (verdicts: readonly Verdict[]) =>
    Object.fromEntries(
      spoken.map(({ condition, words }, at) => [
        condition,
        shareOf(verdicts[at]!.answers.filter((answer) => answer === null).length, words.length),
      ]),
    )
  const roc = rocCounts(hours).map((count) => {
    const { places, falseAlarms } = chooseThresholds(curves, count)
    const thresholds = byKeyword(curves, places)
    const verdicts = spoken.map((trace) => judge(trace, card.labels, settingsOf(thresholds)))
    return { falseAlarmsPerHour: falseAlarms / hours, thresholds, missRate: missRate(verdicts) }
  })
  const thresholds = byKeyword(curves, chooseThresholds(curves, Math.floor(falseAlarmsPerHour * hours)).places)
  const settings = settingsOf(thresholds)
  const verdicts = spoken.map((trace) => judge(trace, card.labels, settings))
  const falseAlarms = quiet.reduce((sum, trace) => sum + judge(trace, card.labels, settings).others, 0)
  const answers = verdicts.flatMap((verdict) => verdict.answers).filter((answer) => answer !== null)
  const misses = Object.fromEntries(spoken.map((trace, at) => [trace.condition, missesOf(trace, verdicts[at]!)]))
  return {
    detector: {
      ...settings,
      validation: {
        split: options.split,
        hours,
        falseAlarms,
        wantedFalseAlarmsPerHour: falseAlarmsPerHour,
        misses,
        method: `milliwatt kws calibrate: ${options.rounds} rounds through the clips without keywords in random order, gains, gaps and noise`,
      },
    },
    row: {
      variant: options.variant,
      thresholds,
      hours,
      falseAlarms,
      misses,
      missRate: missRate(verdicts),
      confused: verdicts.reduce((sum, verdict) => sum + verdict.others, 0),
      latency: answers.length > 0 ? { medianS: quantile(answers, 0.5), p95S: quantile(answers, 0.95) } : null,
      roc,
    },
  }
}

/** Numbers of false alarms that the ROC is drawn for: every one up to 12, then up to 20 an hour. */
function rocCounts(hours: number): readonly number[] {
  const most = Math.ceil(20 * hours)
  return Array.from({ length: most + 1 }, (_, count) => count).filter(
    (count) => count <= 12 || count % Math.ceil(most / 24) === 0,
  )
}
