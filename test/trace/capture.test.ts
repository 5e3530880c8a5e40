import { describe, expect, test } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { type Capture, openCapture } from '../../src/trace/capture.ts'
import { traceEvents } from '../../src/trace/trace-events.ts'
import { readSidecar, readTrace, type TraceSidecar } from '../../src/trace/trace-file.ts'
import { block, ManualClock, MemoryFiles, testDecoder } from './support.ts'

const decoders = { test: testDecoder }

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

describe('capture and readTrace', () => {
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
    const trace = await readTrace(files, 'out/run.json', decoders)
    expect(trace.sidecar).toMatchObject({
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
    const events = [...traceEvents(trace)]
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
    const trace = await readTrace(files, 'out/run', decoders)
    expect(trace.sampleCount).toBe(600)
    expect(trace.sidecar.sampleCount).toBe(600)
    const all = [...traceEvents(trace, 7)].flatMap((event) => (event.kind === 'samples' ? [...event.powerW] : []))
    expect(all).toEqual([...Array.from({ length: 500 }, (_, i) => Math.floor(i / 10)), ...Array(100).fill(7)])
  })

  test('a killed capture leaves a readable trace that says it is not complete', async () => {
    const { files, clock, capture } = await start()
    feed(capture, 10)
    clock.advance(4)
    feed(capture, 10, 10)
    await new Promise((resume) => setTimeout(resume, 5))
    const trace = await readTrace(files, 'out/run.json', decoders)
    expect(trace.sidecar).toMatchObject({ complete: false, reason: 'the capture was still running' })
    expect(trace.sampleCount).toBeGreaterThanOrEqual(110)
    expect(trace.sampleCount).toBe(trace.sidecar.sampleCount)
  })

  test('a reason at the end makes the trace incomplete; later pushes and a second close do nothing', async () => {
    const { files, capture } = await start()
    feed(capture, 3)
    await capture.close('the meter went away')
    feed(capture, 3, 3)
    await capture.close()
    expect(sidecarOf(files)).toMatchObject({ complete: false, reason: 'the meter went away', sampleCount: 30 })
  })

  test('a capture without one sample is a legal trace', async () => {
    const { files, capture } = await start()
    await capture.close()
    const trace = await readTrace(files, 'out/run.json', decoders)
    expect([...traceEvents(trace)]).toEqual([])
  })
})

describe('disk trouble', () => {
  test.each([0, 1, 49, 50, 51, 333, 1234])(
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
      const trace = await readTrace(files, 'out/run.json', decoders)
      expect(trace.sidecar.complete).toBe(false)
      expect(trace.sidecar.reason).toContain('The disk is full')
      expect(trace.sampleCount).toBe(Math.floor(bytes / 5))
      expect(trace.sidecar.sampleCount).toBeLessThanOrEqual(trace.sampleCount)
      expect([...traceEvents(trace)].length).toBeGreaterThanOrEqual(bytes >= 5 ? 1 : 0)
    },
  )

  test('another error is TRACE_WRITE', async () => {
    const files = new MemoryFiles()
    files.diskBytes = 60
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
    files.beforeAppend = () => new Promise<void>((resume) => (release = resume))
    const { capture } = await start(files, { pieceBytes: 100, maxQueuedBytes: 1000 })
    feed(capture, 100)
    expect(isMilliwattError(capture.problem, 'TRACE_WRITE')).toBe(true)
    await new Promise((resume) => setTimeout(resume, 1))
    files.beforeAppend = async () => {}
    release()
    await capture.close()
    expect(sidecarOf(files).reason).toContain('too slow')
    expect(sidecarOf(files).sampleCount).toBe(220)
    expect(files.content.get('out/run.raw')).toHaveLength(1100)
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

  test('a raw file cut at any byte gives its whole samples and counts what is missing', async () => {
    const files = await recorded()
    const whole = files.content.get('out/run.raw')!
    for (let cut = 0; cut <= whole.length; cut++) {
      files.content.set('out/run.raw', whole.subarray(0, cut))
      const trace = await readTrace(files, 'out/run.json', decoders)
      expect(trace).toMatchObject({ sampleCount: Math.floor(cut / 5), strayBytes: cut % 5 })
      expect(trace.missingCount).toBe(30 - Math.floor(cut / 5))
      const samples = [...traceEvents(trace)].reduce(
        (sum, each) => sum + (each.kind === 'gap' ? 0 : each.powerW.length),
        0,
      )
      expect(samples).toBe(trace.sampleCount)
    }
  })

  test('a sidecar cut at any byte is TRACE_INVALID', async () => {
    const files = await recorded()
    const whole = files.content.get('out/run.json')!
    for (let cut = 0; cut < whole.length - 2; cut++) {
      files.content.set('out/run.json', whole.subarray(0, cut))
      await expect(readTrace(files, 'out/run.json', decoders)).rejects.toEqual(invalid)
    }
  })

  test('wrong version, wrong kind, wrong fields, unknown layout, missing files', async () => {
    const files = await recorded()
    const good = JSON.parse(new TextDecoder().decode(files.content.get('out/run.json')))
    const attempt = async (change: Record<string, unknown>) => {
      await files.write('out/run.json', JSON.stringify({ ...good, ...change }))
      return readTrace(files, 'out/run.raw', decoders).then(
        () => 'read',
        (error) => (isMilliwattError(error, 'TRACE_INVALID') ? error.message : String(error)),
      )
    }
    expect(await attempt({})).toBe('read')
    expect(await attempt({ version: 2 })).toContain('version 2')
    expect(await attempt({ kind: 'other' })).toContain('Field kind')
    expect(await attempt({ sampleRateHz: 0 })).toContain('Field sampleRateHz')
    expect(await attempt({ sampleCount: -1 })).toContain('Field sampleCount')
    expect(await attempt({ gaps: [{ index: 1 }] })).toContain('Field gaps.0.count')
    expect(await attempt({ provenance: 'modelled' })).toContain('Field provenance')
    expect(await attempt({ rawFormat: 'toString' })).toContain('none of: test')
    files.content.delete('out/run.raw')
    expect(await attempt({})).toContain('cannot be read')
    files.content.delete('out/run.json')
    await expect(readTrace(files, 'out/run.json', decoders)).rejects.toEqual(invalid)
    for (const text of ['null', '[]', '7', '""']) expect(() => readSidecar(text, 'x')).toThrow(invalid)
  })
})
