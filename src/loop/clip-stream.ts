import { toInt16Samples } from '../audio/fixed/extractor.ts'
import { resample } from '../audio/resample.ts'
import { isMilliwattError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import type { PlayedClip } from '../report/stream-report.ts'
import type { ClipSource } from './clips.ts'

/** Recordings one after the other, with pauses between them. */
export interface ClipStream {
  readonly name: string
  readonly pieces: readonly Int16Array[]
  readonly clips: readonly PlayedClip[]
}

/** Pauses, in seconds, and the noise of the room that lies under everything, in dB of full scale. */
const pauses = { leastS: 4, mostS: 12, levelDb: -60 } as const

/**
 * Makes a stream like a quiet room where somebody says something now and then: pauses of 4 to 12 s before, between and
 * behind the recordings, white noise at -60 dBFS under all of it. The same recordings give the same stream; what cannot be
 * read is left out.
 * @param keywords labels that count as keywords; a recording of another one holds none
 */
export async function clipStream(
  sources: readonly ClipSource[],
  keywords: readonly string[],
  sampleRateHz: number,
): Promise<ClipStream> {
  const next = random(1)
  const level = 32768 * 10 ** (pauses.levelDb / 20)
  const pieces: Int16Array[] = []
  const clips: PlayedClip[] = []
  let samples = 0
  const play = (piece: Int16Array) => {
    for (let n = 0; n < piece.length; n++)
      piece[n] = Math.max(-32768, Math.min(32767, Math.round(piece[n]! + level * next.normal())))
    pieces.push(piece)
    samples += piece.length
  }
  const pause = () =>
    play(new Int16Array(Math.round((pauses.leastS + (pauses.mostS - pauses.leastS) * next()) * sampleRateHz)))
  pause()
  for (const source of sources) {
    try {
      const recording = await resample(await source.read(), sampleRateHz)
      const startS = samples / sampleRateHz
      play(toInt16Samples(recording.samples))
      const known = source.expected === undefined ? {} : { keyword: keywordOf(source.expected, keywords) }
      clips.push({ name: source.clip, startS, endS: samples / sampleRateHz, ...known })
    } catch (error) {
      if (!isMilliwattError(error) || !error.code.startsWith('CLIP_')) throw error
    }
    pause()
  }
  const name = `${clips.length} recordings with pauses of ${pauses.leastS} to ${pauses.mostS} s in a quiet room`
  return { name, pieces, clips }
}

const keywordOf = (label: string, keywords: readonly string[]) => (keywords.includes(label) ? label : null)
