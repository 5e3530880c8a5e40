import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TraceComparison } from '../../src/trace/compare.ts'
import type { TraceInspection } from '../../src/trace/inspect.ts'
import { interruptAt, milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { energyBin } from '../trace/formats/support.ts'

const folder = temporaryFolder()
const trace = (...args: readonly string[]) => milliwatt(['trace', ...args], { cwd: folder })
const inspect = async (...args: readonly string[]) => {
  const { stdout, stderr, code } = await trace('inspect', ...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as TraceInspection
}

mkdirSync(join(folder, 'kws/energy'), { recursive: true })
const energies = Array.from({ length: 30_000 }, (_, at) => (at >= 10_000 && at < 20_000 ? 20 : 5))
writeFileSync(join(folder, 'kws/energy/trace1-energy.bin'), energyBin(energies))
writeFileSync(join(folder, 'kws/energy/trace1-timestamps.json'), '[0.01, 10, 20]')
writeFileSync(join(folder, 'kws/energy/log.txt'), 'io: [dut]: m-infer-start-400\n')

describe('milliwatt trace', () => {
  beforeAll(async () => {
    const { code, stderr } = await trace(
      'record',
      'demo',
      '--meter',
      'emulated',
      '--duration-s',
      '1.2',
      '--pulse-s',
      '0.25',
    )
    expect([code, stderr]).toEqual([0, ''])
  }, 60_000)

  it('inspect follows the contract of scripts', async () => {
    const inspection = await inspect('kws')
    expect(inspection).toMatchObject({
      sampleRateHz: 1000,
      samples: 30_000,
      lost: 0,
      verdict: 'complete',
      provenance: 'replayed',
    })
    expect(inspection.windows).toMatchObject([
      { startS: expect.closeTo(10, 2), endS: expect.closeTo(20, 2), inferences: 400 },
    ])
    expect(inspection.windows[0]!.energyJ).toBeCloseTo(0.2, 4)
    expect(inspection.windows[0]!.energyPerInferenceJ).toBeCloseTo(500e-6, 6)
    expect(inspection.medianEnergyPerInferenceJ).toBeCloseTo(500e-6, 6)
  })

  it('inspect falls back to steps in the power, names them, and refuses where there are none', async () => {
    const rows = (levels: readonly number[]) => levels.map((level, at) => `${at},${level * 1e6}`).join('\n')
    const table = (levels: readonly number[]) => `Timestamp(ms),Current(uA)\n${rows(levels)}\n`
    const idle = Array(500).fill(0.003)
    const work = [...Array(1000).fill(0.03), ...idle]
    writeFileSync(join(folder, 'steps.csv'), table([...idle, ...work, ...work, ...work]))
    const found = await inspect('steps.csv', '--supply-v', '3', '--inferences', '10')
    expect(found).toMatchObject({ provenance: 'replayed', verdict: 'complete', lost: 0, sampleRateHz: 1000 })
    expect(found.windowMethod).toBe('found steps in the power, which nothing marked')
    expect(found.windows).toMatchObject([
      { startS: 0.5, endS: 1.5, inferences: 10 },
      { startS: 2, endS: 3 },
      { startS: 3.5, endS: 4.5 },
    ])
    expect(found.medianEnergyPerInferenceJ).toBeCloseTo(0.009, 6)
    // Pauses within half of the shortest window are no pauses.
    const coarse = await inspect('steps.csv', '--supply-v', '3', '--least-s', '2')
    expect(coarse.windows).toMatchObject([{ startS: 0.5, endS: 4.5 }])
    writeFileSync(join(folder, 'flat.csv'), table(Array(3000).fill(0.003)))
    const flat = await inspect('flat.csv', '--supply-v', '3', '--inferences', '10')
    expect(flat).toMatchObject({ windows: [], medianEnergyPerInferenceJ: null, verdict: 'complete' })
    expect(flat.windowMethod).toBe(
      'none: the trace states none; found steps: the power shows no two levels that stand apart',
    )
    const text = await trace('inspect', 'flat.csv', '--supply-v', '3')
    expect(text.stdout).toMatch(/^Windows +none: the trace states none; found steps/m)
  })

  it('record keeps what an emulated meter gave, and says so', async () => {
    const inspection = await inspect('demo', '--inferences', '2')
    expect(inspection).toMatchObject({ provenance: 'emulated', lost: 0, verdict: 'complete', sampleRateHz: 100_000 })
    expect(inspection.samples).toBeGreaterThanOrEqual(120_000)
    expect(inspection.windowMethod).toBe('high levels of digital channel 0')
    expect(inspection.windows.length).toBeGreaterThanOrEqual(1)
    expect(inspection.windows[0]!.energyPerInferenceJ).toBeCloseTo(inspection.windows[0]!.energyJ! / 2, 9)
  })

  it('record does not write over a recording, nor in other formats', async () => {
    expect(await trace('record', 'demo.raw', '--meter', 'emulated')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--overwrite'),
    })
    expect(await trace('record', 'a.parquet', '--meter', 'emulated')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('trace convert'),
    })
    expect(await trace('record', 'a', '--meter', 'none')).toMatchObject({ code: 2 })
  })

  it('record keeps everything at Ctrl-C: whole without a duration, cut short with one', async () => {
    const stopAt = (file: string, ...args: readonly string[]) =>
      milliwatt(['trace', 'record', file, '--meter', 'emulated', ...args], {
        cwd: folder,
        // The first samples are on the disk some seconds after the start at the latest.
        onStart: (child) => interruptAt(child, join(folder, `${file}.raw`), 100_000),
      })
    const [open, timed] = await Promise.all([stopAt('open'), stopAt('timed', '--duration-s', '600')])
    expect([open.code, open.stderr]).toEqual([0, ''])
    expect((await inspect('open')).verdict).toBe('complete')
    expect(timed).toMatchObject({ code: 130, stderr: expect.stringContaining('INTERRUPTED') })
    expect(await inspect('timed')).toMatchObject({ verdict: 'lower bound', samples: expect.any(Number) })
  }, 60_000)

  it('record keeps what came before the meter went away', async () => {
    const { code, stderr } = await trace('record', 'lost', '--meter', 'emulated:unplug=0.5', '--duration-s', '60')
    expect([code, stderr]).toEqual([1, expect.stringContaining('METER_LOST')])
    const inspection = await inspect('lost')
    expect(inspection.samples).toBeGreaterThan(30_000)
    expect(inspection.verdict).toBe('lower bound')
  }, 60_000)

  it('record goes on after the meter was unplugged and plugged in again, with the gap', async () => {
    const resumed = ['--meter', 'emulated:unplug=0.5', '--meter-resume', '10', '--duration-s', '1.3']
    const { code, stderr } = await trace('record', 'resumed', ...resumed)
    expect([code, stderr]).toEqual([0, ''])
    const inspection = await inspect('resumed')
    expect(inspection.verdict).toBe('lower bound')
    expect(inspection.lost).toBeGreaterThan(0)
    expect(inspection.samples + inspection.lost).toBeGreaterThanOrEqual(130_000)
  }, 60_000)

  it('convert goes through every format and back, with provenance, levels and energy', async () => {
    const first = await inspect('demo')
    for (const [from, to] of [
      ['demo.json', 'a.parquet'],
      ['a.parquet', 'b.csv'],
      ['b.csv', 'c.ppk2'],
      ['c.ppk2', 'd.raw'],
    ] as const) {
      const { code, stderr } = await trace('convert', from, to)
      expect([code, stderr]).toEqual([0, ''])
      const next = await inspect(to)
      expect(next).toMatchObject({
        provenance: 'emulated',
        samples: first.samples,
        lost: first.lost,
        supplyV: first.supplyV,
      })
      expect(next.windows.map(({ startS, endS }) => [startS, endS])).toEqual(
        first.windows.map(({ startS, endS }) => [startS, endS]),
      )
      expect(next.energyJ! / first.energyJ!).toBeCloseTo(1, 5)
    }
  }, 60_000)

  it('convert refuses its own source and leaves nothing behind when it fails', async () => {
    expect((await trace('convert', 'demo.raw', 'demo.raw')).code).toBe(2)
    expect((await trace('convert', 'demo.raw', 'demo.docx')).code).toBe(2)
    expect((await trace('convert', 'none.raw', 'x.csv')).stderr).toContain('TRACE_NOT_FOUND')
    const failed = await trace('convert', 'kws', 'k.csv')
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('TRACE_SUPPLY') })
    expect(readdirSync(folder)).not.toContain('k.csv')
  })

  it('convert leaves nothing at Ctrl-C half-way, says so, and keeps what lay there', async () => {
    writeFileSync(join(folder, 'kept.csv'), 'an earlier result')
    mkdirSync(join(folder, 'long'), { recursive: true })
    writeFileSync(
      join(folder, 'long/trace1-energy.bin'),
      energyBin(Array.from({ length: 4_000_000 }, (_, at) => at % 9)),
    )
    const { code, stderr } = await milliwatt(
      ['trace', 'convert', 'long/trace1-energy.bin', 'kept.csv', '--supply-v', '3'],
      {
        cwd: folder,
        onStart: (child) => interruptAt(child, join(folder, 'kept.part.csv'), 1_000_000),
      },
    )
    expect([code, stderr]).toEqual([130, expect.stringMatching(/INTERRUPTED: .*kept\.csv.*removed/)])
    expect(readFileSync(join(folder, 'kept.csv'), 'utf8')).toBe('an earlier result')
    expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept.csv'])
  }, 60_000)

  it.skipIf(!existsSync('/dev/full'))(
    'record and convert tell a full disk, and keep or remove what is half',
    async () => {
      const onFullDisk = (name: string) => symlinkSync('/dev/full', join(folder, name))
      onFullDisk('full.raw')
      const endings = ['csv', 'ppk2', 'parquet', 'raw']
      for (const ending of endings) onFullDisk(`filled.part.${ending}`)
      const [record, ...converts] = await Promise.all([
        trace('record', 'full', '--overwrite', '--meter', 'emulated', '--duration-s', '30'),
        ...endings.map((ending) => trace('convert', 'demo.raw', `filled.${ending}`)),
      ])
      expect([record!.code, record!.stderr]).toEqual([1, expect.stringMatching(/TRACE_DISK_FULL.*full\.raw/)])
      expect(JSON.parse(readFileSync(join(folder, 'full.json'), 'utf8')).complete).toBe(false)
      for (const { code, stderr } of converts)
        expect([code, stderr]).toEqual([1, expect.stringMatching(/TRACE_DISK_FULL.*filled\.\w+:/)])
      expect(readdirSync(folder).filter((name) => name.startsWith('filled'))).toEqual([])
    },
    120_000,
  )

  it('plot draws on the terminal, as a picture and as a page', async () => {
    const { stdout } = await trace('plot', 'kws')
    expect(stdout).toMatch(/power replayed[\s\S]*20\.0 ┤.*█/)
    expect(stdout).toMatch(/└─+1─+┘/)
    expect((await trace('plot', 'kws', '-o', 'k.svg')).code).toBe(0)
    expect(readFileSync(join(folder, 'k.svg'), 'utf8')).toMatch(/^<svg[\s\S]*Power \(mW\)[\s\S]*<\/svg>\s*$/)
    expect((await trace('plot', 'kws', '-o', 'k.html', '--from-s', '9', '--to-s', '12')).code).toBe(0)
    const page = readFileSync(join(folder, 'k.html'), 'utf8')
    expect(page).toContain('default-src &#39;none&#39;')
    expect(page).toContain('badge replayed')
    expect((await trace('plot', 'kws', '-o', 'k.png')).code).toBe(2)
  })

  it('compare says what the difference is worth, and nothing across provenances', async () => {
    const { code, stdout } = await trace('compare', 'demo', 'demo', '--inferences', '2', '--json')
    expect(code).toBe(0)
    expect((JSON.parse(stdout) as TraceComparison).energyJ.change).toBe(0)
    const mixed = JSON.parse((await trace('compare', 'demo', 'kws', '--json')).stdout) as TraceComparison
    expect(mixed.statement).toBe('A is emulated and B is replayed: they are not compared.')
    expect([mixed.energyJ.change, mixed.meanPowerW.change]).toEqual([null, null])
  })

  it('help lists the formats', async () => {
    const { stdout } = await trace('--help')
    for (const name of ['capture', 'parquet', 'ppk2', 'csv', 'mlperf-tiny', 'lpm01a'])
      expect(stdout).toContain(`  ${name}`)
  })
})
