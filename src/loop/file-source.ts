import { decodeAudio } from '../audio/decode.ts'
import { toInt16Samples } from '../audio/fixed/extractor.ts'
import { resample } from '../audio/resample.ts'
import { PcmStream } from '../audio/stream/pcm-stream.ts'
import { readWavHeader, type WavHeader } from '../audio/stream/wav-header.ts'
import { MilliwattError } from '../core/errors.ts'
import type { FileReader, Host } from '../core/host.ts'
import type { AudioSource } from './audio-source.ts'

/** Portions that a file is read in, and the longest beginning that is searched for a WAV header. */
const portionBytes = 1 << 15
const headerBytes = 1 << 16

async function openFile(host: Host, path: string): Promise<FileReader> {
  try {
    return await host.files.open(host.files.resolve(path))
  } catch (error) {
    throw new MilliwattError('CLIP_NOT_FOUND', path, undefined, error)
  }
}

const nothing = async () => undefined

/** PCM in portions from anywhere: a pipe, say. What fails after the signal aborted is its end. */
export function pcmSource(name: string, portions: AsyncIterable<Uint8Array>, pcm: PcmStream): AudioSource {
  return {
    name,
    live: false,
    overruns: 0,
    run: async (onSamples, signal) => {
      try {
        for await (const portion of portions) {
          if (signal?.aborted) return
          onSamples(pcm.push(portion))
        }
      } catch (error) {
        if (!signal?.aborted) throw error
      }
    },
    [Symbol.asyncDispose]: async () => pcm.close(),
  }
}

async function* portionsOf(file: FileReader, { dataStart, dataEnd }: WavHeader): AsyncIterable<Uint8Array> {
  const end = Math.min(dataEnd, file.sizeBytes)
  for (let at = dataStart; at < end; at += portionBytes) yield file.read(at, Math.min(end, at + portionBytes))
}

/**
 * Opens a WAV or FLAC file as a source. WAV of any length is read in portions; FLAC and unusual WAV are decoded as a whole.
 * @throws MilliwattError CLIP_NOT_FOUND, CLIP_EMPTY, CLIP_NOT_AUDIO, CLIP_BAD_RATE
 */
export async function openFileSource(host: Host, path: string, sampleRateHz: number): Promise<AudioSource> {
  const file = await openFile(host, path)
  const header = readWavHeader(await file.read(0, headerBytes))
  const plausible = header && header.layout.sampleRateHz >= 1000 && header.layout.sampleRateHz <= 192_000
  if (plausible && header.dataStart < file.sizeBytes) {
    const pcm = await PcmStream.open(header.layout, sampleRateHz)
    const source = pcmSource(path, portionsOf(file, header), pcm)
    const close = async () => {
      pcm.close()
      await file.close()
    }
    return { ...source, [Symbol.asyncDispose]: close }
  }
  const bytes = await file.read(0, file.sizeBytes)
  await file.close()
  const { samples } = await resample(await decodeAudio(bytes, path), sampleRateHz)
  const run: AudioSource['run'] = async (onSamples) => onSamples(toInt16Samples(samples))
  return { name: path, live: false, overruns: 0, run, [Symbol.asyncDispose]: nothing }
}
