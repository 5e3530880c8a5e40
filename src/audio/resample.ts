import type { Recording } from './decode.ts'

/**
 * Brings a recording to another sample rate by band-limited interpolation (libsamplerate, medium sinc).
 * Gives the same recording back when the rate is right already.
 */
export async function resample(recording: Recording, sampleRateHz: number): Promise<Recording> {
  if (recording.sampleRateHz === sampleRateHz) return recording
  const { default: samplerate } = await import('@alexanderolsen/libsamplerate-js')
  const converter = await samplerate.create(1, recording.sampleRateHz, sampleRateHz, {
    converterType: samplerate.ConverterType.SRC_SINC_MEDIUM_QUALITY,
  })
  try {
    return { ...recording, samples: converter.simple(recording.samples), sampleRateHz }
  } finally {
    converter.destroy()
  }
}
