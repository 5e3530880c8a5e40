/** A piece of a recording, exactly as long as one inference needs, and where it begins. */
export interface ClipWindow {
  readonly startS: number
  readonly samples: Float32Array
}

/** The samples `[start, start + length)`, zeros outside the recording. */
function cut(samples: Float32Array, start: number, length: number): Float32Array {
  const piece = new Float32Array(length)
  const from = Math.max(0, start)
  piece.set(samples.subarray(from, Math.max(from, Math.min(samples.length, start + length))), from - start)
  return piece
}

/**
 * Start of the loudest stretch of `length` samples on a 10 ms grid: among the starts whose energy is within
 * 0.5 % of the best, the mean one, so that a word shorter than the window comes to lie in its middle.
 */
export function loudestStart(samples: Float32Array, length: number, sampleRateHz: number): number {
  const step = Math.round(sampleRateHz / 100)
  const window = Math.round(length / step)
  const frames = Math.floor(samples.length / step)
  const running = new Float64Array(frames + 1)
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    for (let n = frame * step; n < (frame + 1) * step; n++) sum += samples[n]! * samples[n]!
    running[frame + 1] = running[frame]! + sum
  }
  let best = 0
  for (let start = 0; start + window <= frames; start++)
    best = Math.max(best, running[start + window]! - running[start]!)
  let total = 0
  let count = 0
  for (let start = 0; start + window <= frames; start++) {
    if (running[start + window]! - running[start]! < 0.995 * best) continue
    total += start
    count += 1
  }
  return count === 0 ? 0 : Math.floor(total / count) * step
}

/**
 * Cuts a mono recording into the windows to analyse. Shorter than a window: centred in zeros. Up to two windows
 * long: the loudest window. Longer: one window every `stepS` from the beginning to the end.
 * @param clipSamples length of a window in samples
 */
export function clipWindows(
  samples: Float32Array,
  clipSamples: number,
  sampleRateHz: number,
  stepS: number,
): readonly ClipWindow[] {
  const spare = samples.length - clipSamples
  const at = (start: number) => ({ startS: start / sampleRateHz, samples: cut(samples, start, clipSamples) })
  if (spare <= 0) return [at(-Math.floor(-spare / 2))]
  if (spare <= clipSamples) return [at(loudestStart(samples, clipSamples, sampleRateHz))]
  const step = Math.max(1, Math.round(stepS * sampleRateHz))
  const windows = Array.from({ length: Math.floor(spare / step) + 1 }, (_, index) => at(index * step))
  return spare % step === 0 ? windows : [...windows, at(spare)]
}
