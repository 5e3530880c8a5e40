import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { runnerIndexes } from '../../../src/trace/formats/mlperf/runner-windows.ts'
import { sharedPath } from '../../support/shared.ts'
import { energyBin, filesOf, inspectIn, readDamaged, readOrRefuse } from './support.ts'

const traces = sharedPath('data', 'mlperf-tiny', 'traces')
const published = traces
  ? readdirSync(traces)
      .filter((round) => /^v\d/.test(round))
      .flatMap((round) =>
        readdirSync(join(traces, round)).map((name) => [`${round}/${name}`, join(traces, round, name)] as const),
      )
  : []

describe.skipIf(!traces)('published traces of MLPerf Tiny', () => {
  it.each(published)('%s gives the published energies', async (_, folder) => {
    const inspection = await inspectIn(nodeHost().files, folder)
    expect(inspection).toMatchObject({ provenance: 'replayed', verdict: 'complete', lost: 0 })
    expect(inspection.windows).toHaveLength(5)
    for (const window of inspection.windows) {
      // Energies are published to 0.01 or 0.001 µJ.
      expect(Math.abs(window.againstPublished!)).toBeLessThan(1e-6)
      expect(window.inferences).toBeGreaterThan(0)
    }
    const median = inspection.publishedMedianEnergyPerInferenceJ!
    expect(Math.abs(inspection.medianEnergyPerInferenceJ! / median - 1)).toBeLessThan(2e-5)
  })
})

/** A run with windows of 2 and 4 µJ a sample over idle samples of 1 µJ. */
const samples = Array.from({ length: 100 }, (_, at) => (at >= 20 && at < 40 ? 2 : at >= 60 && at < 80 ? 4 : 1))
const edges = '[\n\t0.005,\n\t0.02,\n\t0.04,\n\t0.06,\n\t0.08\n]'
const results = [
  'Energy data for window 2 at time 0.02 for 0.02 sec.:',
  '  Energy       :       40.000 uJ',
  '  Power        :     2000.000 uW',
  '  Energy/Inf.  :       10.000 uJ/inf.',
  'Energy data for window 4 at time 0.06 for 0.02 sec.:',
  '  Energy       :       80.000 uJ',
  '  Energy/Inf.  :       20.000 uJ/inf.',
  'Median energy cost is 15.000 uJ/inf.',
  'Performance results for window 2:',
  '  # Inferences :            4',
  'Performance results for window 4:',
  '  # Inferences :            4',
].map((line) => `00001.000 ulp-ml: ${line}`)

const energies = (inspection: Awaited<ReturnType<typeof inspectIn>>) =>
  inspection.windows.map((window) => Number((window.energyPerInferenceJ! * 1e6).toFixed(3)))

describe('a run of the EEMBC runner', () => {
  const run = { 'trace1-energy.bin': energyBin(samples), 'trace1-timestamps.json': edges }
  const inFolder = (folder: string, more: Readonly<Record<string, string | Uint8Array>>) =>
    filesOf(
      Object.fromEntries(Object.entries({ ...run, ...more }).map(([name, content]) => [`${folder}/${name}`, content])),
    )

  it.each([
    ['the folder itself', 'ic/energy', 'ic/energy'],
    ['its parent', 'ic/energy', 'ic'],
    ['a folder of another name', 'ic/RN07/power', 'ic'],
    ['the samples', 'ic', 'ic/trace1-energy.bin'],
    ['the timestamps', 'ic', 'ic/trace1-timestamps.json'],
    ['the results', 'ic', 'ic/results.txt'],
  ])('is found by %s', async (_, folder, path) => {
    const inspection = await inspectIn(inFolder(folder, { 'results.txt': results.join('\n') }), path)
    expect(inspection).toMatchObject({ sampleRateHz: 1000, samples: 100, lost: 0, verdict: 'complete' })
    expect(energies(inspection)).toEqual([10, 20])
    expect(inspection.medianEnergyPerInferenceJ).toBeCloseTo(15e-6, 10)
    expect(inspection.windows.map((window) => window.againstPublished! < 1e-6)).toEqual([true, true])
  })

  it('reads line ends of Windows', async () => {
    expect(energies(await inspectIn(inFolder('r', { 'results.txt': results.join('\r\n') }), 'r'))).toEqual([10, 20])
  })

  it.each([
    ['log.txt', 'io: [dut]: m-infer-start-4\nio: [dut]: m-infer-start-4\n'],
    ['script.async', "{ cmd: 'io dut infer 4 1',\n ms: -1 },\n{ cmd: 'io dut infer 4 1' }"],
  ])('without results takes the counts from %s and the windows in pairs', async (name, text) => {
    const inspection = await inspectIn(inFolder('r', { [name]: text }), 'r')
    expect(energies(inspection)).toEqual([10, 20])
    expect(inspection.windows[0]!.publishedJ).toBeNull()
  })

  it('without any text still has windows, and the user states the count', async () => {
    const bare = await inspectIn(inFolder('r', {}), 'r')
    expect(bare.windows.map((window) => [window.inferences, window.energyPerInferenceJ])).toEqual([
      [null, null],
      [null, null],
    ])
    expect(bare.medianEnergyPerInferenceJ).toBeNull()
    expect(energies(await inspectIn(inFolder('r', {}), 'r', { inferences: 4 }))).toEqual([10, 20])
  })

  it('without timestamps takes the edges from the log', async () => {
    const log = [5, 20, 40, 60, 80].map((ms) => `emon: m-lap-us-${ms}000`).join('\n')
    const files = filesOf({ 'r/trace1-energy.bin': run['trace1-energy.bin'], 'r/log.txt': log })
    expect((await inspectIn(files, 'r')).windows.map((window) => window.energyJ! * 1e6)).toEqual([
      expect.closeTo(40, 3),
      expect.closeTo(80, 3),
    ])
  })

  it('takes the results from the log where no results lie', async () => {
    const inspection = await inspectIn(inFolder('r', { 'log.txt': results.join('\n') }), 'r')
    expect(energies(inspection)).toEqual([10, 20])
    expect(inspection.publishedMedianEnergyPerInferenceJ).toBeCloseTo(15e-6, 9)
  })

  it('says when the runner dropped packets', async () => {
    const log = 'emon: m-[Dropped 3 packets out of 1000, 0.3%]'
    expect(await inspectIn(inFolder('r', { 'log.txt': log }), 'r')).toMatchObject({
      verdict: 'lower bound',
      reasons: ['the runner dropped 3 of 1000 packets'],
    })
  })

  it('counts what a cut file no longer holds as lost, at any byte', async () => {
    const whole = run['trace1-energy.bin']
    for (let cut = 5; cut < whole.length; cut++) {
      const files = inFolder('r', { 'trace1-energy.bin': whole.subarray(0, cut), 'results.txt': results.join('\n') })
      const inspection = await inspectIn(files, 'r')
      expect(inspection.samples).toBe(Math.floor((cut - 5) / 4))
      if (cut < 5 + 4 * 80) expect(inspection.verdict).not.toBe('complete')
    }
  })

  it('refuses what is no run', async () => {
    const invalid = { code: 'TRACE_INVALID' }
    await expect(inspectIn(inFolder('r', { 'trace1-energy.bin': new Uint8Array(4) }), 'r')).rejects.toMatchObject(
      invalid,
    )
    await expect(inspectIn(inFolder('r', { 'trace1-energy.bin': energyBin([1], 0) }), 'r')).rejects.toMatchObject(
      invalid,
    )
    await expect(inspectIn(inFolder('r', { 'trace1-timestamps.json': '{}' }), 'r')).rejects.toMatchObject(invalid)
    await expect(inspectIn(inFolder('r', { 'trace1-timestamps.json': '[1,' }), 'r')).rejects.toMatchObject(invalid)
    await expect(inspectIn(filesOf({ 'r/a.txt': '' }), 'r')).rejects.toMatchObject(invalid)
    await expect(inspectIn(filesOf({}), 'r')).rejects.toMatchObject({ code: 'TRACE_NOT_FOUND' })
    const two = filesOf({ 'r/a/x-energy.bin': energyBin([1]), 'r/b/x-energy.bin': energyBin([1]) })
    await expect(inspectIn(two, 'r')).rejects.toThrow(/several traces/)
  })

  it('with damaged bytes in any of its files is refused or read', async () => {
    const encode = (text: string) => new TextEncoder().encode(text)
    const content = {
      'r/trace1-energy.bin': run['trace1-energy.bin'],
      'r/trace1-timestamps.json': encode(run['trace1-timestamps.json']),
      'r/results.txt': encode(results.join('\n')),
      'r/log.txt': encode('io: [dut]: m-infer-start-4\nemon: m-[Dropped 3 packets out of 1000, 0.3%]\n'),
    }
    for (const file of Object.keys(content)) await readDamaged(content, 'r', file)
  })

  it('takes wild timestamps without end', async () => {
    const files = inFolder('r', { 'trace1-timestamps.json': '[0.01, 9999999]' })
    expect(await inspectIn(files, 'r')).toMatchObject({ windows: [{ verdict: 'invalid' }], verdict: 'invalid' })
  })
})

describe('runnerIndexes', () => {
  it('lies within one sample of the time times the rate', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 8 }), (milliseconds) => {
        const indexes = runnerIndexes(
          milliseconds.map((ms) => ms / 1000),
          1000,
          250_000,
        )
        milliseconds.forEach((ms, at) => {
          expect(Math.abs(indexes[at]! - ms)).toBeLessThanOrEqual(1)
        })
      }),
      { numRuns: 50 },
    )
  })
})

describe('a run of the runner since 1.3', () => {
  const trial = (power: unknown) => ({ infer: { iterations: 4 }, power, mode: 'e' })
  const watts = samples.map((energyUj) => energyUj * 1e-6)
  const power = {
    samples: watts,
    timestamps: [
      ['00', 5],
      ['01', 20],
      ['02', 40],
    ],
    voltage: 1.8,
  }
  const text = [
    'Energy data for trial 0',
    '  Elapsed time  : 0.02',
    '  Inferences    : 4',
    '  Total Energy  : 40.000 uJ',
    '  Energy/Inf    : 10.000 uJ/inf',
  ].join('\r\n')

  it('puts the trials end to end', async () => {
    const files = filesOf({
      'r/energy/results.json': JSON.stringify([trial(power), trial(power)]),
      'r/energy/results.txt': text,
      'r/performance/results.json': '[]',
    })
    const inspection = await inspectIn(files, 'r')
    expect(inspection).toMatchObject({ sampleRateHz: 1000, samples: 200, supplyV: 1.8, verdict: 'complete' })
    expect(inspection.windows.map((window) => [window.startS, window.endS])).toEqual([
      [0.02, 0.04],
      [0.12, 0.14],
    ])
    expect(energies(inspection)).toEqual([10, 10])
    expect(inspection.windows[0]!.againstPublished).toBeCloseTo(0, 6)
  })

  it('with damaged bytes, or cut at any, is refused or read', async () => {
    const bytes = new TextEncoder().encode(JSON.stringify([trial({ ...power, samples: watts.slice(0, 30) })]))
    await readDamaged({ 'r/results.json': bytes }, 'r', 'r/results.json')
    for (let cut = 0; cut < bytes.length; cut++)
      expect(await readOrRefuse(filesOf({ 'r/results.json': bytes.slice(0, cut) }), 'r')).toBeNull()
  })

  it.each([
    ['{"a": 1}', /no power samples/],
    ['[{"power": {"samples": "x"}}]', /Field/],
    ['[{"power"', /not whole JSON/],
    [JSON.stringify([trial({ ...power, timestamps: [['00', -1]] })]), /Field 0.power.timestamps/],
  ])('refuses %s', async (json, message) => {
    await expect(inspectIn(filesOf({ 'r/results.json': json }), 'r')).rejects.toThrow(message)
  })
})
