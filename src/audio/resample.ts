import type { Recording } from './decode.ts'

async function converter(fromHz: number, toHz: number) {
  const { default: samplerate } = await import('@alexanderolsen/libsamplerate-js')
  return samplerate.create(1, fromHz, toHz, { converterType: samplerate.ConverterType.SRC_SINC_MEDIUM_QUALITY })
}

/**
 * Brings a recording to another sample rate by band-limited interpolation (libsamplerate, medium sinc).
 * Gives the same recording back when the rate is right already.
 */
export async function resample(recording: Recording, sampleRateHz: number): Promise<Recording> {
  if (recording.sampleRateHz === sampleRateHz) return recording
  const made = await converter(recording.sampleRateHz, sampleRateHz)
  try {
    return { ...recording, samples: made.simple(recording.samples), sampleRateHz }
  } finally {
    made.destroy()
  }
}

/** Brings a stream to another sample rate, portion by portion. */
export interface StreamResampler {
  /** The samples that a portion completes; they belong to the caller. */
  push(samples: Float32Array): Float32Array
  close(): void
}

/** Opens a resampler of a stream, by the same interpolation as `resample`. */
export async function streamResampler(fromHz: number, toHz: number): Promise<StreamResampler> {
  const made = await converter(fromHz, toHz)
  return { push: (samples) => (samples.length === 0 ? samples : made.full(samples)), close: () => made.destroy() }
}
