import type { Random } from '../core/random.ts'
import type { WordSpan } from './word-span.ts'

/** A recording with the place of what is said in it. */
export interface Spoken extends Pick<WordSpan, 'from' | 'to'> {
  readonly samples: Float32Array
}

const decibel = (db: number) => 10 ** (db / 20)
const between = (next: Random, low: number, high: number) => low + next() * (high - low)

function rootMeanSquare(samples: Float32Array): number {
  let power = 0
  for (const sample of samples) power += sample * sample
  return Math.sqrt(power / Math.max(1, samples.length))
}

/** Limits of the changes: tempo, level, what noise lies below the word, and the faintest floor of a recording. */
const tempo = { low: 0.9, high: 1.12 }
const levelDb = { low: -14, high: 6 }
const noiseBelowDb = { low: 5, high: 30 }
const floorDb = { low: -85, high: -60 }
/** Shares of windows that get noise of a room, and that keep the recording's own surroundings. */
const noisyShare = 0.5
const ownShare = 0.6

/** A stretch of the recording, played faster by a factor, into the window. */
function play(
  samples: Float32Array,
  from: number,
  count: number,
  factor: number,
  into: Float32Array,
  at: number,
): void {
  for (let n = 0; n < count; n++) {
    const place = from + n * factor
    const whole = Math.floor(place)
    const next = samples[whole + 1] ?? 0
    into[at + n] = (samples[whole] ?? 0) + (place - whole) * (next - (samples[whole] ?? 0))
  }
}

/** Noise that falls with frequency more or less steeply, of root mean square about 1. */
function colouredNoise(length: number, next: Random): Float32Array {
  const memory = 0.97 * next()
  const scale = Math.sqrt(1 - memory * memory)
  let last = next.normal()
  return Float32Array.from({ length }, () => {
    last = memory * last + scale * next.normal()
    return last
  })
}

/** A stretch of a recording of noise, over again where it is short, of root mean square about 1. */
function stretchOf(noise: Float32Array, length: number, next: Random): Float32Array {
  const start = Math.floor(next() * noise.length)
  const stretch = Float32Array.from({ length }, (_, n) => noise[(start + n) % noise.length]!)
  const level = Math.max(1e-6, rootMeanSquare(stretch))
  return stretch.map((sample) => sample / level)
}

function add(window: Float32Array, noise: Float32Array, level: number): void {
  for (let n = 0; n < window.length; n++) window[n] = window[n]! + level * noise[n]!
}

/** What is said, alone: in the middle of a window, in digital silence, as recorded. */
export function plainWord({ samples, from, to }: Spoken, length: number): Float32Array {
  const window = new Float32Array(length)
  const count = Math.min(length, to - from)
  window.set(samples.subarray(from, from + count), Math.floor((length - count) / 2))
  return window
}

/**
 * A window in which a recording is said a little differently: anywhere in it, at another tempo and level, in its own
 * surroundings or in digital silence, over a faint floor or in noise.
 * @param noises recordings of noise; without any it is made
 */
export function varyWord(
  { samples, from, to }: Spoken,
  length: number,
  noises: readonly Float32Array[],
  next: Random,
): Float32Array {
  const window = new Float32Array(length)
  const factor = between(next, tempo.low, tempo.high)
  const count = Math.min(length, Math.floor((to - from) / factor))
  const at = Math.floor(next() * (length - count))
  const own = next() < ownShare
  const before = own ? Math.min(at, Math.floor(from / factor)) : 0
  const behind = own ? Math.min(length - at - count, Math.floor((samples.length - to) / factor)) : 0
  play(samples, from - before * factor, before + count + behind, factor, window, at - before)
  const gain = decibel(between(next, levelDb.low, levelDb.high))
  for (let n = 0; n < length; n++) window[n] = gain * window[n]!
  const level = rootMeanSquare(window.subarray(at, at + count))
  add(window, colouredNoise(length, next), decibel(between(next, floorDb.low, floorDb.high)))
  if (next() < noisyShare) {
    const recorded = noises.length > 0 && next() < 0.7
    const noise = recorded
      ? stretchOf(noises[Math.floor(next() * noises.length)]!, length, next)
      : colouredNoise(length, next)
    add(window, noise, level * decibel(-between(next, noiseBelowDb.low, noiseBelowDb.high)))
  }
  return window.map((sample) => Math.max(-1, Math.min(1, sample)))
}
