import type { FeatureExtractor } from '../../audio/features.ts'
import { plainWord, varyWord } from '../../audio/vary-word.ts'
import { thresholdGrid } from '../../audio/stream/thresholds.ts'
import { random } from '../../core/random.ts'
import type { AddedClass } from '../../formats/softmax-end.ts'
import type { Embedder } from './embedder.ts'
import { fitClass, type LinearLogit, logitOf, type Rows, rowOf, unwhiten, whiten, whitenWithin } from './fit-class.ts'
import type { OtherWindows } from './others.ts'
import type { WordRecording } from './recordings.ts'

/** What is learned of a word, and how sure it is. */
export interface LearnedWord {
  readonly added: AddedClass
  /** Score that the word must reach. */
  readonly threshold: number
  /** By recording: the share of its variations that a net made from the other recordings alone takes for the word. */
  readonly foundByOthers: readonly number[]
  /** Share of the windows of other speech that are taken for the word. */
  readonly falseShare: number
}

/** Windows that are made of a recording; the first one is the word as it was recorded. */
const variations = 24
/** Share of the mean variance on the diagonal of the covariance, price of squared weights, steps of the fit: chosen by bench/kws/enrol.mjs. */
const fitting = { share: 0.03, penalty: 0.1, steps: 150 }
/** Other windows that may reach the threshold, and the lowest and highest threshold. */
const falseShare = 0.005
const thresholds = { low: 0.4, high: 0.8 }

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** Embeddings of the recordings' variations, and of other windows behind them. */
interface Seen {
  readonly rows: Rows
  /** Logits of the classes that are there, summed up. */
  readonly logSums: Float64Array
  /** The recording of each row; null for other windows. */
  readonly recording: readonly (number | null)[]
  readonly words: readonly (string | null)[]
}

function look(
  embedder: Embedder,
  extractor: FeatureExtractor,
  recordings: readonly WordRecording[],
  others: OtherWindows,
  word: string,
  noises: readonly Float32Array[],
): Seen {
  const next = random(1)
  const kept = [...others.words.keys()].filter((at) => others.words[at] !== word)
  const count = recordings.length * variations + kept.length
  const rows: Rows = { values: new Float64Array(count * embedder.width), width: embedder.width, count }
  const logSums = new Float64Array(count)
  const recording: (number | null)[] = []
  const words: (string | null)[] = []
  const add = (features: Float32Array, from: number | null, said: string | null) => {
    logSums[words.length] = embedder.embed(features, rowOf(rows, words.length))
    recording.push(from)
    words.push(said)
  }
  const features = new Float32Array(extractor.frames * extractor.spec.coefficients)
  recordings.forEach((spoken, index) => {
    for (let n = 0; n < variations; n++) {
      const window = n === 0 ? plainWord(spoken, extractor.clipSamples) : varyWord(spoken, extractor.clipSamples, noises, next)
      add(extractor.extract(window, features), index, null)
    }
  })
  for (const at of kept) add(others.features(at), null, others.words[at]!)
  return { rows, logSums, recording, words }
}

/** Fits to the rows whose recording is not left out. */
function fitWithout(white: Rows, { logSums, recording }: Seen, left: number | null): LinearLogit {
  const chosen = [...recording.keys()].filter((at) => recording[at] === null || recording[at] !== left)
  const values = new Float64Array(chosen.length * white.width)
  chosen.forEach((at, place) => values.set(rowOf(white, at), place * white.width))
  const rows = { values, width: white.width, count: chosen.length }
  const others = Float64Array.from(chosen, (at) => logSums[at]!)
  return fitClass({ rows, others, isWord: chosen.map((at) => recording[at] !== null) }, fitting.penalty, fitting.steps)
}

/** Highest means of each map, over all rows. */
function highestMeans({ rows }: Seen, channels: readonly number[]): readonly number[] {
  let from = 0
  return channels.map((count) => {
    let most = 0
    for (let at = 0; at < rows.count; at++)
      for (const value of rowOf(rows, at).subarray(from, from + count)) most = Math.max(most, value)
    from += count
    return most
  })
}

/** The lowest threshold that so few of the scores reach. */
function thresholdFor(scores: readonly number[]): number {
  const allowed = (threshold: number) => scores.filter((score) => score >= threshold).length <= falseShare * scores.length
  const tried = thresholdGrid.filter((threshold) => threshold >= thresholds.low && threshold <= thresholds.high)
  return tried.find(allowed) ?? tried.at(-1)!
}

/**
 * Learns a word from a few recordings: each is varied, all windows are seen through the net up to its maps, whitened by how words
 * vary within themselves, and a logit is fitted that tells the word from the other windows.
 * @param noises recordings of noise to vary with; without any it is made
 */
export function learnWord(
  embedder: Embedder,
  extractor: FeatureExtractor,
  recordings: readonly WordRecording[],
  others: OtherWindows,
  word: string,
  noises: readonly Float32Array[],
): LearnedWord {
  const seen = look(embedder, extractor, recordings, others, word, noises)
  const whitening = whitenWithin(seen.rows, seen.words, fitting.share)
  const white = whiten(seen.rows, whitening)
  const score = (logit: LinearLogit, at: number) => sigmoid(logitOf(logit, rowOf(white, at)) - seen.logSums[at]!)
  const places = [...seen.recording.keys()]
  const logit = fitWithout(white, seen, null)
  const otherScores = places.filter((at) => seen.recording[at] === null).map((at) => score(logit, at))
  const threshold = thresholdFor(otherScores)
  const foundByOthers = recordings.map((_, left) => {
    const without = fitWithout(white, seen, left)
    const own = places.filter((at) => seen.recording[at] === left)
    return own.filter((at) => score(without, at) >= threshold).length / own.length
  })
  const reached = otherScores.filter((each) => each >= threshold).length
  return {
    added: { ...unwhiten(logit, whitening), highestMeans: highestMeans(seen, embedder.channels) },
    threshold,
    foundByOthers,
    falseShare: reached / otherScores.length,
  }
}
