import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readEnergyRecord } from '../../src/energy/read-record.ts'
import type { EnergyRecord } from '../../src/energy/record.ts'
import { recordOf } from '../energy/support.ts'
import { interruptAt, milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const kws = resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx')
const energy = (...args: readonly string[]) => milliwatt(['energy', ...args], { cwd: folder, cache: at('cache') })
const measure = (...args: readonly string[]) =>
  energy('measure', kws, '-b', 'compiled', '--windows', '4', '--window-s', '0.05', '--idle-s', '0.2', ...args)

const noisy = [0.0999, 0.1001, 0.1, 0.0998, 0.1002]
const write = (name: string, record: EnergyRecord) => writeFileSync(at(name), JSON.stringify(record))
write('a.json', recordOf(noisy))
write('b.json', recordOf(noisy.map((power) => power * 1.05)))
write('emulated.json', recordOf(noisy, { provenance: 'emulated' }))
write('modelled.json', recordOf(noisy, { provenance: 'modelled', meter: null }))
write('invalid.json', recordOf(noisy, {}, { supplyKnown: false }))

describe('milliwatt energy measure', () => {
  let record: EnergyRecord
  let text = ''

  beforeAll(async () => {
    const { code, stdout, stderr } = await measure('--meter', 'emulated', '-o', 'record.json', '--trace', 'trace')
    expect([code, stderr]).toEqual([0, ''])
    text = stdout
    record = readEnergyRecord(readFileSync(at('record.json'), 'utf8'), 'record.json')
  }, 60_000)

  it('writes a record with method, meter, model, calibration, idle, windows, budget and trace', () => {
    expect(record).toMatchObject({
      provenance: 'emulated',
      subject: { variant: 'ds-cnn-16-int8', engine: expect.stringMatching(/^compiled/) },
      method: { alignment: 'marker edges' },
      meter: { driver: 'emulated', supplyV: 3.3, sampleRateHz: 100_000 },
      idle: { before: { provenance: 'emulated' }, after: { provenance: 'emulated' } },
      official: { valid: false },
    })
    expect(record.subject.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(record.meter!.calibration['demo.activeA']).toBe(0.042)
    expect(record.windows).toHaveLength(4)
    expect(existsSync(at('trace.raw'))).toBe(true)
    expect(record.trace).toMatchObject({ file: 'trace.raw', bytes: readFileSync(at('trace.raw')).length })
  })

  it('knows the energy of the demo load: 139 mW while it works, 26.4 mW idle', () => {
    const { gross, net, secondsPerInference } = record
    // The ripple and the wake-up peak of the demo load add a little.
    expect(gross!.valueJ / secondsPerInference! / 0.139).toBeCloseTo(1, 1)
    expect((gross!.valueJ - net!.valueJ) / secondsPerInference!).toBeCloseTo(0.0264, 3)
    expect(gross!.intervalJ![0]).toBeLessThan(gross!.valueJ)
  })

  it('prints it with the word emulated beside every figure', () => {
    expect(text).toMatch(/gross +[\d.]+ µJ emulated \(95 % interval/)
    expect(text).toMatch(/^emulated: a simulated meter or device made it/m)
    expect(text).toMatch(/meter gain +\d+\.\d+ %/)
  })

  it('leaves no record at Ctrl-C half-way, and a trace that says it was interrupted', async () => {
    const started = milliwatt(
      ['energy', 'measure', kws, '-b', 'compiled', '--windows', '1000', '--window-s', '0.05', '--idle-s', '0.2'].concat(
        ['--meter', 'emulated', '-o', 'half.json', '--trace', 'half'],
      ),
      { cwd: folder, cache: at('cache'), onStart: (child) => interruptAt(child, at('half.raw'), 100_000) },
    )
    const { code, stdout, stderr } = await started
    expect([code, stdout]).toEqual([130, ''])
    expect(stderr).toMatch(/INTERRUPTED.*is kept/)
    expect(existsSync(at('half.json')) && JSON.parse(readFileSync(at('half.json'), 'utf8')).kind).toBe(
      'milliwatt-trace',
    )
    const inspected = await milliwatt(['trace', 'inspect', 'half', '--json'], { cwd: folder })
    const inspection = JSON.parse(inspected.stdout)
    expect(inspection.samples).toBeGreaterThan(20_000)
    expect(inspection.verdict).toBe('lower bound')
    expect(inspection.reasons.join()).toMatch(/interrupted/)
  }, 60_000)

  it.skipIf(!existsSync('/dev/full'))(
    'keeps the figures where the disk is full for the trace, and says so',
    async () => {
      symlinkSync('/dev/full', at('full.raw'))
      const { code, stderr } = await measure('--meter', 'emulated', '-o', 'full-disk.json', '--trace', 'full')
      expect([code, stderr]).toEqual([1, expect.stringMatching(/TRACE_DISK_FULL.*full\.raw/)])
      const kept = readEnergyRecord(readFileSync(at('full-disk.json'), 'utf8'), 'full-disk.json')
      expect(kept).toMatchObject({ verdict: 'complete', trace: null })
    },
    60_000,
  )

  it('says what a meter that went away leaves', async () => {
    const { code, stderr } = await measure('--meter', 'emulated:unplug=0.5', '--json')
    expect(code).toBe(1)
    expect(stderr).toMatch(/METER_LOST/)
  })

  it('refuses to measure without a meter, and windows that are too long', async () => {
    expect((await measure('--meter', 'none')).stderr).toMatch(/USAGE: .*give --meter/)
    expect((await energy('measure', kws, '--window-s', '60')).code).toBe(2)
  })
})

describe('milliwatt energy replay', () => {
  it('gives of a recorded trace what the live measurement gave, and stays emulated', async () => {
    const live = readEnergyRecord(readFileSync(at('record.json'), 'utf8'), 'record.json')
    const { code, stdout, stderr } = await energy('replay', 'trace', '--label', 'window', '-o', 'replay.json', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const record = readEnergyRecord(stdout, 'replay.json')
    expect(readFileSync(at('replay.json'), 'utf8')).toBe(stdout)
    expect(record).toMatchObject({ provenance: 'emulated', verdict: 'complete', method: { alignment: 'marker edges' } })
    expect(record.trace).toEqual(live.trace)
    expect(record.gross!.valueJ / live.gross!.valueJ).toBeCloseTo(1, 9)
    expect(record.net!.valueJ / live.net!.valueJ).toBeCloseTo(1, 3)
    expect(record.gross!.model.gainLimit).toBe(live.gross!.model.gainLimit)
    const use = async (...args: readonly string[]) => (await energy(...args)).code
    expect(await use('check', 'replay.json', '--max-uj', '1e9')).toBe(3)
    expect(await use('check', 'replay.json', '--max-uj', '1e9', '--accept-emulated')).toBe(0)
    expect(await use('compare', 'record.json', 'replay.json', '--accept-emulated', '--must-find', '1000')).toBe(0)
    expect(await use('carbon', 'replay.json')).toBe(0)
    expect(await use('label', 'replay.json', '-o', 'replay.svg')).toBe(0)
    expect(readFileSync(at('replay.svg'), 'utf8')).toContain('>EMULATED</text>')
    const sleep = ['--capacity-mah', '220', '--voltage-v', '3', '--every', '60', '--sleep-uw', '2']
    expect(await use('battery', 'replay.json', ...sleep)).toBe(0)
  }, 60_000)

  it('is invalid and exits with 1 where the windows cannot be told', async () => {
    const { code, stdout } = await energy('replay', 'trace')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/invalid \(the trace states windows of several kinds/)])
    expect((await energy('replay', 'nowhere.csv')).stderr).toContain('TRACE_NOT_FOUND')
    expect((await energy('replay', 'trace', '--gain-percent', '0')).code).toBe(2)
  })
})

describe('milliwatt energy check and compare', () => {
  it('exit with 0 only for what is shown', async () => {
    const code = async (...args: readonly string[]) => (await energy(...args)).code
    expect(await code('check', 'a.json', '--max-uj', '2100', '--confidence', '0.95')).toBe(0)
    expect(await code('check', 'a.json', '--max-uj', '1900')).toBe(3)
    expect(await code('check', 'a.json', '--max-uj', '2000.01')).toBe(3)
    expect(await code('check', 'invalid.json', '--max-uj', '1e9')).toBe(3)
    expect(await code('check', 'missing.json', '--max-uj', '1')).toBe(1)
    expect(await code('check', 'a.json')).toBe(2)
    expect(await code('check', 'a.json', '--max-uj', '1', '--confidence', '2')).toBe(2)
    expect(await code('compare', 'a.json', 'a.json')).toBe(0)
    expect(await code('compare', 'a.json', 'b.json')).toBe(3)
    expect(await code('compare', 'a.json', 'b.json', '--tolerance', '7')).toBe(0)
    expect(await code('compare', 'a.json', 'emulated.json', '--accept-emulated')).toBe(3)
  })

  it.each(['emulated', 'modelled'])('%s figures pass with a flag only, which is printed', async (provenance) => {
    const refused = await energy('check', `${provenance}.json`, '--max-uj', '1e9')
    expect([refused.code, refused.stdout]).toEqual([
      3,
      expect.stringMatching(/only a physical reading satisfies a gate/),
    ])
    const flag = `--accept-${provenance}`
    const passed = await energy('check', `${provenance}.json`, '--max-uj', '1e9', flag)
    expect([passed.code, passed.stdout]).toEqual([0, expect.stringContaining(`accepted by ${flag}`)])
  })

  it('write JUnit, Markdown and JSON', async () => {
    const { stdout } = await energy('compare', 'a.json', 'b.json', '--junit', 'j.xml', '--markdown', 'm.md', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      kind: 'milliwatt-energy-compare',
      outcome: 'failed',
      change: expect.closeTo(0.05, 4),
    })
    expect(readFileSync(at('j.xml'), 'utf8')).toMatch(/failures="1".*<failure/)
    expect(readFileSync(at('m.md'), 'utf8')).toMatch(/^## Energy comparison: failed/)
  })
})

describe('milliwatt energy carbon, battery, label', () => {
  it('tells carbon of a grid that the user can override', async () => {
    const json = async (...args: readonly string[]) =>
      JSON.parse((await energy('carbon', 'a.json', ...args, '--json')).stdout)
    expect(await json('--grid', 'FR')).toMatchObject({
      grid: { region: 'FR', gramsPerKwh: 44.2 },
      provenance: 'measured',
    })
    expect(await json('--intensity', '100', '--inferences', '1000')).toMatchObject({
      gramsCo2e: 0.000056,
      grid: { source: 'stated by user' },
    })
    const unknown = await energy('carbon', 'a.json', '--grid', 'atlantis')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('There are: world, EU, DE')])
  })

  it('tells battery life', async () => {
    const use = ['--capacity-mah', '220', '--voltage-v', '3', '--every', '60']
    const { code, stdout } = await energy('battery', 'a.json', ...use, '--sleep-uw', '2', '--json')
    expect([code, JSON.parse(stdout).kind]).toEqual([0, 'milliwatt-energy-battery'])
    expect((await energy('battery', 'a.json', ...use.slice(0, 4), '--every', '0.001')).code).toBe(2)
  })

  it('draws a label that says modelled', async () => {
    expect((await energy('label', 'modelled.json', '-o', 'label.svg')).code).toBe(0)
    expect(readFileSync(at('label.svg'), 'utf8')).toContain('>MODELLED</text>')
    expect((await energy('label', 'invalid.json', '-o', 'none.svg')).code).toBe(1)
    expect(existsSync(at('none.svg'))).toBe(false)
  })
})

describe('milliwatt energy layers', () => {
  it('gives every layer a share, and the sum against the whole', async () => {
    const options = ['--meter', 'emulated', '--rounds', '2', '--window-ms', '5']
    const { code, stdout, stderr } = await energy('layers', kws, ...options, '--json')
    expect([code, stderr]).toEqual([0, ''])
    const { solution, provenance, layers } = JSON.parse(stdout)
    expect(provenance).toBe('emulated')
    expect(layers.length).toBe(solution.layers.length)
    expect(solution.layers.length).toBeGreaterThan(8)
    const shares = solution.layers.map(({ share }: { share: number }) => share)
    expect(shares.reduce((sum: number, share: number) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(Number.isFinite(solution.sumAgainstWhole)).toBe(true)
  }, 60_000)

  it('prints it as a table', async () => {
    const { stdout } = await energy('layers', kws, '--meter', 'emulated', '--rounds', '1', '--window-ms', '5')
    expect(stdout).toMatch(/layer +kernel +MACs +time +energy [nµ]J emulated +interval +share/)
    expect(stdout).toMatch(/Sum against whole +[+-][\d.]+ % \(one round, so no interval\)/)
  }, 60_000)
})
