import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PcmStream, type PcmStreamLayout } from '../../../src/audio/stream/pcm-stream.ts'
import { readWavHeader } from '../../../src/audio/stream/wav-header.ts'
import { sine, wavBytes } from '../../support/wav.ts'

async function read(layout: PcmStreamLayout, bytes: Uint8Array, portion: number): Promise<number[]> {
  const stream = await PcmStream.open(layout, 16000)
  const samples: number[] = []
  for (let at = 0; at < bytes.length; at += portion) samples.push(...stream.push(bytes.subarray(at, at + portion)))
  stream.close()
  return samples
}

describe('PcmStream', () => {
  it('gives int16 back whatever the portions', async () => {
    const layout = { sampleRateHz: 16000, channels: 1, encoding: 's16le' } as const
    await fc.assert(
      fc.asyncProperty(fc.int16Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), async (samples, portion) => {
        expect(await read(layout, new Uint8Array(samples.buffer.slice(0)), portion)).toEqual([...samples])
      }),
    )
  })

  it('reads every encoding, and averages channels', async () => {
    const bytes = (...values: readonly number[]) => Uint8Array.from(values)
    const layout = (encoding: PcmStreamLayout['encoding'], channels = 1) => ({
      sampleRateHz: 16000,
      channels,
      encoding,
    })
    expect(await read(layout('u8'), bytes(128, 0, 192), 2)).toEqual([0, -32768, 16384])
    expect(await read(layout('s24le'), bytes(0, 0, 0x40, 0, 0, 0x80), 5)).toEqual([16384, -32768])
    expect(await read(layout('s32le'), bytes(0, 0, 0, 0xc0), 3)).toEqual([-16384])
    expect(await read(layout('f32le'), new Uint8Array(Float32Array.of(0.5, 2).buffer), 3)).toEqual([16384, 32767])
    expect(await read(layout('s16le', 2), bytes(0, 0x10, 0, 0x30), 1)).toEqual([0x2000])
  })

  it('keeps a tone that comes at another rate', async () => {
    const tone = sine(440, 48000, 1)
    const bytes = new Uint8Array(tone.buffer)
    const samples = await read({ sampleRateHz: 48000, channels: 1, encoding: 'f32le' }, bytes, 10_000)
    expect(samples.length).toBeGreaterThan(15_800)
    const crossings = samples.filter((sample, n) => n > 0 && samples[n - 1]! < 0 && sample >= 0).length
    expect(Math.abs(crossings - (440 * samples.length) / 16000)).toBeLessThanOrEqual(2)
  })
})

describe('readWavHeader', () => {
  it('finds samples and layout', () => {
    const bytes = wavBytes(sine(300, 8000, 0.1), { sampleRateHz: 8000, channels: 2, bits: 32 })
    const layout = { sampleRateHz: 8000, channels: 2, encoding: 'f32le' }
    expect(readWavHeader(bytes)).toEqual({ layout, dataStart: 44, dataEnd: bytes.length })
  })

  it('finds nothing in what is no WAV, or has no samples, and never throws', () => {
    const bytes = wavBytes(sine(300, 8000, 0.01), { sampleRateHz: 8000 })
    expect(readWavHeader(bytes.slice(0, 40))).toBeNull()
    const changes = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 5 })
    fc.assert(
      fc.property(changes, fc.nat(100), (changed, length) => {
        const broken = bytes.slice(0, length)
        for (const [at, value] of changed) if (at < broken.length) broken[at] = value
        readWavHeader(broken)
      }),
      { numRuns: 500 },
    )
  })
})
