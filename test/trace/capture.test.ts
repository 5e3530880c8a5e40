import { describe, expect, test } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import type { HostFiles } from '../../src/core/host.ts'
import { type Capture, openCapture } from '../../src/trace/capture.ts'
import { blockHeadBytes, writeBlock } from '../../src/trace/capture-block.ts'
import { openTrace } from '../../src/trace/formats/list.ts'
import { readSidecar, type TraceSidecar } from '../../src/trace/trace-file.ts'
import { allSamples, decoders, filesOf } from './formats/support.ts'
import { block, ManualClock, MemoryFiles } from './support.ts'

const open = (files: MemoryFiles, path = 'out/run.json') => openTrace(files, path, { decoders })

async function read(files: MemoryFiles, path = 'out/run.json') {
  await using trace = await open(files, path)
  return { facts: trace.facts, ...(await allSamples(trace)) }
}

async function eventsOf(files: MemoryFiles) {
  await using trace = await open(files)
  const events = []
  for await (const event of trace.events()) events.push(event)
  return events
}

async function start(files = new MemoryFiles(), more: { pieceBytes?: number; maxQueuedBytes?: number } = {}) {
  const clock = new ManualClock()
  const capture = await openCapture({
    files,
    clock,
    base: 'out/run',
    meter: { driver: 'ppk2', calibration: { R0: 1031.64 } },
    rawFormat: 'test',
    sampleRateHz: 1000,
    supplyV: 3.3,
    provenance: 'emulated',
    ...more,
  })
  return { files, clock, capture }
}

function feed(capture: Capture, blocks: number, from = 0): void {
  for (let k = from; k < from + blocks; k++) capture.push(block(k * 10, Array(10).fill(k), Array(10).fill(k % 2), k))
}

const sidecarOf = (files: MemoryFiles): TraceSidecar =>
  readSidecar(new TextDecoder().decode(files.content.get('out/run.json')), 'out/run.json')

describe('capture and openTrace', () => {
  test('what was pushed comes back: bytes, gaps, marks, anchors', async () => {
    const { files, capture } = await start()
    capture.push(block(100, [1, 2, Number.NaN], [0, 1, 1], 0.5))
    capture.push({ kind: 'gap', firstIndex: 103, count: 4 })
    capture.push({ kind: 'gap', firstIndex: 107, count: 1 })
    capture.push(block(108, [3], [0], 0.6))
    capture.push({ kind: 'gap', firstIndex: 109, count: 2 })
    capture.mark({ label: 'yes.wav', startIndex: 100.25, endIndex: 109, method: 'marker edges' })
    await capture.close()
    expect(capture.problem).toBeNull()
    expect(sidecarOf(files)).toMatchObject({
      version: 1,
      kind: 'milliwatt-trace',
      firstIndex: 100,
      sampleCount: 4,
      gaps: [
        { index: 103, count: 5 },
        { index: 109, count: 2 },
      ],
      marks: [{ label: 'yes.wav', startIndex: 100.25, endIndex: 109, method: 'marker edges' }],
      clockAnchors: [{ index: 103, hostS: 0.5 }],
      complete: true,
      reason: null,
    })
    const events = await eventsOf(files)
    expect(events.map((event) => [event.kind, event.firstIndex])).toEqual([
      ['samples', 100],
      ['gap', 103],
      ['samples', 108],
      ['gap', 109],
    ])
    expect(events[0]).toMatchObject({ powerW: Float32Array.of(1, 2, Number.NaN), digital: Uint8Array.of(0, 1, 1) })
    expect(events[0]).toMatchObject({ arrivalS: 0.5 })
  })

  test('the raw file holds the bytes in order over many pieces, and blocks may be cut anew on reading', async () => {
    const { files, capture } = await start(new MemoryFiles(), { pieceBytes: 120 })
    feed(capture, 50)
    capture.push(block(500, Array(100).fill(7)))
    await capture.close()
    const { powerW, facts } = await read(files, 'out/run')
    expect(facts.incomplete).toBeNull()
    expect(sidecarOf(files).sampleCount).toBe(600)
    expect(powerW).toEqual([...Array.from({ length: 500 }, (_, i) => Math.floor(i / 10)), ...Array(100).fill(7)])
  })

  test('a killed capture leaves a readable trace that says it is not complete', async () => {
    const { files, clock, capture } = await start()
    feed(capture, 10)
    clock.advance(4)
    feed(capture, 10, 10)
    await new Promise((resume) => setTimeout(resume, 5))
    const { facts, powerW } = await read(files)
    expect(facts.incomplete).toBe('the capture was still running')
    expect(powerW.length).toBeGreaterThanOrEqual(110)
    expect(powerW).toHaveLength(sidecarOf(files).sampleCount)
  })

  test('a reason at the end makes the trace incomplete; later pushes and a second close do nothing', async () => {
    const { files, capture } = await start()
    feed(capture, 3)
    await capture.close('the meter went away')
    feed(capture, 3, 3)
    await capture.close()
    expect(sidecarOf(files)).toMatchObject({ complete: false, reason: 'the meter went away', sampleCount: 30 })
  })

  test("edges on the meter's event line are kept and draw windows in pairs, from the last edge back", async () => {
    const { files, capture } = await start()
    for (const [at, index] of [3, 12, 18, 23, 29].entries()) {
      const from = 10 * Math.floor(index / 10)
      if (at > 0 && from === 10 * Math.floor([3, 12, 18, 23, 29][at - 1]! / 10)) continue
      const marks = [3, 12, 18, 23, 29].filter((edge) => edge >= from && edge < from + 10)
      capture.push({ ...block(from, Array(10).fill(1)), marks: marks.map((edge) => ({ index: edge, label: 'event' })) })
    }
    await capture.close()
    const { facts } = await read(files)
    expect(facts.windows.map(({ startIndex, endIndex }) => [startIndex, endIndex])).toEqual([
      [12, 18],
      [23, 29],
    ])
    expect(facts.windows[0]).toMatchObject({ method: "the meter's event line", inferences: null })
  })

  test('the only recording in a folder is opened by the folder', async () => {
    const { files, capture } = await start()
    feed(capture, 2)
    await capture.close()
    const at = (names: readonly string[]) =>
      filesOf(Object.fromEntries(names.map((name) => [`run/${name}.raw`, files.content.get('out/run.raw')!])))
    await using trace = await openTrace(at(['trace']), 'run', { decoders })
    expect((await allSamples(trace)).powerW).toHaveLength(20)
    await expect(openTrace(at(['a', 'b']), 'run', { decoders })).rejects.toThrow(/none of/)
  })

  test('a capture without one sample is a legal trace', async () => {
    const { files, capture } = await start()
    await capture.close()
    expect(await eventsOf(files)).toEqual([])
  })
})

describe('a recording with a gap after every block', () => {
  const blocks = 12_000
  async function torn() {
    const files = filesOf({})
    const capture = await openCapture({
      files,
      clock: new ManualClock(),
      base: 'out/run',
      meter: { driver: 'test' },
      rawFormat: 'test',
      sampleRateHz: 1000,
      supplyV: 3.3,
      provenance: 'emulated',
    })
    for (let k = 0; k < blocks; k++) {
      capture.push(block(5 * k, [k, k, k]))
      capture.push({ kind: 'gap', firstIndex: 5 * k + 3, count: 2 })
    }
    await capture.close()
    return files
  }

  test('lists the first gaps and the last, and gives back all', async () => {
    const files = await torn()
    const { gaps, gapsLeftOut } = readSidecar(await files.readText('out/run.json'), 'out/run.json')
    expect([gaps.length, gapsLeftOut]).toEqual([10_000, 2000])
    expect([gaps[0], gaps[9998], gaps[9999]]).toEqual([
      { index: 3, count: 2 },
      { index: 5 * 9998 + 3, count: 2 },
      { index: 5 * blocks - 2, count: 2 },
    ])
    await using trace = await openTrace(files, 'out/run.raw', { decoders })
    const { lost, powerW } = await allSamples(trace)
    expect([lost.length, powerW.length]).toEqual([2 * blocks, 5 * blocks])
    expect(powerW[5 * blocks - 3]).toBe(blocks - 1)
  })

  test('is read in large parts, whatever the blocks', async () => {
    const files = await torn()
    let [reads, held] = [0, 0]
    const counting: HostFiles = {
      ...files,
      open: async (path) => {
        const reader = await files.open(path)
        return {
          ...reader,
          read: async (start, end) => {
            reads++
            const bytes = await reader.read(start, end)
            held = Math.max(held, bytes.length)
            return bytes
          },
        }
      },
    }
    await using trace = await openTrace(counting, 'out/run.raw', { decoders })
    await allSamples(trace)
    const { sizeBytes } = (await files.stat('out/run.raw'))!
    expect(reads).toBeLessThan(10 + sizeBytes / 4000 + sizeBytes / 200_000)
    expect(held).toBeLessThanOrEqual(512 * 1024)
  })
})

describe('disk trouble', () => {
  test.each([0, 1, 49, 333, 500, 777, 1234, 2000])(
    'a disk full after %i bytes keeps what fitted and says so',
    async (bytes) => {
      const files = new MemoryFiles()
      files.diskBytes = bytes
      const { capture } = await start(files, { pieceBytes: 100 })
      for (let k = 0; k < 40; k++) {
        expect(() => feed(capture, 1, k)).not.toThrow()
        await capture.flush()
      }
      await capture.close()
      expect(isMilliwattError(capture.problem, 'TRACE_DISK_FULL')).toBe(true)
      expect(files.content.get('out/run.raw')).toHaveLength(bytes)
      const sidecar = sidecarOf(files)
      expect(sidecar).toMatchObject({ complete: false, reason: expect.stringContaining('The disk is full') })
      const { facts, powerW } = await read(files)
      expect(facts.incomplete).toContain('The disk is full')
      expect(powerW).toEqual(Array.from({ length: powerW.length }, (_, i) => Math.floor(i / 10)))
      expect(powerW).toHaveLength(sidecar.sampleCount)
      expect(powerW.length % 10).toBe(0)
      // The header takes 300 to 400 bytes, a block of ten samples 90.
      expect(powerW.length).toBeGreaterThanOrEqual(10 * Math.floor((bytes - 500) / 90))
    },
  )

  test('another error is TRACE_WRITE', async () => {
    const files = new MemoryFiles()
    files.diskBytes = 600
    files.code = 'EIO'
    const { capture } = await start(files, { pieceBytes: 50 })
    feed(capture, 20)
    await capture.close()
    expect(isMilliwattError(capture.problem, 'TRACE_WRITE')).toBe(true)
  })

  test('a folder that cannot be written never throws', async () => {
    const files = new MemoryFiles()
    files.openFails = true
    files.code = 'EACCES'
    const { capture } = await start(files)
    expect(isMilliwattError(capture.problem, 'TRACE_WRITE')).toBe(true)
    feed(capture, 5)
    await capture.flush()
    await capture.close()
    expect(files.content.size).toBe(0)
  })

  test('a sidecar that cannot be written at the end is a problem; one that failed on the way is not', async () => {
    const files = new MemoryFiles()
    const { capture } = await start(files)
    files.writesFail = true
    feed(capture, 5)
    await capture.flush()
    expect(capture.problem).toBeNull()
    files.writesFail = false
    await capture.close()
    expect(capture.problem).toBeNull()
    const other = await start(files)
    files.writesFail = true
    await other.capture.close()
    expect(isMilliwattError(other.capture.problem, 'TRACE_DISK_FULL')).toBe(true)
  })

  test('a disk slower than the stream stops the capture at the limit of its queue', async () => {
    const files = new MemoryFiles()
    let release = () => {}
    const { capture } = await start(files, { pieceBytes: 100, maxQueuedBytes: 1000 })
    files.beforeAppend = () => new Promise<void>((resume) => (release = resume))
    feed(capture, 100)
    expect(isMilliwattError(capture.problem, 'TRACE_WRITE')).toBe(true)
    await new Promise((resume) => setTimeout(resume, 1))
    files.beforeAppend = async () => {}
    release()
    await capture.close()
    expect(sidecarOf(files).reason).toContain('too slow')
    const kept = sidecarOf(files).sampleCount
    expect(kept).toBeGreaterThanOrEqual(100)
    expect(kept).toBeLessThan(250)
    expect((await read(files)).powerW).toHaveLength(kept)
  })
})

describe('bad trace files', () => {
  async function recorded() {
    const { files, capture } = await start()
    feed(capture, 3)
    await capture.close()
    return files
  }
  const invalid = expect.objectContaining({ code: 'TRACE_INVALID' })

  test('a raw file cut at any byte gives its whole blocks, gaps and marks, with the sidecar and without', async () => {
    const { files, capture } = await start(new MemoryFiles(), { pieceBytes: 50 })
    feed(capture, 3, 1)
    capture.mark({ label: 'a', startIndex: 12, endIndex: 20, method: 'test', inferences: 3 })
    capture.push({ kind: 'gap', firstIndex: 40, count: 20 })
    feed(capture, 2, 6)
    await capture.close()
    const whole = files.content.get('out/run.raw')!
    const sidecar = files.content.get('out/run.json')!
    const { powerW: all } = await read(files)
    expect(all).toHaveLength(70)
    const header = blockHeadBytes + new DataView(whole.buffer, whole.byteOffset).getUint32(8, true)
    let blocks = 0
    for (let cut = 0; cut <= whole.length; cut++) {
      files.content.set('out/run.raw', whole.subarray(0, cut))
      files.content.set('out/run.json', sidecar)
      const { powerW, facts } = await read(files)
      expect(powerW).toEqual(all.slice(0, powerW.length))
      expect(facts.incomplete === null).toBe(cut === whole.length)
      files.content.delete('out/run.json')
      if (cut < header) {
        await expect(open(files, 'out/run.raw')).rejects.toEqual(invalid)
        continue
      }
      const alone = await read(files, 'out/run.raw')
      expect(alone.powerW).toEqual(powerW)
      expect(alone.facts).toMatchObject({ supplyV: 3.3, sampleRateHz: 1000, provenance: 'emulated' })
      if (powerW.length > 40) expect(alone.lost).toEqual(Array.from({ length: 20 }, (_, at) => 30 + at))
      if (powerW.length > 30)
        expect(alone.facts.windows).toEqual([expect.objectContaining({ label: 'a', inferences: 3 })])
      blocks = Math.max(blocks, powerW.length)
    }
    expect(blocks).toBe(70)
  })

  test('a sidecar cut at any byte is made up for by the header of the raw file', async () => {
    const files = await recorded()
    const whole = files.content.get('out/run.json')!
    for (let cut = 0; cut < whole.length - 2; cut++) {
      files.content.set('out/run.json', whole.subarray(0, cut))
      const { powerW, facts } = await read(files, 'out/run.raw')
      expect(powerW).toHaveLength(30)
      expect(facts.incomplete).toBe('the capture was still running')
    }
  })

  test('a damaged block counts as lost and the rest is read', async () => {
    const { files, capture } = await start(new MemoryFiles(), { pieceBytes: 50 })
    feed(capture, 5)
    await capture.close()
    const bytes = files.content.get('out/run.raw')!
    const third = bytes.length - 3 * (blockHeadBytes + 50)
    bytes[third + blockHeadBytes + 7]! ^= 0x10
    await using trace = await open(files)
    const { lost, powerW } = await allSamples(trace)
    expect(lost).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29])
    expect(powerW[30]).toBe(3)
    expect(trace.damage).toMatch(/1 blocks are damaged/)
  })

  test('samples that the stream knew to be damaged stay invalid', async () => {
    const { files, capture } = await start()
    feed(capture, 1)
    capture.push({ ...block(10, [5, 6]), powerW: Float32Array.of(Number.NaN, Number.NaN) })
    capture.push(block(12, [7]))
    await capture.close()
    expect((await read(files)).powerW.slice(9)).toEqual([0, Number.NaN, Number.NaN, 7])
  })

  test('a newer raw file is refused by its version', async () => {
    const files = await recorded()
    const bytes = Uint8Array.from([...files.content.get('out/run.raw')!, ...writeBlock('mark', new Uint8Array(2))])
    bytes[5] = 2
    files.content.set('out/run.raw', bytes)
    await expect(open(files)).rejects.toThrow(/version 2; this milliwatt reads version 1/)
  })

  test('wrong version, wrong kind, wrong fields, unknown layout, missing files', async () => {
    const files = await recorded()
    const good = JSON.parse(new TextDecoder().decode(files.content.get('out/run.json')))
    const attempt = async (change: Record<string, unknown>) => {
      await files.write('out/run.json', JSON.stringify({ ...good, ...change }))
      return open(files, 'out/run.raw').then(
        (trace) => trace.facts.incomplete ?? 'read',
        (error) => (isMilliwattError(error, 'TRACE_INVALID') ? error.message : String(error)),
      )
    }
    expect(await attempt({})).toBe('read')
    expect(await attempt({ version: 2 })).toContain('version 2')
    // A sidecar that is damaged otherwise is made up for by the header.
    for (const change of [{ kind: 'other' }, { sampleRateHz: 0 }, { sampleCount: -1 }, { gaps: [{ index: 1 }] }]) {
      expect(await attempt(change)).toBe('the capture was still running')
    }
    expect(await attempt({ rawFormat: 'toString' })).toContain('none of: watts-f32le-levels-u8, test')
    files.content.delete('out/run.raw')
    await expect(open(files)).rejects.toEqual(invalid)
    files.content.delete('out/run.json')
    await expect(open(files)).rejects.toMatchObject({ code: 'TRACE_NOT_FOUND' })
    expect(() => readSidecar(JSON.stringify({ ...good, provenance: 'modelled' }), 'x')).toThrow(/Field provenance/)
    expect(() => readSidecar(JSON.stringify({ ...good, kind: 'other' }), 'x')).toThrow(/Field kind/)
    for (const text of ['null', '[]', '7', '""']) expect(() => readSidecar(text, 'x')).toThrow(invalid)
  })
})
