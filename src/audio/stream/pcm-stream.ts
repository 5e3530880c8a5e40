import { type StreamResampler, streamResampler } from '../resample.ts'

/** How the bytes of a PCM stream are laid out: little-endian, channels in turn. */
export interface PcmStreamLayout {
  readonly sampleRateHz: number
  readonly channels: number
  readonly encoding: 'u8' | 's16le' | 's24le' | 's32le' | 'f32le'
}

/** One row an encoding: bytes of a sample, and how it is read as -1..1. */
const encodings: Readonly<
  Record<PcmStreamLayout['encoding'], { readonly bytes: number; read(view: DataView, at: number): number }>
> = {
  u8: { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) / 128 },
  s16le: { bytes: 2, read: (view, at) => view.getInt16(at, true) / 32768 },
  s24le: { bytes: 3, read: (view, at) => (view.getInt8(at + 2) * 65536 + view.getUint16(at, true)) / 2 ** 23 },
  s32le: { bytes: 4, read: (view, at) => view.getInt32(at, true) / 2 ** 31 },
  f32le: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
}

const toInt16 = (value: number) => Math.max(-32768, Math.min(32767, Math.round(value * 32768) || 0))

/** Turns the bytes of a PCM stream, in portions of any size, into int16 samples of one channel and another rate. */
export class PcmStream {
  readonly #layout: PcmStreamLayout
  readonly #frameBytes: number
  readonly #resampler: StreamResampler | null
  #rest = new Uint8Array(0)

  private constructor(layout: PcmStreamLayout, resampler: StreamResampler | null) {
    this.#layout = layout
    this.#frameBytes = layout.channels * encodings[layout.encoding].bytes
    this.#resampler = resampler
  }

  /** @param sampleRateHz rate of what comes out */
  static async open(layout: PcmStreamLayout, sampleRateHz: number): Promise<PcmStream> {
    const same = layout.sampleRateHz === sampleRateHz
    return new PcmStream(layout, same ? null : await streamResampler(layout.sampleRateHz, sampleRateHz))
  }

  /** Samples that the bytes complete; of another rate a few come later. */
  push(bytes: Uint8Array): Int16Array {
    const all = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes)
    const frames = Math.floor(all.length / this.#frameBytes)
    this.#rest = all.slice(frames * this.#frameBytes)
    const mono = this.#mixed(all, frames)
    const wanted = this.#resampler ? this.#resampler.push(mono) : mono
    const whole = new Int16Array(wanted.length)
    for (let n = 0; n < whole.length; n++) whole[n] = toInt16(wanted[n]!)
    return whole
  }

  /** Gives the resampler's memory back. */
  close(): void {
    this.#resampler?.close()
  }

  #mixed(bytes: Uint8Array, frames: number): Float32Array {
    const { channels, encoding } = this.#layout
    const { bytes: width, read } = encodings[encoding]
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const mono = new Float32Array(frames)
    for (let n = 0; n < frames; n++) {
      let sum = 0
      for (let channel = 0; channel < channels; channel++) sum += read(view, (n * channels + channel) * width)
      mono[n] = sum / channels
    }
    return mono
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}
