import { decodeAudio } from '../../audio/decode.ts'
import { resample } from '../../audio/resample.ts'
import { findWord, type WordSpan } from '../../audio/word-span.ts'
import { MilliwattError } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'

/** A recording of the new word, at the rate of the net's features, and where the word is in it. */
export interface WordRecording extends WordSpan {
  readonly path: string
  readonly samples: Float32Array
}

/** Fewer recordings than this are no sample of how a word is said. */
const fewest = 3
const shortestS = 0.2
/** Level of the loudest moment: fainter is silence. */
const faintest = 10 ** (-60 / 20)
/** How far the word stands out of its surroundings at least, and how much of it may be clipped. */
const leastContrast = 10 ** (6 / 20)
const mostClipped = 0.01

/** Samples of an audio file at a rate. @throws MilliwattError CLIP_* */
export async function readSamples(host: Host, path: string, sampleRateHz: number): Promise<Float32Array> {
  let bytes: Uint8Array
  try {
    bytes = await host.files.readBytes(host.files.resolve(path))
  } catch (error) {
    throw new MilliwattError('CLIP_NOT_FOUND', path, undefined, error)
  }
  return (await resample(await decodeAudio(bytes, path), sampleRateHz)).samples
}

/** What makes a recording useless; null for a good one. */
function faultOf({ from, to, level, floor, clipped }: WordSpan, sampleRateHz: number, clipS: number): string | null {
  const lengthS = (to - from) / sampleRateHz
  if (level < faintest)
    return `Its loudest moment lies at ${Math.round(20 * Math.log10(level))} dB of full scale: that is silence.`
  if (clipped > mostClipped) return `${(100 * clipped).toFixed(0)} % of the word is at full scale: it is clipped.`
  if (level < leastContrast * floor) return 'No word stands out of its noise.'
  if (lengthS < shortestS) return `What stands out lasts ${lengthS.toFixed(2)} s; a word lasts at least ${shortestS} s.`
  if (lengthS > clipS) return `What stands out lasts ${lengthS.toFixed(1)} s; the net hears ${clipS} s.`
  return null
}

/**
 * Reads the recordings of a word and finds the word in each.
 * @param clipS what the net hears at once
 * @throws MilliwattError ENROL_RECORDINGS for fewer than three or one twice, ENROL_CLIP for one without a usable word, CLIP_*
 */
export async function readRecordings(
  host: Host,
  paths: readonly string[],
  sampleRateHz: number,
  clipS: number,
): Promise<readonly WordRecording[]> {
  if (paths.length < fewest)
    throw new MilliwattError(
      'ENROL_RECORDINGS',
      `${paths.length} given`,
      `A word needs at least ${fewest}; five are good.`,
    )
  const recordings: WordRecording[] = []
  for (const path of paths) {
    const samples = await readSamples(host, path, sampleRateHz)
    const word = findWord(samples, sampleRateHz)
    const fault = word ? faultOf(word, sampleRateHz, clipS) : 'It is silent.'
    if (!word || fault) throw new MilliwattError('ENROL_CLIP', path, fault!)
    const twin = recordings.find((other) => isSame(other.samples, samples))
    if (twin) throw new MilliwattError('ENROL_RECORDINGS', path, `It is the same recording as ${twin.path}.`)
    recordings.push({ ...word, path, samples })
  }
  return recordings
}

const isSame = (a: Float32Array, b: Float32Array) => a.length === b.length && a.every((sample, n) => sample === b[n])
