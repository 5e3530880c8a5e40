import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from '../../../src/catalogue/load.ts'
import { type EnrolOptions, enrolWord } from '../../../src/loop/enrol/enrol-word.ts'
import { temporaryFolder, testHost } from '../../support/temporary.ts'
import { whistle } from './whistle.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const kws = resolve(import.meta.dirname, '../../../models/kws')
const clip = (name: string) => join(kws, 'clips', `${name}.wav`)
const five = [1, 2, 3, 4, 5].map((seed) => whistle(folder, seed))
const base = { word: 'word', recordings: five, model: kws, variants: ['ds-cnn-16-int8'], out: join(folder, 'word') }

describe('a word from recordings', () => {
  it('makes a folder that a second word can be added to', async () => {
    const first = await enrolWord(host, { ...base, word: 'whistle', out: join(folder, 'one') })
    expect(first.unlike).toEqual([])
    for (const share of first.variants[0]!.foundByOthers) expect(share).toBeGreaterThan(0.7)
    const { card } = await loadCatalogue(host, first.folder)
    expect(card!.name).toBe('kws-whistle')
    const falling = [21, 22, 23].map((seed) =>
      whistle(folder, seed, (samples) => samples.map((value, n) => value * Number(n % 3 > 0))),
    )
    const second = await enrolWord(host, {
      ...base,
      word: 'buzz',
      recordings: falling,
      model: first.folder,
      variants: ['ds-cnn-16-int8-whistle'],
      out: join(folder, 'two'),
    })
    expect(second.labels.slice(-2)).toEqual(['whistle', 'buzz'])
  }, 60_000)

  it('tells which recording is unlike the others', async () => {
    const odd = clip('unknown-banana')
    const enrolled = await enrolWord(host, { ...base, recordings: [...five, odd], out: join(folder, 'odd') })
    expect(enrolled.unlike).toEqual([odd])
  }, 60_000)

  const different = ['alexa-1', 'unknown-banana', 'unknown-good-morning', 'smart-mirror-1', 'snowboy-1'].map(clip)
  const with1 = (seed: number, change: (samples: Float32Array) => Float32Array) => [
    whistle(folder, seed, change),
    ...five,
  ]
  it.each<[string, Partial<EnrolOptions>, string]>([
    ['no recording', { recordings: [] }, 'ENROL_RECORDINGS'],
    ['one recording', { recordings: five.slice(1, 2) }, 'ENROL_RECORDINGS'],
    ['a recording twice', { recordings: [...five, five[0]!] }, 'ENROL_RECORDINGS'],
    ['different words', { recordings: different }, 'ENROL_RECORDINGS'],
    ['a missing file', { recordings: [join(folder, 'missing.wav'), ...five] }, 'CLIP_NOT_FOUND'],
    ['silence', { recordings: with1(10, (samples) => samples.map(() => 0)) }, 'ENROL_CLIP'],
    ['hardly any sound', { recordings: with1(11, (samples) => samples.map((value) => value / 2000)) }, 'ENROL_CLIP'],
    ['noise alone', { recordings: with1(12, (samples) => samples.map((_, n) => 0.1 * Math.sin(n * n))) }, 'ENROL_CLIP'],
    ['a clipped word', { recordings: with1(13, (samples) => samples.map((value) => Math.sign(value))) }, 'ENROL_CLIP'],
    ['a word cut short', { recordings: with1(14, (samples) => samples.subarray(0, 12000).slice(-1600)) }, 'ENROL_CLIP'],
    ['a known word', { word: 'jarvis' }, 'ENROL_WORD'],
    ['a word that is a path', { word: '../word' }, 'ENROL_WORD'],
    ['an unknown variant', { variants: ['ds-cnn-1'] }, 'VARIANT_UNKNOWN'],
    ['a folder that is a file', { out: five[0]! }, 'OUTPUT_WRITE'],
    ['a folder that is full', { out: kws }, 'OUTPUT_WRITE'],
    ['a file without a card', { model: join(kws, 'ds-cnn-16-int8.onnx') }, 'CARD_INVALID'],
  ])(
    'refuses %s',
    async (_, changed, code) => {
      await expect(enrolWord(host, { ...base, ...changed })).rejects.toMatchObject({ code })
      expect(existsSync(join(folder, 'word'))).toBe(false)
    },
    60_000,
  )
})
