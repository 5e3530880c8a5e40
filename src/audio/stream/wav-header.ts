import type { PcmStreamLayout } from './pcm-stream.ts'

/** Where the samples of a WAV file lie, and how. */
export interface WavHeader {
  readonly layout: PcmStreamLayout
  readonly dataStart: number
  /** End of the samples as the header says; files that were written to a pipe say more than there is. */
  readonly dataEnd: number
}

const encodingOf: Readonly<Record<string, PcmStreamLayout['encoding']>> = {
  '1/8': 'u8',
  '1/16': 's16le',
  '1/24': 's24le',
  '1/32': 's32le',
  '3/32': 'f32le',
}

/** WAVE_FORMAT_EXTENSIBLE: the format is the beginning of a GUID further on. */
const extensible = 0xfffe

/**
 * Reads the beginning of a WAV file that holds PCM or floats, of any length; null for other files and encodings.
 * @param bytes the file's first bytes, some thousand at least
 */
export function readWavHeader(bytes: Uint8Array): WavHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
  if (bytes.length < 12 || word(0) !== 'RIFF' || word(8) !== 'WAVE') return null
  let layout: PcmStreamLayout | null = null
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true)
    if (word(at) === 'data') return layout && { layout, dataStart: at + 8, dataEnd: at + 8 + size }
    if (word(at) === 'fmt ' && at + 24 <= bytes.length) {
      const tag = view.getUint16(at + 8, true)
      const format = tag === extensible && at + 34 <= bytes.length ? view.getUint16(at + 32, true) : tag
      const encoding = encodingOf[`${format}/${view.getUint16(at + 22, true)}`]
      const channels = view.getUint16(at + 10, true)
      if (!encoding || channels === 0) return null
      layout = { sampleRateHz: view.getUint32(at + 12, true), channels, encoding }
    }
    at += 8 + size + (size % 2)
  }
  return null
}
