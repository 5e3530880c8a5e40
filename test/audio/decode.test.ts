import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAudio, decodePcm } from '../../src/audio/decode.ts'
import { resample } from '../../src/audio/resample.ts'
import { MilliwattError } from '../../src/core/errors.ts'
import { sine, wavBytes } from '../support/wav.ts'

const codeOf = async (read: () => unknown): Promise<string> => {
  try {
    await read()
  } catch (error) {
    if (error instanceof MilliwattError) return error.code
    throw error
  }
  return 'read'
}

describe('decodeAudio', () => {
  it.each([8000, 16000, 22050, 44100, 48000, 96000])(
    'reads WAV at %d Hz, mono and stereo, int16 and float',
    async (rate) => {
      const samples = sine(440, rate, 0.1)
      for (const channels of [1, 2, 6])
        for (const bits of [16, 32] as const) {
          const recording = await decodeAudio(wavBytes(samples, { sampleRateHz: rate, channels, bits }), 'a.wav')
          expect(recording).toMatchObject({ sampleRateHz: rate, channels })
          expect(recording.samples.length).toBe(samples.length)
          expect(Math.max(...recording.samples.map((value, n) => Math.abs(value - samples[n]!)))).toBeLessThan(1e-4)
        }
    },
  )

  it('says which clip is empty, not audio or of an impossible rate', async () => {
    const samples = sine(440, 16000, 0.01)
    expect(await codeOf(() => decodeAudio(new Uint8Array(0), 'zero bytes'))).toBe('CLIP_EMPTY')
    expect(await codeOf(() => decodeAudio(wavBytes(new Float32Array(0), { sampleRateHz: 16000 }), 'no samples'))).toBe(
      'CLIP_EMPTY',
    )
    expect(await codeOf(() => decodeAudio(new TextEncoder().encode('hello'), 'text'))).toBe('CLIP_NOT_AUDIO')
    expect(await codeOf(() => decodeAudio(wavBytes(samples, { sampleRateHz: 0 }), '0 Hz'))).toBe('CLIP_BAD_RATE')
    expect(await codeOf(() => decodeAudio(wavBytes(samples, { sampleRateHz: 4e9 }), '4 GHz'))).toBe('CLIP_BAD_RATE')
  })

  it('refuses floats that are not numbers', async () => {
    const samples = Float32Array.of(0, Number.NaN, 0.1)
    expect(await codeOf(() => decodeAudio(wavBytes(samples, { sampleRateHz: 16000, bits: 32 }), 'nan'))).toBe(
      'CLIP_NOT_AUDIO',
    )
  })

  it('never fails in another way, whatever the bytes', async () => {
    const heads = [[], [...'RIFF'], [...'fLaC']].map((letters) => letters.map((letter) => letter.charCodeAt(0)))
    const wav = wavBytes(sine(440, 16000, 0.01), { sampleRateHz: 16000 })
    const allowed = ['read', 'CLIP_EMPTY', 'CLIP_NOT_AUDIO', 'CLIP_BAD_RATE']
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 300 }), async (head, tail) => {
        expect(allowed).toContain(await codeOf(() => decodeAudio(Uint8Array.from([...head, ...tail]), 'random')))
      }),
      { numRuns: 300 },
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(43), fc.nat(255), fc.nat(wav.length), async (at, value, length) => {
        const bytes = wav.slice(0, length)
        bytes[at] = value
        expect(allowed).toContain(await codeOf(() => decodeAudio(bytes, 'mutated')))
      }),
      { numRuns: 500 },
    )
  })
})

describe('decodePcm', () => {
  it('reads interleaved 16-bit and float samples and mixes channels', () => {
    const s16 = new Uint8Array(Int16Array.of(16384, 0, -16384, 0).buffer)
    const stereo = decodePcm(s16, { sampleRateHz: 8000, channels: 2, encoding: 's16le' }, '-')
    expect([...stereo.samples]).toEqual([0.25, -0.25])
    const f32 = new Uint8Array(Float32Array.of(0.5, -1).buffer)
    expect([...decodePcm(f32, { sampleRateHz: 8000, channels: 1, encoding: 'f32le' }, '-').samples]).toEqual([0.5, -1])
  })

  it('drops an incomplete last frame and refuses nothing at all', async () => {
    const layout = { sampleRateHz: 16000, channels: 1, encoding: 's16le' } as const
    expect(decodePcm(Uint8Array.of(0, 64, 9), layout, '-').samples.length).toBe(1)
    expect(await codeOf(() => decodePcm(Uint8Array.of(1), layout, '-'))).toBe('CLIP_EMPTY')
    expect(await codeOf(() => decodePcm(Uint8Array.of(1, 2), { ...layout, sampleRateHz: 0 }, '-'))).toBe(
      'CLIP_BAD_RATE',
    )
  })
})

describe('resample', () => {
  it.each([8000, 44100, 48000])('keeps a tone when it comes from %d Hz', async (rate) => {
    const recording = { samples: sine(1000, rate, 0.5), sampleRateHz: rate, channels: 1 }
    const { samples, sampleRateHz } = await resample(recording, 16000)
    expect(sampleRateHz).toBe(16000)
    expect(Math.abs(samples.length - 8000)).toBeLessThan(40)
    const wanted = sine(1000, 16000, 0.5)
    const middle = [...samples.subarray(2000, 6000)].map((value, n) => Math.abs(value - wanted[n + 2000]!))
    expect(Math.max(...middle)).toBeLessThan(0.01)
  })

  it('removes what the lower rate cannot hold', async () => {
    const { samples } = await resample({ samples: sine(12000, 48000, 0.5), sampleRateHz: 48000, channels: 1 }, 16000)
    expect(Math.max(...samples.subarray(1000, 7000).map(Math.abs))).toBeLessThan(0.01)
  })

  it('gives the same recording back at the same rate', async () => {
    const recording = { samples: sine(100, 16000, 0.1), sampleRateHz: 16000, channels: 1 }
    expect(await resample(recording, 16000)).toBe(recording)
  })
})
