import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunReport } from '../../src/report/report.ts'
import type { StreamReport } from '../../src/report/stream-report.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { sine, wavBytes } from '../support/wav.ts'

const folder = temporaryFolder()
const cache = join(folder, 'cache')
const clipsFolder = resolve(import.meta.dirname, '../../models/kws/clips')
const shipped = readdirSync(clipsFolder).filter((name) => /\.(wav|flac)$/.test(name))
const fast = ['--meter', 'none', '--backend', 'compiled']
const run = (...args: readonly string[]) => milliwatt(['run', 'kws', ...args], { cwd: folder, cache })
const parse = (text: string) => JSON.parse(text) as RunReport

mkdirSync(join(folder, 'clips'))
writeFileSync(join(folder, 'clips', 'tone.wav'), wavBytes(sine(440, 44100, 1), { sampleRateHz: 44100, channels: 2 }))
writeFileSync(join(folder, 'clips', 'zero.wav'), '')
writeFileSync(join(folder, 'clips', 'text.wav'), 'this is not audio')
writeFileSync(join(folder, 'still.wav'), wavBytes(sine(440, 16000, 1), { sampleRateHz: 0 }))

describe('milliwatt run kws', () => {
  let json: Awaited<ReturnType<typeof milliwatt>>
  beforeAll(async () => {
    // Every engine that is here; of the variants one is enough.
    json = await run('--json', '--window-ms', '10', '--variant', 'ds-cnn-16-int8')
  }, 120_000)

  it('prints one JSON document and nothing else, with the contract of scripts', () => {
    expect(json.code).toBe(0)
    const report = parse(json.stdout)
    expect(report.inferences.map((row) => row.clip).sort()).toEqual([...shipped].sort())
    for (const row of report.inferences) {
      expect(row).toMatchObject({ label: expect.any(String), confidence: expect.any(Number), provenance: 'emulated' })
      expect(row.latencyS).toBeGreaterThan(0)
      expect(row.energyJ).toBeGreaterThan(0)
      expect(row.meanPowerW).toBeGreaterThan(0)
    }
    expect(report.plan.chosen?.variant).toBe(report.model.variant)
    expect(report.plan.candidates.every((row) => row.reason.length > 0)).toBe(true)
  })

  it('says that the meter is emulated, on standard error and on every figure', () => {
    expect(json.stderr).toContain('every energy figure is marked emulated')
    const report = parse(json.stdout)
    expect(report.meter).toMatchObject({ provenance: 'emulated', samplesLost: 0, verdict: 'complete' })
    expect(report.summary).toMatchObject({ provenance: 'emulated', inferences: shipped.length })
    const [low, high] = report.summary.energyPerInferenceJ!.interval95!
    expect(low).toBeLessThan(high)
    expect(new Set(report.plan.candidates.map((row) => row.provenance))).not.toContain('measured')
  })

  it('leaves no files behind with --json alone', () => {
    expect(existsSync(join(folder, 'milliwatt-out'))).toBe(false)
  })

  it('knows most of the shipped clips', () => {
    const { accuracy } = parse(json.stdout)
    expect(accuracy!.total).toBe(shipped.length)
    expect(accuracy!.accuracy).toBeGreaterThan(0.6)
  })

  it("runs the card's cascade over all recordings in one stream, with the energy of every event", async () => {
    const { code, stdout } = await run(
      '--stream',
      '--out',
      'stream',
      '--window-ms',
      '10',
      '--variant',
      'ds-cnn-16-int8',
      '--backend',
      'compiled',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/\nStream\n +0\.0 s {2}·/)
    expect(stdout).toMatch(/\n *\d+\.\d\d {2}jarvis +jarvis-1\.wav +0\.\d\d .* emulated\n/)
    const { stream } = JSON.parse(readFileSync(join(folder, 'stream', 'report.json'), 'utf8')) as {
      stream: StreamReport & { events: { energyJ: number; keyword: string }[]; ran: unknown[] }
    }
    expect(stream).toMatchObject({ provenance: 'emulated', cascade: 'ds-cnn-32-int8 → ds-cnn-64-int8' })
    expect(stream.clips).toHaveLength(shipped.length)
    expect(stream.events.length).toBeGreaterThan(4)
    for (const { energyJ } of stream.events) expect(energyJ).toBeGreaterThan(0)
    expect(stream.energyJ).toBeLessThan(stream.alone!.energyJ!)
    expect(5 * stream.macs).toBeLessThan(stream.alone!.macs)
    expect(stream.alone!.events).not.toBe(null)
    expect(readFileSync(join(folder, 'stream', 'report.html'), 'utf8')).toContain('The cascade on a stream')
    expect(readFileSync(join(folder, 'stream', 'report.md'), 'utf8')).toContain('## Stream')
  }, 120_000)

  it('says what a stream needs', async () => {
    const failed = async (...args: readonly string[]) => {
      const { code, stderr } = await run('--stream', '--meter', 'none', ...args)
      return [code, stderr.split('\n').at(-2)!.split(':')[0]]
    }
    expect(await failed('--on', 'cpu')).toEqual([2, 'USAGE'])
  }, 60_000)

  it('prints rows and summary as text, and writes report and trace where it says', async () => {
    const { code, stdout } = await run('--out', 'out', '--window-ms', '10', '--backend', 'compiled')
    expect(code).toBe(0)
    for (const name of shipped) expect(stdout).toContain(name)
    for (const word of ['Plan', 'Summary', 'emulated', 'Samples', '95 %', 'gross', 'net'])
      expect(stdout).toContain(word)
    for (const name of ['report.html', 'report.md', 'report.json', 'trace.raw', 'trace.json']) {
      expect(existsSync(join(folder, 'out', name))).toBe(true)
      expect(stdout).toContain(name)
    }
    const sidecar = JSON.parse(readFileSync(join(folder, 'out', 'trace.json'), 'utf8'))
    expect(sidecar).toMatchObject({ version: 1, complete: true, provenance: 'emulated' })
    // Words of four bytes, in blocks with check sums.
    expect(readFileSync(join(folder, 'out', 'trace.raw')).length).toBeGreaterThan(4 * sidecar.sampleCount)
    expect(sidecar.marks.length).toBeGreaterThanOrEqual(shipped.length)
  }, 120_000)

  it('has no progress on standard error when it is piped', () => {
    expect(json.stderr.split('\n').filter((line) => line !== '').length).toBe(1)
  })

  it('runs without a meter: energy is null or modelled, never more', async () => {
    const { code, stdout } = await run('--json', ...fast)
    expect(code).toBe(0)
    for (const row of parse(stdout).inferences) expect([null, 'modelled']).toContain(row.provenance)
    expect(parse(stdout).meter).toBeNull()
  }, 60_000)
})

describe('milliwatt run kws --input', () => {
  it('takes a file of any rate and channel count', async () => {
    const { code, stdout } = await run('--json', ...fast, '--input', join(folder, 'clips', 'tone.wav'))
    expect(code).toBe(0)
    expect(parse(stdout).inferences.map((row) => row.clip)).toEqual(['tone.wav'])
  })

  it('takes raw PCM on standard input', async () => {
    const pcm = new Uint8Array(Int16Array.from(sine(300, 8000, 4), (value) => value * 32767).buffer)
    const args = ['run', 'kws', '--json', ...fast, '--input', '-', '--rate', '8000', '--step', '1']
    const { code, stdout } = await milliwatt(args, { cwd: folder, cache, input: pcm })
    expect(code).toBe(0)
    expect(parse(stdout).inferences.map((row) => row.windowStartS)).toEqual([0, 1, 2, 2.5])
  })

  it('goes on when some clips of a folder cannot be read, and tells which', async () => {
    const { code, stdout, stderr } = await run('--json', ...fast, '--input', join(folder, 'clips'))
    expect(code).toBe(0)
    const report = parse(stdout)
    expect(report.inferences.map((row) => row.clip)).toEqual(['tone.wav'])
    expect(report.problems.map((problem) => problem.code).sort()).toEqual(['CLIP_EMPTY', 'CLIP_NOT_AUDIO'])
    expect(stderr).toContain('zero.wav')
    expect(stderr).toContain('text.wav')
  })

  it.each([
    ['clips/zero.wav', 'CLIP_EMPTY'],
    ['clips/text.wav', 'CLIP_NOT_AUDIO'],
    ['still.wav', 'CLIP_BAD_RATE'],
    ['absent.wav', 'CLIP_NOT_FOUND'],
  ])('fails with %s: %s', async (path, error) => {
    const { code, stdout, stderr } = await run('--json', ...fast, '--input', join(folder, path))
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(error)
    expect(stderr).toContain('Next:')
  })
})

describe('milliwatt run kws, goals and faults', () => {
  it('exits with 3 when the goal is not met, and prints the plan with --json', async () => {
    const { code, stdout, stderr } = await run('--json', ...fast, '--max-latency-ms', '0.000001')
    expect(code).toBe(3)
    expect(stderr).toContain('GOAL_NOT_MET')
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ status: 'goal not met', inferences: [] })
    expect(document.plan.candidates.length).toBeGreaterThan(1)
  })

  it('does not let the emulated meter meet an energy limit', async () => {
    const { code, stderr } = await run(
      '--json',
      '--meter',
      'emulated',
      '--max-energy-mj',
      '1000',
      '--backend',
      'compiled',
    )
    expect(code).toBe(3)
    expect(stderr).toContain('its energy is emulated')
  }, 60_000)

  it.each([
    [['--no-such-option']],
    [['--min-accuracy', 'much']],
    [['--min-accuracy', '7', ...fast]],
    [['--meter', 'nope']],
    [['--backend', 'nope', '--meter', 'none']],
    [['--variant', 'nope', ...fast]],
    [['--minimize', 'regret']],
  ])('exits with 2 for %j', async (args) => {
    const { code, stdout, stderr } = await run(...args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.length).toBeGreaterThan(10)
  })

  it('names a meter port that does not exist', async () => {
    const { code, stderr } = await run('--meter', 'ppk2:/dev/does-not-exist')
    expect(code).toBe(1)
    expect(stderr).toContain('METER_NOT_FOUND: /dev/does-not-exist')
  })

  it('names a model that does not exist', async () => {
    const { code, stderr } = await milliwatt(['run', 'no-such-model', ...fast], { cwd: folder, cache })
    expect(code).toBe(1)
    expect(stderr).toContain('MODEL_NOT_FOUND')
  })

  it('finishes when the meter is unplugged half-way: rows without energy, trace kept, verdict not complete', async () => {
    const { code, stdout, stderr } = await run(
      '--json',
      '--out',
      'unplugged',
      '--meter',
      'emulated:unplug=3',
      '--window-ms',
      '200',
      '--backend',
      'compiled',
      '--variant',
      'ds-cnn-16-int8',
    )
    expect(code).toBe(0)
    const report = parse(stdout)
    expect(report.inferences.length).toBe(shipped.length)
    expect(report.inferences.at(-1)).toMatchObject({ energyJ: null, provenance: null })
    expect(report.meter!.verdict).not.toBe('complete')
    expect(report.problems.map((problem) => problem.code)).toContain('METER_LOST')
    expect(stderr).toContain('METER_LOST: ')
    expect(JSON.parse(readFileSync(join(folder, 'unplugged', 'trace.json'), 'utf8')).complete).toBe(false)
  }, 60_000)

  it('writes trace and report so far on Ctrl-C', async () => {
    const out = join(folder, 'stopped')
    const args = ['run', 'kws', '--out', out, '--window-ms', '1000', '--variant', 'ds-cnn-16-int8', '-b', 'compiled']
    const result = await milliwatt(args, {
      cwd: folder,
      cache,
      onStart: (child) => {
        const timer = setInterval(() => {
          const marks = existsSync(join(out, 'trace.json')) ? readFileSync(join(out, 'trace.json'), 'utf8') : ''
          if (!marks.includes('-1.wav')) return
          clearInterval(timer)
          child.kill('SIGINT')
        }, 100)
        child.on('close', () => clearInterval(timer))
      },
    })
    expect([result.code, result.stderr]).toEqual([130, expect.any(String)])
    const report = parse(readFileSync(join(out, 'report.json'), 'utf8'))
    expect(report.status).toBe('interrupted')
    expect(report.inferences.length).toBeGreaterThan(0)
    expect(report.inferences.length).toBeLessThan(shipped.length)
    expect(JSON.parse(readFileSync(join(out, 'trace.json'), 'utf8'))).toMatchObject({
      complete: false,
      reason: expect.stringContaining('interrupted'),
    })
  }, 120_000)
})

describe('milliwatt', () => {
  it('explains itself', async () => {
    const help = await milliwatt(['--help'])
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('Exit codes: 0 done, 1 failed, 2 usage, 3 goal not met, 130 interrupted.')
    const runHelp = await milliwatt(['run', '--help'])
    for (const option of ['--input', '--json', '--meter', '--max-latency-ms', '--out'])
      expect(runHelp.stdout).toContain(option)
    expect((await milliwatt(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await milliwatt(['no-such-command'])).code).toBe(2)
  })

  it('shows the devices of this machine', async () => {
    const text = await milliwatt(['devices'])
    expect(text.code).toBe(0)
    expect(text.stdout).toContain('cpu found')
    const json = JSON.parse((await milliwatt(['devices', '--json'])).stdout)
    expect(json.findings.map((finding: { kind: string }) => finding.kind)).toEqual(
      expect.arrayContaining(['cpu', 'gpu', 'npu', 'board', 'meter']),
    )
  })
})
