import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { whistle } from '../loop/enrol/whistle.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = temporaryFolder()
const jarvis = resolve(import.meta.dirname, '../../models/kws/clips/jarvis-1.wav')
const run = (...args: readonly string[]) => milliwatt(args, { cwd: folder, cache: join(folder, 'cache') })

describe('milliwatt kws enrol', () => {
  it('writes a model that hears the new word and the old ones, everywhere', async () => {
    const five = [1, 2, 3, 4, 5].map((seed) => whistle(folder, seed))
    const { code, stdout } = await run(
      'kws',
      'enrol',
      'whistle',
      ...five,
      '--out',
      'mine',
      '--variant',
      'ds-cnn-16-int8',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /whistle-1\.wav: whistle from \d\.\d\d to \d\.\d\d s, the others find \d+ % of its variations/,
    )
    expect(stdout).toMatch(/ds-cnn-16-int8-whistle\.onnx: \d+ bytes, threshold 0\.50, [\d.]+ % of other speech/)
    const card = JSON.parse(readFileSync(join(folder, 'mine/card.json'), 'utf8'))
    expect(card.variants[0]).toMatchObject({ dtype: 'float32+int8', accuracy: null })
    expect(card.variants[0].detector.thresholds).toMatchObject({ whistle: 0.5 })

    const heard = await run('kws', '--model', 'mine', '--json', whistle(folder, 6), whistle(folder, 7), jarvis)
    const events = heard.stdout.split('\n').filter((line) => line.includes('"keyword"'))
    expect(events.map((line) => JSON.parse(line).keyword)).toEqual(['whistle', 'whistle', 'jarvis'])
    const c = await run('compile', join('mine', card.variants[0].file), '--to', 'c', '--out', 'c')
    expect(c.stderr).toBe('')
    expect(c.code).toBe(0)
  }, 90_000)

  it('says what is wrong', async () => {
    const { code, stderr } = await run('kws', 'enrol', 'jarvis', jarvis, jarvis)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ENROL_WORD: jarvis: .*kws knows it already/)
  })
})
