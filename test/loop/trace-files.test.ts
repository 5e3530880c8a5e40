import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import type { Host } from '../../src/core/host.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { convertTrace } from '../../src/loop/trace-convert.ts'
import { recordTrace } from '../../src/loop/trace-record.ts'
import { openMeter } from '../../src/meters/list.ts'
import { rawDecoders } from '../../src/meters/raw-decoders.ts'
import { openTrace } from '../../src/trace/formats/list.ts'
import { inspectTrace } from '../../src/trace/inspect.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { MemoryFiles } from '../trace/support.ts'

/** This machine with files in memory and a clock that the test moves. */
function setUp() {
  const files = new MemoryFiles()
  const clock = createFakeClock()
  return { files, clock, host: { ...nodeHost(), files, clock } as Host }
}

async function record(host: Host, clock: ReturnType<typeof createFakeClock>, spec: string, more = {}) {
  const meter = await clock.until(openMeter(host, spec))
  const recording = await clock.until(
    recordTrace(host, meter, { base: 'out/a', durationS: 0.5, signal: new AbortController().signal, ...more }),
  )
  await clock.until(meter.close())
  return recording
}

/** What lies there, told by its hashes. */
const digests = (files: MemoryFiles) =>
  [...files.content].map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]).sort()

const inspect = async (files: MemoryFiles, path = 'out/a') => {
  await using trace = await openTrace(files, path, { decoders: rawDecoders })
  return (await inspectTrace(trace)).inspection
}

describe('recordTrace', () => {
  it('keeps the meter bytes, which give the same power again', async () => {
    const { host, clock, files } = setUp()
    const recording = await record(host, clock, 'emulated', { pulseS: 0.1 })
    expect(recording.problem).toBeNull()
    const inspection = await inspect(files)
    expect(inspection).toMatchObject({
      samples: recording.samples,
      lost: 0,
      provenance: 'emulated',
      supplyV: 3.3,
      verdict: 'complete',
    })
    expect(inspection.meanPowerW).toBeCloseTo(recording.meanPowerW!, 9)
    expect(inspection.windows.length).toBeGreaterThanOrEqual(2)
    // Four bytes a sample: the words of the meter, not what was decoded from them.
    expect(files.content.get('out/a.raw')!.length / inspection.samples).toBeLessThan(4.2)
  })

  it('keeps gaps where samples were lost', async () => {
    const { host, clock, files } = setUp()
    await record(host, clock, 'emulated:loss=30', { durationS: 1.5 })
    expect(await inspect(files)).toMatchObject({ lost: 30, largestGapS: 30 / 100_000, verdict: 'lower bound' })
  })

  it('stops when the disk is full and keeps what fitted', async () => {
    const { host, clock, files } = setUp()
    files.diskBytes = 300_000
    const recording = await record(host, clock, 'emulated', { durationS: 30 })
    expect(recording.problem?.code).toBe('TRACE_DISK_FULL')
    expect(recording.durationS).toBeLessThan(30)
    const inspection = await inspect(files)
    expect(inspection.samples).toBeGreaterThan(30_000)
    expect(inspection).toMatchObject({ verdict: 'lower bound', reasons: [expect.stringContaining('disk is full')] })
  })

  it('says that the meter went away', async () => {
    const { host, clock, files } = setUp()
    const recording = await record(host, clock, 'emulated:unplug=0.2')
    expect(recording.problem?.code).toBe('METER_LOST')
    expect((await inspect(files)).samples).toBe(recording.samples)
  })
})

describe('convertTrace', () => {
  it.each(['csv', 'ppk2', 'parquet', 'raw'])(
    'to .%s on a full disk is TRACE_DISK_FULL and leaves nothing that looks whole',
    async (ending) => {
      const { host, clock, files } = setUp()
      await record(host, clock, 'emulated')
      const before = [...files.content.keys()]
      files.diskBytes = 20_000
      await using trace = await openTrace(files, 'out/a', { decoders: rawDecoders })
      await expect(convertTrace(files, trace, `out/b.${ending}`)).rejects.toMatchObject({ code: 'TRACE_DISK_FULL' })
      expect([...files.content.keys()]).toEqual(before)
    },
  )

  it.each(['csv', 'ppk2', 'parquet', 'raw'])(
    'to .%s that fails or is stopped on the way leaves what lay there before',
    async (ending) => {
      const { host, clock, files } = setUp()
      await record(host, clock, 'emulated')
      const path = `out/b.${ending}`
      await using trace = await openTrace(files, 'out/a', { decoders: rawDecoders })
      const first = await convertTrace(files, trace, path)
      const before = digests(files)
      files.diskBytes = 20_000
      await expect(convertTrace(files, trace, path)).rejects.toMatchObject({ code: 'TRACE_DISK_FULL', where: path })
      expect(digests(files)).toEqual(before)
      files.diskBytes = Number.POSITIVE_INFINITY
      const stop = new AbortController()
      const onProgress = (samples: number) => {
        if (samples > first.samples / 2) stop.abort(new MilliwattError('INTERRUPTED', 'run'))
      }
      await expect(convertTrace(files, trace, path, { signal: stop.signal, onProgress })).rejects.toMatchObject({
        code: 'INTERRUPTED',
        where: path,
        detail: expect.stringMatching(/removed/),
      })
      expect(digests(files)).toEqual(before)
    },
  )

  it('whose file cannot get its name at the end leaves no half of it', async () => {
    const { host, clock, files } = setUp()
    await record(host, clock, 'emulated')
    await using trace = await openTrace(files, 'out/a', { decoders: rawDecoders })
    const before = [...files.content.keys()]
    files.rename = async () => {
      throw Object.assign(new Error('EACCES: rename'), { code: 'EACCES' })
    }
    await expect(convertTrace(files, trace, 'out/b.csv')).rejects.toMatchObject({ code: 'TRACE_WRITE' })
    expect([...files.content.keys()]).toEqual(before)
  })

  it('ends at an abort', async () => {
    const { host, clock, files } = setUp()
    await record(host, clock, 'emulated')
    await using trace = await openTrace(files, 'out/a', { decoders: rawDecoders })
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await expect(convertTrace(files, trace, 'out/b.csv', { signal: stop.signal })).rejects.toThrow(/enough/)
    expect(files.content.has('out/b.csv')).toBe(false)
  })
})
