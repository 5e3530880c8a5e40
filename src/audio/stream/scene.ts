import { type Random, random } from '../../core/random.ts'
import type { SpokenWord } from './thresholds.ts'

/** A recording that a scene is made of. */
export interface SceneClip {
  readonly label: string
  readonly samples: Float32Array
  /** The spoken part, in samples. */
  readonly from: number
  readonly to: number
}

/** A piece of a stream, and the keyword in it, whose times count from the piece's beginning. */
export interface ScenePiece {
  readonly samples: Float32Array
  readonly word: SpokenWord | null
}

/** What lies under everything, so that no pause is digital silence. */
const floorDb = -65
/** Levels, against a clip's own, at which clips without keywords are played, and noise under half of them. */
const gainsDb = { low: -12, high: 6 } as const
const noiseBelowDb = { low: 0, high: 25 } as const
/** Pieces of noise alone. */
const noiseAlone = { lengthS: 8, lowDb: -50, highDb: -20 } as const

const toFactor = (db: number) => 10 ** (db / 20)

function rootMeanSquare(samples: Float32Array, from = 0, to: number = samples.length): number {
  let power = 0
  for (let n = from; n < to; n++) power += samples[n]! * samples[n]!
  return Math.sqrt(power / Math.max(1, to - from))
}

function shuffled<T>(items: readonly T[], next: Random): readonly T[] {
  const order = [...items]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  return order
}

/** Adds a stretch of a recording, repeated where it is short, at a level. */
function addNoise(samples: Float32Array, noise: Float32Array, level: number, next: Random): void {
  const factor = level / Math.max(1e-6, rootMeanSquare(noise))
  const start = Math.floor(next() * noise.length)
  for (let n = 0; n < samples.length; n++) samples[n] = samples[n]! + factor * noise[(start + n) % noise.length]!
}

function addFloor(samples: Float32Array, next: Random): void {
  const factor = toFactor(floorDb) * Math.sqrt(3)
  for (let n = 0; n < samples.length; n++) samples[n] = samples[n]! + factor * (2 * next() - 1)
}

/** A clip with silence behind it. */
function withGap(clip: Float32Array, gap: number, factor: number): Float32Array {
  const samples = new Float32Array(clip.length + gap)
  for (let n = 0; n < clip.length; n++) samples[n] = factor * clip[n]!
  return samples
}

const between = (next: Random, low: number, high: number) => low + next() * (high - low)

/**
 * One round of a stream that holds no keyword: every clip once, in another order, at other levels and gaps, every second one
 * in noise, and noise alone.
 * @param seed what else is random follows from it
 */
export function* quietScene(
  others: readonly SceneClip[],
  noises: readonly SceneClip[],
  sampleRateHz: number,
  seed: number,
): Generator<ScenePiece> {
  const next = random(seed)
  const pick = () => noises[Math.floor(next() * noises.length)]!.samples
  for (const { samples: clip } of shuffled(others, next)) {
    const factor = toFactor(between(next, gainsDb.low, gainsDb.high))
    const samples = withGap(clip, Math.round(between(next, 0, 0.4) * sampleRateHz), factor)
    addFloor(samples, next)
    if (noises.length > 0 && next() < 0.5)
      addNoise(
        samples,
        pick(),
        factor * rootMeanSquare(clip) * toFactor(-between(next, noiseBelowDb.low, noiseBelowDb.high)),
        next,
      )
    yield { samples, word: null }
  }
  for (const { samples: noise } of noises) {
    const samples = new Float32Array(Math.round(noiseAlone.lengthS * sampleRateHz))
    addFloor(samples, next)
    addNoise(samples, noise, toFactor(between(next, noiseAlone.lowDb, noiseAlone.highDb)), next)
    yield { samples, word: null }
  }
}

/**
 * A stream of all keyword clips, with pauses between them.
 * @param noiseBelow noise so many dB below the spoken part, from its pause before to the one behind; null for none
 */
export function* spokenScene(
  keywords: readonly SceneClip[],
  noises: readonly SceneClip[],
  noiseBelow: number | null,
  sampleRateHz: number,
  seed: number,
): Generator<ScenePiece> {
  const next = random(seed)
  for (const { samples: clip, label, from, to } of shuffled(keywords, next)) {
    const samples = withGap(clip, Math.round(between(next, 1.2, 1.6) * sampleRateHz), 1)
    addFloor(samples, next)
    if (noiseBelow !== null) {
      const noise = noises[Math.floor(next() * noises.length)]!.samples
      addNoise(samples, noise, rootMeanSquare(clip, from, to) * toFactor(-noiseBelow), next)
    }
    yield { samples, word: { keyword: label, startS: from / sampleRateHz, endS: to / sampleRateHz } }
  }
}
