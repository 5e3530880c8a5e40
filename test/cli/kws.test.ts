import { cpSync, readFileSync, writeFileSync } from 'node:fs'
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

  const power = ['--active-mw', '900', '--sleep-mw', '2']
  it("shows what the card's cascade ran when, and what each event took, as text and as a page", async () => {
    const { code, stdout, stderr } = await milliwatt(
      ['kws', clip('jarvis-1'), clip('unknown-hello'), '--timeline', '--html', 'kws.html', ...power],
      { cwd: folder, cache },
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('ds-cnn-32-int8 → ds-cnn-64-int8')])
    expect(stdout).toMatch(/\n +0\.0 s {2}[-#·˙*]+\n/)
    expect(stdout).toMatch(/\n +\d\.\d\d +jarvis +0\.\d\d +\d+ +\d+ +\d+ +[\d.]+ +modelled\n/)
    expect(stdout).toContain('times fewer than the')
    const page = readFileSync(join(folder, 'kws.html'), 'utf8')
    for (const part of ['jarvis-1.wav', 'unknown-hello.wav', 'Power above idle', 'mW, modelled', '<svg'])
      expect(page).toContain(part)
    expect(page).not.toContain('<script')
    expect(page.length).toBeLessThan(100_000)
  }, 60_000)

  it('tells the timeline as JSON, and says why there is no energy', async () => {
    const { code, stdout } = await milliwatt(['kws', clip('jarvis-1'), '--timeline', '--json'], { cwd: folder, cache })
    expect(code).toBe(0)
    const { timeline } = lines(stdout).at(-1)! as { timeline: Record<string, unknown> }
    expect(timeline).toMatchObject({ cascade: 'ds-cnn-32-int8 → ds-cnn-64-int8', energyJ: null, provenance: null })
    expect(timeline.events).toHaveLength(1)
    expect(timeline.energySource).toContain('no published power')
    expect((timeline.ran as { stage: string }[]).map(({ stage }) => stage)).toContain('large')
  }, 60_000)

  it('draws the budget that it keeps, and says when doing nothing takes more', async () => {
    const budget = async (mw: string) =>
      milliwatt(['kws', clip('jarvis-1'), '--html', 'budget.html', '--budget-mw', mw, ...power], { cwd: folder, cache })
    expect((await budget('900')).code).toBe(0)
    expect(readFileSync(join(folder, 'budget.html'), 'utf8')).toMatch(/>budget<.*of 900\.0 mW allowed/s)
    const tooLittle = await budget('2')
    expect([tooLittle.code, tooLittle.stderr.split(':')[0]]).toEqual([3, 'GOAL_NOT_MET'])
  }, 60_000)

  it('says clearly what is wrong with a source', async () => {
    const failed = async (args: readonly string[]) => {
      const { code, stderr } = await kws(args)
      return [code, stderr.split(':')[0]]
    }
    expect(await failed([])).toEqual([2, 'USAGE'])
    expect(await failed(['missing.wav'])).toEqual([1, 'CLIP_NOT_FOUND'])
    expect(await failed(['--channels', '1.5', '-'])).toEqual([2, 'error'])
    expect(await failed(['calibrate', 'kws', '--data', folder])).toEqual([1, 'VALIDATION_DATA'])
  })
})

describe('milliwatt kws calibrate --cascade', () => {
  const model = join(folder, 'calibrated')
  cpSync(resolve(clips, '..'), model, { recursive: true, filter: (path) => !path.includes('float32') })
  const card = JSON.parse(readFileSync(join(model, 'card.json'), 'utf8'))
  card.variants = card.variants.filter(({ name }: { name: string }) => name.endsWith('int8'))
  writeFileSync(join(model, 'card.json'), JSON.stringify(card))
  const calibrate = (...names: readonly string[]) =>
    milliwatt(['kws', 'calibrate', model, '--data', clips, '--rounds', '1', '--write', '--cascade', ...names], {
      cwd: folder,
      cache,
    })

  it('sets a cascade inside one net, and kws listens with it', async () => {
    const { code, stdout, stderr } = await calibrate('ds-cnn-64-exits-int8')
    expect([code, stderr]).toEqual([0, `${join(model, 'card.json')}: the cascade\n`])
    expect(stdout).toMatch(
      /the first exit of ds-cnn-64-exits-int8 looks [\d.]+ % of the time .* the rest of it [\d.]+ %/,
    )
    const { cascade } = JSON.parse(readFileSync(join(model, 'card.json'), 'utf8'))
    expect(cascade).toMatchObject({ small: 'ds-cnn-64-exits-int8', large: 'ds-cnn-64-exits-int8' })
    expect(cascade.speech.macsALook).toBeLessThan(cascade.speech.aloneMacsALook)
    const heard = await milliwatt(['kws', clip('jarvis-1'), '--model', model, '--cascade'], { cwd: folder, cache })
    expect(heard.stdout).toMatch(/ s {2}jarvis /)
    expect(heard.stderr).toContain('ds-cnn-64-exits-int8, first exit → all')
  }, 60_000)

  it('says which variants make a cascade', async () => {
    const [one, many] = [await calibrate('ds-cnn-16-int8'), await calibrate('a', 'b', 'c')]
    expect([one.code, one.stderr]).toEqual([
      1,
      expect.stringMatching(/^CARD_INVALID: ds-cnn-16-int8: .* It has no exits/),
    ])
    expect([many.code, many.stderr]).toEqual([2, expect.stringMatching(/^USAGE: --cascade: /)])
  }, 60_000)
})

describe('what kws cannot listen with, or to', () => {
  const messageOf = async (args: readonly string[], input?: Uint8Array) => {
    const { code, stderr } = await milliwatt(['kws', ...args], { cwd: folder, cache, ...(input ? { input } : {}) })
    expect(code).toBe(1)
    return stderr.trim().split('\n').at(-1)
  }

  it('names a rate that no speech is recorded at', async () => {
    for (const rate of ['10', '1000000000'])
      expect(await messageOf(['--rate', rate, '--variant', 'ds-cnn-16-int8', '-'], pcmOf('jarvis-1'))).toMatch(
        /^CLIP_BAD_RATE: standard input: .* 192000 Hz/,
      )
  }, 60_000)

  it('names a model whose input is not what the front end makes, one without a card, and a card without a cascade', async () => {
    const model = join(folder, 'model')
    cpSync(resolve(clips, '..'), model, { recursive: true, filter: (path) => !path.includes('float32') })
    const { cascade: _, ...card } = JSON.parse(readFileSync(join(model, 'card.json'), 'utf8'))
    const variants = card.variants.filter(({ name }: { name: string }) => name === 'ds-cnn-16-int8')
    const write = (features: object) =>
      writeFileSync(
        join(model, 'card.json'),
        JSON.stringify({ ...card, variants, features: { ...card.features, ...features } }),
      )
    write({ coefficients: 12 })
    expect(await messageOf([clip('jarvis-1'), '--model', model])).toMatch(
      /^CARD_INVALID: .* the front end makes 888 values/,
    )
    write({})
    expect(await messageOf([clip('jarvis-1'), '--model', model, '--cascade'])).toMatch(
      /^CARD_INVALID: .* It holds no cascade/,
    )
    expect(await messageOf([clip('jarvis-1'), '--model', join(model, 'ds-cnn-16-int8.onnx')])).toMatch(
      /^CARD_INVALID: .* needs a card\.json/,
    )
  }, 60_000)

  it('says of long silence that there is nothing, and draws it', async () => {
    writeFileSync(join(folder, 'silence.wav'), wavBytes(new Float32Array(600 * 16000), { sampleRateHz: 16000 }))
    const { code, stdout } = await milliwatt(['kws', 'silence.wav', '--timeline', '--html', 'silence.html'], {
      cwd: folder,
      cache,
    })
    expect(code).toBe(0)
    expect(stdout).toContain('There is nothing but digital silence: the microphone is muted, or not connected.')
    expect(stdout).toContain('100.0 % no sound')
    const page = readFileSync(join(folder, 'silence.html'), 'utf8')
    expect(page).toContain('No keyword was heard.')
    expect(page).not.toMatch(/NaN|Infinity/)
    expect(page.length).toBeLessThan(60_000)
  }, 60_000)
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
