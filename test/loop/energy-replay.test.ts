import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import { checkEnergy } from '../../src/energy/check-energy.ts'
import { readEnergyRecord } from '../../src/energy/read-record.ts'
import type { EnergyRecord } from '../../src/energy/record.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { type ReplayOptions, replayEnergy } from '../../src/loop/energy-replay.ts'
import { convertTrace } from '../../src/loop/trace-convert.ts'
import { rawDecoders } from '../../src/meters/raw-decoders.ts'
import { openCapture } from '../../src/trace/capture.ts'
import type { OpenedTrace, TraceFacts } from '../../src/trace/formats/format.ts'
import { bareFacts } from '../../src/trace/formats/kept-facts.ts'
import { openTrace } from '../../src/trace/formats/list.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import type { TraceMark, TraceSidecar } from '../../src/trace/trace-file.ts'
import { energyBin } from '../trace/formats/support.ts'
import { block, ManualClock, MemoryFiles } from '../trace/support.ts'

const rate = 1000
const rateFacts = bareFacts(rate, 3, 'test')
/** Half a second idle at 10 mW, four windows of one second at 100 mW with pauses, the marker on channel 2. */
const powerW = [...Array(500).fill(0.01), ...[0.1, 0.101, 0.099, 0.1].flatMap(windowAt)]
function windowAt(level: number): readonly number[] {
  return [...Array(1000).fill(level), ...Array(500).fill(0.01)]
}
const starts = [0, 1, 2, 3].map((at) => 500 + 1500 * at)
const marks = starts.map(
  (startIndex, at): TraceMark => ({
    label: `window ${at + 1}`,
    startIndex,
    endIndex: startIndex + 1000,
    method: 'marker edges',
    inferences: 10,
  }),
)
const meter = { driver: 'ppk2', model: 'a meter', supplySource: 'measured', accuracy: { gain: 0.01, source: 'test' } }

/** Files in memory beside those of the package. */
function hostWith(files: MemoryFiles): Host {
  const node = nodeHost()
  const own = (path: string) => files.content.has(path)
  const merged = {
    ...files,
    stat: files.stat.bind(files),
    list: (path: string) => node.files.list(path),
    readText: (path: string) => (own(path) ? files.readText(path) : node.files.readText(path)),
    open: (path: string) => files.open(path),
    basename: files.basename,
    resolve: files.resolve,
    join: node.files.join,
  }
  return { ...node, files: merged as unknown as Host['files'], clock: new ManualClock() }
}

async function capture(
  files: MemoryFiles,
  change: {
    readonly provenance?: TraceSidecar['provenance']
    readonly meter?: TraceSidecar['meter']
    readonly marks?: readonly TraceMark[]
    readonly digital?: boolean
    readonly reason?: string
    readonly powerW?: readonly number[]
  } = {},
): Promise<void> {
  const session = await openCapture({
    files,
    clock: new ManualClock(),
    base: 'a',
    meter: change.meter ?? meter,
    rawFormat: null,
    sampleRateHz: rate,
    supplyV: 3,
    provenance: change.provenance ?? 'measured',
  })
  const values = change.powerW ?? powerW
  for (let at = 0; at < values.length; at += 700) {
    const part = values.slice(at, at + 700)
    session.push(
      block(
        at,
        part,
        part.map((value) => (change.digital !== false && value > 0.05 ? 4 : 0)),
      ),
    )
  }
  for (const mark of change.marks ?? marks) session.mark(mark)
  await session.close(change.reason ?? null)
}

async function replay(files: MemoryFiles, path: string, options: ReplayOptions & { readonly supplyV?: number } = {}) {
  const { supplyV } = options
  await using trace = await openTrace(files, path, {
    decoders: rawDecoders,
    ...(supplyV === undefined ? {} : { supplyV }),
  })
  const record = await replayEnergy(hostWith(files), '0.1.0', trace, options)
  // Whatever is written must be a record that the other commands read.
  return readEnergyRecord(JSON.stringify(record), path)
}

const check = (record: EnergyRecord) =>
  checkEnergy({ name: 'a', record }, 0.02, { figure: 'gross', confidence: 0.95, accept: [] })

describe('energy record of a recorded trace', () => {
  it('is replayed, with windows, idle, budget, meter and hash', async () => {
    const files = new MemoryFiles()
    await capture(files)
    const record = await replay(files, 'a')
    expect(record).toMatchObject({
      provenance: 'replayed',
      verdict: 'complete',
      method: { alignment: 'marker edges', edgeUncertaintyS: 0.0005 },
      meter: { driver: 'ppk2', supplyV: 3, supplySource: 'measured' },
      subject: { model: 'what ran in a.raw', file: null, sha256: null },
      trace: { file: 'a.raw', bytes: files.content.get('a.raw')!.length },
    })
    expect(record.trace!.sha256).toBe(await nodeHost().sha256(files.content.get('a.raw')!))
    expect(record.gross!.valueJ).toBeCloseTo(0.01, 6)
    expect(record.net!.valueJ).toBeCloseTo(0.009, 6)
    expect(record.gross!.intervalJ![0]).toBeLessThan(0.01 * 0.9905)
    expect(check(record).outcome).toBe('passed')
  })

  it.each(['a.ppk2', 'a.csv', 'a.parquet'])('gives the same through %s', async (path) => {
    const files = new MemoryFiles()
    await capture(files, { provenance: 'emulated' })
    const original = await replay(files, 'a')
    await using trace = await openTrace(files, 'a', { decoders: rawDecoders })
    await convertTrace(files, trace, path)
    const record = await replay(files, path)
    expect(record.provenance).toBe('emulated')
    expect(record.gross!.valueJ / original.gross!.valueJ).toBeCloseTo(1, 4)
    expect(record.gross!.intervalJ![1] / original.gross!.intervalJ![1]).toBeCloseTo(1, 4)
    expect(record.method).toEqual(original.method)
    expect(check(record)).toMatchObject({ outcome: 'refused' })
  })

  it('finds windows by the only channel that draws any, then by steps, and names the method', async () => {
    const files = new MemoryFiles()
    await capture(files, { marks: [] })
    expect((await replay(files, 'a', { inferences: 10 })).method.alignment).toBe('marker edges')
    await capture(files, { marks: [], digital: false })
    const stepped = await replay(files, 'a', { inferences: 10 })
    expect(stepped).toMatchObject({ verdict: 'complete', method: { alignment: 'found steps' } })
    expect(stepped.gross!.valueJ).toBeCloseTo(0.01, 4)
  })

  it.each<[string, Parameters<typeof capture>[1], ReplayOptions, RegExp]>([
    ['no count of inferences', { marks: [] }, {}, /nothing says how many inferences/],
    [
      'no clear steps',
      { marks: [], digital: false, powerW: Array(3000).fill(0.01) },
      { inferences: 1 },
      /no digital channel.*found steps: the power shows no two levels/,
    ],
    [
      'windows of several kinds',
      { marks: [{ ...marks[0]!, label: 'warm-up' }, ...marks.slice(1)] },
      {},
      /several kinds \("window", "warm-up"\)/,
    ],
    ['a label that no window has', {}, { label: 'layer' }, /no window's label begins with "layer"/],
    ['an assumed supply', { meter: { ...meter, supplySource: 'assumed' } }, {}, /supply voltage was assumed/],
    [
      'host marks of unknown certainty',
      { marks: marks.map((mark) => ({ ...mark, method: 'host marks' })) },
      {},
      /does not tell how sure/,
    ],
    ['a window without length', { marks: [{ ...marks[0]!, endIndex: 400 }] }, {}, /window 1 has no length/],
  ])('is invalid and says why: %s', async (_, change, options, reason) => {
    const files = new MemoryFiles()
    await capture(files, change)
    const record = await replay(files, 'a', options)
    expect(record).toMatchObject({ verdict: 'invalid', gross: null, net: null })
    expect(record.reasons.join('; ')).toMatch(reason)
  })

  it('takes the windows of one kind, and no idle from where others ran', async () => {
    const files = new MemoryFiles()
    await capture(files, { marks: [{ ...marks[0]!, label: 'warm-up' }, ...marks.slice(1)] })
    const record = await replay(files, 'a', { label: 'window' })
    expect(record.windows).toHaveLength(3)
    expect(record.idle.before).toMatchObject({
      meanPowerW: expect.closeTo(0.01, 6),
      durationS: expect.closeTo(0.48, 6),
    })
  })

  it('confirms an assumed supply by the user, and takes host marks with their certainty', async () => {
    const files = new MemoryFiles()
    const hostMarks = marks.map((mark) => ({ ...mark, method: 'host marks', edgeUncertaintyS: 0.002 }))
    await capture(files, { meter: { ...meter, supplySource: 'assumed' }, marks: hostMarks })
    expect(await replay(files, 'a', { supplyV: 3 })).toMatchObject({
      verdict: 'complete',
      method: { alignment: 'host marks', edgeUncertaintyS: 0.002 },
      meter: { supplySource: 'stated by user' },
    })
  })

  it('is a lower bound where the trace was cut', async () => {
    const files = new MemoryFiles()
    await capture(files, { reason: 'the meter went away' })
    expect(await replay(files, 'a')).toMatchObject({ verdict: 'lower bound', reasons: ['the meter went away'] })
  })

  it('is a lower bound where samples vanished by the clock of the host that recorded it', async () => {
    const files = new MemoryFiles()
    await capture(files)
    const anchored = async (hostS: number) => {
      const sidecar = JSON.parse(await files.readText('a.json'))
      const clockAnchors = [
        { index: 0, hostS: 100 },
        { index: 6000, hostS: 100 + hostS },
      ]
      await files.write('a.json', JSON.stringify({ ...sidecar, clockAnchors }))
      return replay(files, 'a')
    }
    expect((await anchored(6.005)).verdict).toBe('complete')
    expect(await anchored(6.1)).toMatchObject({
      verdict: 'lower bound',
      reasons: [expect.stringMatching(/100 ms fewer of samples/)],
    })
    await using trace = await openTrace(files, 'a', { decoders: rawDecoders })
    await convertTrace(files, trace, 'a.parquet')
    expect((await replay(files, 'a.parquet')).verdict).toBe('lower bound')
  })

  it('has no interval where nobody states the error of the meter, until the user does', async () => {
    const files = new MemoryFiles()
    await capture(files, { meter: { driver: 'home-made' } })
    const unknown = await replay(files, 'a')
    expect(unknown).toMatchObject({ verdict: 'complete', gross: { intervalJ: null } })
    expect(check(unknown).outcome).not.toBe('passed')
    const stated = await replay(files, 'a', { gain: 0.02 })
    expect(stated.gross!.model.gainLimit).toBe(0.02)
    const named = await replay(files, 'a', { instrument: 'lpm01a' })
    expect(named.gross!.model.gainLimit).toBeGreaterThan(0)
    await expect(replay(files, 'a', { instrument: 'nothing' })).rejects.toMatchObject({ code: 'TARGET_INVALID' })
    await capture(files, { meter: { driver: 'ppk2' } })
    expect((await replay(files, 'a')).gross!.model.gainLimit).toBe(0.15)
  })

  it('reads a result folder of MLPerf Tiny and names the model that ran', async () => {
    const files = new MemoryFiles()
    const energies = Array.from({ length: 30_000 }, (_, at) => (at >= 10_000 && at < 20_000 ? 20 : 5))
    await files.write('kws/trace1-energy.bin', energyBin(energies))
    await files.write('kws/trace1-timestamps.json', '[0.01, 10, 20]')
    await files.write('kws/log.txt', 'io: [dut]: m-infer-start-400\n')
    await files.write('m.tflite', 'bytes')
    files.list = async () => ['trace1-energy.bin', 'trace1-timestamps.json', 'log.txt']
    const record = await replay(files, 'kws/trace1-energy.bin', { model: 'm.tflite', machine: 'a board' })
    expect(record).toMatchObject({
      provenance: 'replayed',
      method: { alignment: 'event line' },
      meter: { supplyV: null, supplySource: 'not used' },
      subject: { model: 'm', file: 'm.tflite', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), machine: 'a board' },
    })
    expect(record.gross!.valueJ).toBeCloseTo(500e-6, 6)
  })

  it('reads a log of an LPM01A', async () => {
    const files = new MemoryFiles()
    const value = (amperes: number) => `${String(Math.round(amperes * 1e7)).padStart(4, '0')}-07`
    const levels = [...Array(500).fill(1e-5), ...Array(2).fill([...Array(1000).fill(9e-4), ...Array(500).fill(1e-5)])]
    await files.write('log.txt', `PowerShield > ack freq 1k\n${levels.flat().map(value).join('\n')}\n`)
    await using trace = await openTrace(
      files,
      'log.txt',
      { decoders: rawDecoders, supplyV: 3, sampleRateHz: 1000 },
      'lpm01a',
    )
    const record = await replayEnergy(hostWith(files), '0.1.0', trace, { inferences: 10, supplyV: 3 })
    expect(record).toMatchObject({ provenance: 'replayed', method: { alignment: 'found steps' }, verdict: 'complete' })
    expect(record.gross!.valueJ).toBeCloseTo(2.7e-4, 6)
    expect(record.gross!.model.gainLimit).toBeGreaterThan(0)
  })
})

describe('memory of a replay', () => {
  /** Five minutes at 100 kS/s in blocks of 10 000, windows of 5 s every 10 s. */
  async function* longTrace(): AsyncGenerator<SampleEvent> {
    const size = 10_000
    const level = (watts: number) => new Float32Array(size).fill(watts)
    const [idle, work, digital, raw] = [level(0.01), level(0.1), new Uint8Array(size), new Uint8Array(0)]
    for (let at = 0; at < 3000; at++)
      yield {
        kind: 'samples',
        firstIndex: at * size,
        powerW: at % 100 >= 50 ? work : idle,
        digital,
        raw,
        arrivalS: at / 10,
      }
  }

  it('does not depend on the length of the trace, steps included', async () => {
    const facts: TraceFacts = { ...rateFacts, sampleRateHz: 100_000 }
    const trace: OpenedTrace = {
      path: 'a.raw',
      format: 'test',
      facts,
      events: longTrace,
      [Symbol.asyncDispose]: async () => {},
    }
    const files = new MemoryFiles()
    await files.write('a.raw', 'stands for it')
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const record = await replayEnergy(hostWith(files), '0.1.0', trace, {
      inferences: 100,
      gain: 0.01,
      onProgress: () => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      },
    })
    expect(record.windows).toHaveLength(29)
    expect(record.gross!.valueJ).toBeCloseTo(0.005, 9)
    // The samples alone are 120 MB.
    expect(most).toBeLessThan(20e6)
  }, 60_000)
})
