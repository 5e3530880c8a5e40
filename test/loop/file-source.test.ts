import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { MilliwattError } from '../../src/core/errors.ts'
import { openFileSource } from '../../src/loop/file-source.ts'
import { needs, toolPath } from '../support/needs.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { sine, wavBytes } from '../support/wav.ts'

const folder = temporaryFolder()
const host = testHost(folder)

async function samplesOf(name: string, content: string | Uint8Array): Promise<readonly Int16Array[]> {
  writeFileSync(join(folder, name), content)
  await using source = await openFileSource(host, join(folder, name), 16000)
  const portions: Int16Array[] = []
  await source.run((samples) => portions.push(samples))
  return portions
}

const lengthOf = (portions: readonly Int16Array[]) => portions.reduce((sum, portion) => sum + portion.length, 0)

describe('openFileSource', () => {
  it('reads WAV in portions, of any rate and number of channels', async () => {
    const portions = await samplesOf('long.wav', wavBytes(sine(300, 16000, 5), { sampleRateHz: 16000 }))
    expect([portions.length > 3, lengthOf(portions)]).toEqual([true, 80_000])
    expect(portions[0]![40]).toBe(Math.round(0.5 * 32767 * Math.sin((2 * Math.PI * 300 * 40) / 16000)))
    const stereo = wavBytes(sine(300, 44100, 2), { sampleRateHz: 44100, channels: 2, bits: 32 })
    expect(lengthOf(await samplesOf('stereo.wav', stereo))).toBeGreaterThan(31_900)
  })

  it('reads what there is of a WAV whose header says more, as pipes leave it', async () => {
    const bytes = wavBytes(sine(300, 16000, 0.5), { sampleRateHz: 16000 })
    new DataView(bytes.buffer).setUint32(40, 0xffffffff, true)
    expect(lengthOf(await samplesOf('piped.wav', bytes))).toBe(8000)
  })

  it.each([
    ['text.wav', 'this is not audio', 'CLIP_NOT_AUDIO'],
    ['nothing.wav', '', 'CLIP_EMPTY'],
    ['still.wav', wavBytes(sine(300, 16000, 0.1), { sampleRateHz: 0 }), 'CLIP_BAD_RATE'],
  ])('says what is wrong with %s', async (name, content, code) => {
    expect(await samplesOf(name, content).catch((error: MilliwattError) => error.code)).toBe(code)
  })

  it('says that there is no file', async () => {
    const code = await openFileSource(host, join(folder, 'gone.wav'), 16000).catch(
      (error: MilliwattError) => error.code,
    )
    expect(code).toBe('CLIP_NOT_FOUND')
  })
})

needs('recordings of the training data')('openFileSource of FLAC', () => {
  it('reads it', async () => {
    const data = join(toolPath('recordings of the training data')!, 'jarvis')
    const flac = readFileSync(join(data, readdirSync(data)[0]!))
    expect(lengthOf(await samplesOf('word.flac', new Uint8Array(flac)))).toBeGreaterThan(8000)
  })
})
