import type { FeatureExtractor } from '../../audio/features.ts'
import { plainWord, varyWord } from '../../audio/vary-word.ts'
import { random } from '../../core/random.ts'
import { quantile } from '../../core/stats.ts'
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
/** Share of the mean variance on the diagonal of the covariance, price of squared weights, steps of the fits: chosen by bench/kws/enrol.mjs. */
const fitting = { share: 0.03, penalty: 0.1, steps: 120, leftOutSteps: 60 }
/** Variations of a recording that the others shall find, and shares of other windows that may be taken for the word. */
const foundShare = 0.95
const falseShares = { least: 0.003, most: 0.025 }
/** So much steeper than fitted, a logit leaves the scores of other words alone where it is below its limit. */
const steepness = 4
/** The smoothed score that makes an event: at the limit a look has half of the score. */
const threshold = 0.5

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
  const kept = [...others.words.keys()].filter((at) => !others.words[at]?.split('+').includes(word))
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
      const window =
        n === 0 ? plainWord(spoken, extractor.clipSamples) : varyWord(spoken, extractor.clipSamples, noises, next)
      add(extractor.extract(window, features), index, null)
    }
  })
  for (const at of kept) add(others.features(at), null, others.words[at]!)
  return { rows, logSums, recording, words }
}

/** Fits to the rows whose recording is not left out. */
function fitWithout(white: Rows, { recording }: Seen, left: number | null, steps: number): LinearLogit {
  const chosen = [...recording.keys()].filter((at) => recording[at] === null || recording[at] !== left)
  const values = new Float64Array(chosen.length * white.width)
  for (const [place, at] of chosen.entries()) values.set(rowOf(white, at), place * white.width)
  const rows = { values, width: white.width, count: chosen.length }
  return fitClass({ rows, isWord: chosen.map((at) => recording[at] !== null) }, fitting.penalty, steps)
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

/**
 * The logit from which on a window is the word: where most variations of a recording are found by the others, within limits
 * for the other windows that reach it too.
 */
function limitOf(leftOut: readonly number[], others: readonly number[]): number {
  const wanted = quantile(leftOut, 1 - foundShare)
  const [low, high] = [quantile(others, 1 - falseShares.most), quantile(others, 1 - falseShares.least)]
  return Math.max(low, Math.min(high, wanted))
}

/** The logit steeper, and so that it equals the usual sum of the others at the limit. */
const steepened = ({ weights, bias }: LinearLogit, limit: number, usualSum: number): LinearLogit => ({
  weights: weights.map((weight) => steepness * weight),
  bias: steepness * (bias - limit) + usualSum,
})

const shareOf = (values: readonly number[], isCounted: (value: number) => boolean) =>
  values.filter(isCounted).length / values.length

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
  const places = [...seen.recording.keys()]
  const logits = (logit: LinearLogit, recording: number | null) =>
    places.filter((at) => seen.recording[at] === recording).map((at) => logitOf(logit, rowOf(white, at)))
  const logit = fitWithout(white, seen, null, fitting.steps)
  const leftOut = recordings.map((_, left) => logits(fitWithout(white, seen, left, fitting.leftOutSteps), left))
  const otherLogits = logits(logit, null)
  const limit = limitOf(leftOut.flat(), otherLogits)
  const sums = seen.logSums.subarray(0, recordings.length * variations)
  const usualSum = sums.reduce((sum, each) => sum + each, 0) / sums.length
  const reaches = (value: number) => value >= limit
  return {
    added: {
      ...unwhiten(steepened(logit, limit, usualSum), whitening),
      highestMeans: highestMeans(seen, embedder.channels),
    },
    threshold,
    foundByOthers: leftOut.map((values) => shareOf(values, reaches)),
    falseShare: shareOf(otherLogits, reaches),
  }
}
