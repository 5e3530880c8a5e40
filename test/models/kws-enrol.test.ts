import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { enrolWord } from '../../src/loop/enrol/enrol-word.ts'
import { milliwatt } from '../support/cli.ts'
import { needs, toolPath } from '../support/needs.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()

needs('recordings of the training data')('a word enrolled from five people', () => {
  it('is heard from others, and the keywords still are', async () => {
    const data = toolPath('recordings of the training data')!
    const words = join(data, 'words_mycroft')
    const said = readdirSync(words).filter((name) => name.startsWith('amelia_'))
    const paths = said.map((name) => join(words, name))
    const variants = ['ds-cnn-64-int8']
    const ask = { word: 'amelia', recordings: paths.slice(0, 5), model: 'kws', variants, out: join(folder, 'amelia') }
    const enrolment = await enrolWord(testHost(folder), ask)
    expect(enrolment.unlike).toEqual([])
    const clips = ['alexa-1', 'jarvis-1', 'unknown-hello', 'unknown-banana']
    const others = clips.map((name) => resolve(import.meta.dirname, `../../models/kws/clips/${name}.wav`))
    const tested = paths.slice(5, 35)
    const { stdout } = await milliwatt(['kws', '--model', enrolment.folder, '--json', ...tested, ...others], {
      cwd: folder,
      cache: join(folder, 'cache'),
    })
    const events = stdout.split('\n').flatMap((line) => (line.includes('"keyword"') ? [JSON.parse(line)] : []))
    const found = new Set(events.filter(({ keyword }) => keyword === 'amelia').map(({ source }) => source))
    expect(tested.filter((path) => found.has(path)).length / tested.length).toBeGreaterThan(0.8)
    const heard = others.map((path) => events.filter(({ source }) => source === path).map(({ keyword }) => keyword))
    expect(heard).toEqual([['alexa'], ['jarvis'], [], []])
  }, 180_000)
})
