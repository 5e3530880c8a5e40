import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { milliwatt } from '../support/cli.ts'
import { needs } from '../support/needs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { sine, wavBytes } from '../support/wav.ts'

const folder = temporaryFolder()
const cache = join(folder, 'cache')
const clips = resolve(import.meta.dirname, '../../models/kws/clips')
const clip = (name: string) => join(clips, `${name}.wav`)
const kws = (args: readonly string[], input?: Uint8Array) =>
  milliwatt(['kws', '--threshold', '0.5', ...args], { cwd: folder, cache, ...(input ? { input } : {}) })
const pcmOf = (name: string) => new Uint8Array(readFileSync(clip(name)).subarray(44))
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('milliwatt kws', () => {
  it('tells the keywords of files, one line an event, and what listening cost', async () => {
    const { code, stdout, stderr } = await kws([clip('jarvis-1'), clip('unknown-hello'), '--variant', 'ds-cnn-64-int8'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +\d\.\d\d s {2}jarvis +0\.\d\d {2}\d+ ms after the word\n/)
    expect(stdout).toMatch(
      /jarvis-1\.wav: 1\.5 s, 1 heard, [\d.]+ % of one core, a hop in at most [\d.]+ ms \(99 %\)\n/,
    )
    expect(stdout).toMatch(/unknown-hello\.wav: \d\.\d s, 0 heard/)
    expect(stderr).toContain('ds-cnn-64-int8')
  })

  it('reads raw PCM from standard input, and prints JSON lines', async () => {
    const { code, stdout } = await kws(['--json', '--variant', 'ds-cnn-64-int8', '-'], pcmOf('computer-1'))
    expect(code).toBe(0)
    const [event, end] = lines(stdout)
    expect(event).toMatchObject({ event: 'keyword', source: 'standard input', keyword: 'computer' })
    for (const name of ['timeS', 'score', 'latencyS', 'processingS']) expect(event![name]).toBeGreaterThan(0)
    expect(end).toMatchObject({ event: 'end', audioS: 1.5, events: 1, overruns: 0, notes: [] })
    const card = JSON.parse(readFileSync(join(clips, '../card.json'), 'utf8'))
    const { macs } = card.variants.find(({ name }: { name: string }) => name === 'ds-cnn-64-int8')
    expect(end!.macs).toBe((end!.inferences as number) * macs)
  })

  it('notes what spoils a recording', async () => {
    writeFileSync(
      join(folder, 'loud.wav'),
      wavBytes(
        sine(400, 44100, 1).map((x) => Math.max(-1, Math.min(1, 4 * x + 0.3))),
        { sampleRateHz: 44100 },
      ),
    )
    const { code, stdout } = await kws(['loud.wav'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/ % of the samples are clipped: lower the gain\.\n {2}The signal has a DC offset of/)
  })

  it('says clearly what is wrong with a source', async () => {
    const failed = async (args: readonly string[]) => {
      const { code, stderr } = await kws(args)
      return [code, stderr.split(':')[0]]
    }
    expect(await failed([])).toEqual([2, 'USAGE'])
    expect(await failed(['missing.wav'])).toEqual([1, 'CLIP_NOT_FOUND'])
    expect(await failed(['calibrate', 'kws', '--data', folder])).toEqual([1, 'VALIDATION_DATA'])
  })
})

needs('arecord')('milliwatt kws --listen', () => {
  const raw = join(folder, 'sound.raw')
  const config = join(folder, 'alsa.conf')
  const pause = new Uint8Array(64_000)
  writeFileSync(raw, Buffer.concat([pause, pcmOf('snowboy-1'), pause]))
  writeFileSync(
    config,
    `pcm.fakemic {\n  type file\n  slave.pcm { type null }\n  file "/dev/null"\n  infile "${raw}"\n  format "raw"\n}\n`,
  )
  const listen = (args: readonly string[]) =>
    milliwatt(['kws', '--listen', '--threshold', '0.5', ...args], {
      cwd: folder,
      cache,
      environment: { ALSA_CONFIG_PATH: config },
    })

  it('hears a keyword from a microphone', async () => {
    const { code, stdout } = await listen([
      '--device',
      'fakemic',
      '--seconds',
      '1',
      '--json',
      '--variant',
      'ds-cnn-64-int8',
    ])
    expect(code).toBe(0)
    expect(lines(stdout)[0]).toMatchObject({ event: 'keyword', source: 'fakemic', keyword: 'snowboy' })
  })

  it('says that there is no such microphone', async () => {
    const { code, stderr } = await listen(['--device', 'nowhere'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^MICROPHONE_NOT_FOUND: nowhere: .*arecord/)
  })
})
