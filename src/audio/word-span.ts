/** Where the word of a recording is, and what its surroundings are like. Places are in samples. */
export interface WordSpan {
  readonly from: number
  readonly to: number
  /** Root mean square of the loudest 50 ms, and of the quieter surroundings. */
  readonly level: number
  readonly floor: number
  /** Share of the word's samples at full scale. */
  readonly clipped: number
}

const frameS = 0.01
/** Frames around a frame that its level is the mean of, so that a click is no word. */
const around = 2
/** A word is what is less than so far below its loudest moment, and twice as loud as the quiet of the recording. */
const belowPeak = 0.06
const aboveFloor = 2
/** Pauses inside a word, as between the two of "view glass", and what is kept on both sides. */
const pauseS = 0.3
const marginS = 0.03
const fullScale = 0.999

/** Root mean squares of frames, each over itself and its neighbours. */
function frameLevels(samples: Float32Array, length: number): Float64Array {
  const powers = Float64Array.from({ length: Math.floor(samples.length / length) }, (_, frame) => {
    let sum = 0
    for (let n = frame * length; n < (frame + 1) * length; n++) sum += samples[n]! * samples[n]!
    return sum / length
  })
  return powers.map((_, frame) => {
    const near = powers.subarray(Math.max(0, frame - around), frame + around + 1)
    return Math.sqrt(near.reduce((sum, power) => sum + power, 0) / near.length)
  })
}

/** From the loudest frame to one side, over pauses, to the last frame that belongs to the word. */
function reach(levels: Float64Array, from: number, step: 1 | -1, threshold: number, pause: number): number {
  let last = from
  for (let frame = from; frame >= 0 && frame < levels.length && Math.abs(frame - last) <= pause; frame += step)
    if (levels[frame]! > threshold) last = frame
  return last
}

/** Finds the loudest word of a recording by its energy; null where the recording is shorter than a frame or all zeros. */
export function findWord(samples: Float32Array, sampleRateHz: number): WordSpan | null {
  const length = Math.round(frameS * sampleRateHz)
  const levels = frameLevels(samples, length)
  const level = levels.reduce((most, each) => Math.max(most, each), 0)
  if (level === 0) return null
  const floor = Float64Array.from(levels).sort()[Math.floor(levels.length / 10)]!
  const threshold = Math.max(belowPeak * level, Math.min(aboveFloor * floor, level / 2))
  const loudest = levels.indexOf(level)
  const pause = Math.round(pauseS / frameS)
  const margin = Math.round(marginS * sampleRateHz)
  const from = Math.max(0, reach(levels, loudest, -1, threshold, pause) * length - margin)
  const to = Math.min(samples.length, (reach(levels, loudest, 1, threshold, pause) + 1) * length + margin)
  const loud = samples.subarray(from, to).reduce((count, sample) => count + Number(Math.abs(sample) >= fullScale), 0)
  return { from, to, level, floor, clipped: loud / (to - from) }
}
