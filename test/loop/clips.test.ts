import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import { findClips } from '../../src/loop/clips.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { sine, wavBytes } from '../support/wav.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const labels = { labels: ['yes', 'no', 'unknown', 'silence'], otherLabel: 'unknown', silenceLabel: 'silence' }
const wav = wavBytes(sine(300, 16000, 0.2), { sampleRateHz: 16000 })

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), content)
}

write(
  'data/manifest.csv',
  'path,split,kind,label\nyes/a.wav,val,keyword,yes\nother/b.wav,val,word,hello\nnoise/c.wav,val,noise,\nyes/d.wav,train,keyword,yes\n',
)
for (const path of [
  'data/yes/a.wav',
  'data/other/b.wav',
  'data/noise/c.wav',
  'data/yes/d.wav',
  'data/yes/unlisted.wav',
])
  write(path, wav)
write('data/README.md', 'not audio')
write('plain/no/x.wav', wav)
write('plain/deep/er/y.WAV', wav)
write('empty/readme.txt', '')

const found = async (path: string, split?: string) =>
  (await findClips(host, join(folder, path), labels, split)).map(({ clip, expected }) => [clip, expected])

const codeOf = async (path: string, split?: string) =>
  findClips(host, join(folder, path), labels, split).catch((error: MilliwattError) => [error.code, error.detail])

describe('findClips', () => {
  it("takes a folder's labels and splits from its manifest", async () => {
    expect(await found('data', 'val')).toEqual([
      ['noise/c.wav', 'silence'],
      ['other/b.wav', 'unknown'],
      ['yes/a.wav', 'yes'],
    ])
    expect(await found('data', 'train')).toEqual([['yes/d.wav', 'yes']])
  })

  it('finds the manifest above a sub-folder and above a single file', async () => {
    expect(await found('data/other')).toEqual([['b.wav', 'unknown']])
    expect(await found('data/other/b.wav')).toEqual([['b.wav', 'unknown']])
  })

  it("falls back to the folder's name, at any depth and whatever the case of the ending", async () => {
    expect(await found('plain')).toEqual([
      ['deep/er/y.WAV', undefined],
      ['no/x.wav', 'no'],
    ])
    expect(await found('plain/no')).toEqual([['x.wav', 'no']])
    expect(await found('data/yes')).toContainEqual(['unlisted.wav', 'yes'])
  })

  it('says what is missing', async () => {
    expect(await codeOf('absent')).toEqual(['CLIP_NOT_FOUND', undefined])
    expect(await codeOf('empty')).toEqual(['CLIP_NOT_FOUND', 'The folder holds no WAV or FLAC file.'])
    expect(await codeOf('data', 'test')).toEqual([
      'CLIP_NOT_FOUND',
      'The folder holds no WAV or FLAC file of split "test".',
    ])
  })

  it('reads a clip when asked, not before', async () => {
    write('plain/no/broken.wav', 'RIFF')
    const clips = await findClips(host, join(folder, 'plain/no'), labels)
    expect((await clips.find((clip) => clip.clip === 'x.wav')!.read()).samples.length).toBe(3200)
    await expect(clips.find((clip) => clip.clip === 'broken.wav')!.read()).rejects.toThrow(MilliwattError)
  })
})
