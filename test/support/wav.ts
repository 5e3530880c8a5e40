/** How a WAV file for tests is laid out. */
export interface WavLayout {
  readonly sampleRateHz: number
  readonly channels?: number
  readonly bits?: 16 | 32
}

/** Bytes of a WAV file: 16-bit PCM or 32-bit float, the same samples in every channel. */
export function wavBytes(samples: Float32Array, layout: WavLayout): Uint8Array {
  const channels = layout.channels ?? 1
  const bits = layout.bits ?? 16
  const blockBytes = (channels * bits) / 8
  const bytes = new Uint8Array(44 + samples.length * blockBytes)
  const view = new DataView(bytes.buffer)
  const text = (at: number, word: string) => bytes.set(new TextEncoder().encode(word), at)
  text(0, 'RIFF')
  view.setUint32(4, bytes.length - 8, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, bits === 32 ? 3 : 1, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, layout.sampleRateHz, true)
  view.setUint32(28, layout.sampleRateHz * blockBytes, true)
  view.setUint16(32, blockBytes, true)
  view.setUint16(34, bits, true)
  text(36, 'data')
  view.setUint32(40, samples.length * blockBytes, true)
  for (let n = 0; n < samples.length; n++)
    for (let channel = 0; channel < channels; channel++) {
      const at = 44 + n * blockBytes + (channel * bits) / 8
      if (bits === 32) view.setFloat32(at, samples[n]!, true)
      else view.setInt16(at, Math.round(samples[n]! * 32767), true)
    }
  return bytes
}

/** A sine of amplitude 0.5. */
export function sine(frequencyHz: number, sampleRateHz: number, durationS: number): Float32Array {
  return Float32Array.from(
    { length: Math.round(durationS * sampleRateHz) },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * frequencyHz * n) / sampleRateHz),
  )
}
