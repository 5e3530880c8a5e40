import { MilliwattError, messageOf } from '../core/errors.ts'

/** Decoded audio: one channel, floats nominally in -1..1. */
export interface Recording {
  readonly samples: Float32Array
  readonly sampleRateHz: number
  /** Channels of the source; they are averaged into one. */
  readonly channels: number
}

/** Layout of raw PCM, which has no header: little-endian 16-bit integers or 32-bit floats, interleaved. */
export interface PcmLayout {
  readonly sampleRateHz: number
  readonly channels: number
  readonly encoding: 's16le' | 'f32le'
}

/** Rates that speech is recorded at; the resampler's own limit is 192 kHz. */
const plausibleRateHz = { low: 1_000, high: 192_000 }

function mixDown(channels: readonly Float32Array[]): Float32Array {
  const first = channels[0]
  if (!first) return new Float32Array(0)
  if (channels.length === 1) return first
  return first.map((_, n) => channels.reduce((sum, channel) => sum + channel[n]!, 0) / channels.length)
}

/** Refuses a rate that no speech is recorded at. @throws MilliwattError CLIP_BAD_RATE */
export function checkRate(rateHz: number, where: string): void {
  if (!(rateHz >= plausibleRateHz.low && rateHz <= plausibleRateHz.high))
    throw new MilliwattError('CLIP_BAD_RATE', where, `It says ${rateHz} Hz; speech needs 1000 to 192000 Hz.`)
}

function checked(recording: Recording, where: string): Recording {
  checkRate(recording.sampleRateHz, where)
  if (recording.samples.length === 0) throw new MilliwattError('CLIP_EMPTY', where)
  if (recording.samples.some((sample) => !Number.isFinite(sample)))
    throw new MilliwattError('CLIP_NOT_AUDIO', where, 'It holds samples that are not numbers.')
  return recording
}

type Decoded = { readonly channelData: readonly Float32Array[]; readonly sampleRate: number }

/** Offset of the `fmt ` chunk's sample rate is fixed when it is the first chunk, as in all but exotic files. */
function wavRateHz(bytes: Uint8Array): number | null {
  if (bytes.length < 28 || String.fromCharCode(...bytes.subarray(12, 16)) !== 'fmt ') return null
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true)
}

async function decodeWav(bytes: Uint8Array): Promise<Decoded> {
  const { default: decode } = await import('@audio/decode-wav')
  const decoded = decode(bytes)
  return { channelData: decoded.channelData, sampleRate: decoded.sampleRate || (wavRateHz(bytes) ?? 0) }
}

async function decodeFlac(bytes: Uint8Array): Promise<Decoded> {
  const { default: decode } = await import('@audio/decode-flac')
  return decode(bytes)
}

const startsWith = (bytes: Uint8Array, text: string, at = 0) =>
  [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0))

/** One row a format: how it is recognised, by its bytes and never by its name, and how it is decoded. */
const audioFormats: readonly {
  readonly name: string
  detects(bytes: Uint8Array): boolean
  decode(bytes: Uint8Array): Promise<Decoded>
}[] = [
  { name: 'WAV', detects: (bytes) => startsWith(bytes, 'RIFF') && startsWith(bytes, 'WAVE', 8), decode: decodeWav },
  { name: 'FLAC', detects: (bytes) => startsWith(bytes, 'fLaC'), decode: decodeFlac },
]

/**
 * Decodes a WAV or FLAC file.
 * @param where name for messages
 * @throws MilliwattError CLIP_EMPTY, CLIP_NOT_AUDIO, CLIP_BAD_RATE
 */
export async function decodeAudio(bytes: Uint8Array, where: string): Promise<Recording> {
  if (bytes.length === 0) throw new MilliwattError('CLIP_EMPTY', where, 'The file has 0 bytes.')
  const format = audioFormats.find((row) => row.detects(bytes))
  if (!format) throw new MilliwattError('CLIP_NOT_AUDIO', where, 'It begins like neither WAV nor FLAC.')
  let decoded: Decoded
  try {
    decoded = await format.decode(bytes)
  } catch (error) {
    throw new MilliwattError('CLIP_NOT_AUDIO', where, `${format.name}: ${messageOf(error)}.`, error)
  }
  const samples = mixDown(decoded.channelData)
  if (samples.length === 0 && decoded.sampleRate !== 0) throw new MilliwattError('CLIP_EMPTY', where)
  return checked({ samples, sampleRateHz: decoded.sampleRate, channels: decoded.channelData.length }, where)
}

/**
 * Reads raw PCM; an incomplete last frame is dropped.
 * @throws MilliwattError CLIP_EMPTY, CLIP_BAD_RATE
 */
export function decodePcm(bytes: Uint8Array, layout: PcmLayout, where: string): Recording {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const width = layout.encoding === 's16le' ? 2 : 4
  const read = (at: number) => (width === 2 ? view.getInt16(at, true) / 32768 : view.getFloat32(at, true))
  const frames = Math.floor(bytes.length / (width * layout.channels))
  const channelData = Array.from({ length: layout.channels }, (_, channel) =>
    Float32Array.from({ length: frames }, (_, n) => read((n * layout.channels + channel) * width)),
  )
  const recording = { samples: mixDown(channelData), sampleRateHz: layout.sampleRateHz, channels: layout.channels }
  return checked(recording, where)
}
