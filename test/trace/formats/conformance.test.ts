import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HostFiles } from '../../../src/core/host.ts'
import type { TraceFacts } from '../../../src/trace/formats/format.ts'
import { identification } from '../../../src/trace/formats/jls/chunks.ts'
import { createTrace, openTrace, traceFormats } from '../../../src/trace/formats/list.ts'
import type { SampleEvent } from '../../../src/trace/samples.ts'
import { block, MemoryFiles } from '../support.ts'
import { allSamples, decoders, filesOf, fuzzRuns, inspectIn, readDamaged, readOrRefuse } from './support.ts'

const facts: TraceFacts = {
  sampleRateHz: 100_000,
  provenance: 'emulated',
  supplyV: 3.3,
  meter: { driver: 'ppk2', model: 'Test', calibration: { R0: 1003.35 } },
  startedAt: '2026-11-20T10:00:00.000Z',
  windows: [{ label: 'a', startIndex: 3, endIndex: 9.5, method: 'marker edges', inferences: 4 }],
  publishedMedianJ: null,
  incomplete: null,
  notes: [],
}

const writable = traceFormats.flatMap((format) => (format.create ? [[format.name, format] as const] : []))

/** Runs of samples with gaps between them; NaN is a sample that is no valid reading. */
const traces = fc
  .tuple(
    fc.nat(1000),
    fc.array(
      fc.record({
        lost: fc.nat(40),
        powerW: fc.array(
          fc.oneof(
            { weight: 20, arbitrary: fc.double({ min: 0, max: 5, noNaN: true }) },
            { weight: 1, arbitrary: fc.constant(Number.NaN) },
          ),
          { minLength: 1, maxLength: 60 },
        ),
        seed: fc.nat(255),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    fc.nat(20),
  )
  .map(([firstIndex, runs, lostAtEnd]) => {
    const events: SampleEvent[] = []
    let index = firstIndex
    runs.forEach(({ lost, powerW, seed }, at) => {
      if (at > 0 && lost > 0) events.push({ kind: 'gap', firstIndex: index, count: lost })
      index += at > 0 ? lost : 0
      events.push(
        block(
          index,
          powerW.map(Math.fround),
          powerW.map((_, k) => (seed * (k >> 3)) & 255),
          index / 1e5,
        ),
      )
      index += powerW.length
    })
    if (lostAtEnd > 0) events.push({ kind: 'gap', firstIndex: index, count: lostAtEnd })
    return events
  })

async function write(files: HostFiles, path: string, events: readonly SampleEvent[], given: TraceFacts = facts) {
  const sink = await createTrace(files, path, given)
  for (const event of events) await sink.push(event)
  await sink.close(null)
  return sink.paths
}

const expected = (events: readonly SampleEvent[]) =>
  allSamples({
    events: async function* () {
      yield* events
    },
  } as unknown as Parameters<typeof allSamples>[0])

describe('trace formats', () => {
  it('have names and endings of their own', () => {
    const names = traceFormats.map(({ name }) => name)
    const endings = traceFormats.flatMap((format) => format.endings)
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(endings).size).toBe(endings.length)
    for (const { create, endings: own } of traceFormats) expect(create !== undefined).toBe(own.length > 0)
  })

  it('an ending that none writes is a matter of usage', async () => {
    await expect(createTrace(filesOf({}), 'x.docx', facts)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe.each(writable)('%s', (name, format) => {
  const path = `out/x${format.endings[0]}`

  it('gives back what was written: samples, levels, gaps, windows, supply, provenance', async () => {
    await fc.assert(
      fc.asyncProperty(traces, async (events) => {
        const files = filesOf({})
        await write(files, path, events)
        await using trace = await openTrace(files, path, { decoders })
        expect(trace.format).toBe(name)
        expect(trace.facts).toMatchObject({
          ...facts,
          meter: expect.objectContaining({ calibration: { R0: 1003.35 } }),
        })
        const [wrote, read] = [await expected(events), await allSamples(trace)]
        expect(trace.damage ?? null).toBeNull()
        expect([read.first, read.lost, read.digital]).toEqual([wrote.first, wrote.lost, wrote.digital])
        expect(read.powerW).toHaveLength(wrote.powerW.length)
        read.powerW.forEach((value, at) => {
          const given = wrote.powerW[at]!
          // A table has 1 nA steps; float32 has 24 bits.
          if (Number.isNaN(given)) expect(value).toBeNaN()
          else expect(Math.abs(value - given)).toBeLessThanOrEqual(0.6e-9 * 3.3 + 3e-7 * given)
        })
        // Asked for again, the same once more.
        expect((await allSamples(trace)).powerW).toEqual(read.powerW)
      }),
      { numRuns: 40 },
    )
  })

  it('tells after reading back why a trace is not whole', async () => {
    const files = filesOf({})
    const sink = await createTrace(files, path, facts)
    await sink.push(block(0, [1, 2]))
    await sink.close('the meter went away')
    await using trace = await openTrace(files, path, { decoders })
    expect(trace.facts.incomplete).toBe('the meter went away')
  })

  it('from the future is read, with a note that a clock was wrong', async () => {
    const files = filesOf({})
    await write(files, path, [block(0, [1, 2])], { ...facts, startedAt: '2091-05-06T07:08:09.000Z' })
    const now = new Date('2026-11-20T10:00:00Z')
    const late = await inspectIn(files, path, { now })
    expect(late).toMatchObject({ samples: 2, notes: [expect.stringMatching(/2091-05-06.*yet to come/)] })
    expect((await inspectIn(files, path, { now: new Date('2091-05-06T01:00:00Z') })).notes).toEqual([])
    for (const startedAt of ['', 'tomorrow', '9999999-01-01']) {
      await write(files, path, [block(0, [1, 2])], { ...facts, startedAt })
      expect(await inspectIn(files, path, { now })).toMatchObject({ samples: 2, notes: [] })
    }
  })

  it('keeps a trace without one sample', async () => {
    const files = filesOf({})
    await write(files, path, [])
    await using trace = await openTrace(files, path, { decoders })
    expect((await allSamples(trace)).powerW).toEqual([])
  })

  it('cut at any byte is refused or gives its beginning, never anything else', async () => {
    const files = filesOf({})
    const events = [
      block(
        7,
        Array.from({ length: 50 }, (_, at) => at),
      ),
      block(60, Array(40).fill(2)),
    ]
    const [written] = await write(files, path, events)
    const whole = await files.readBytes(written!)
    const beside = await files.readBytes(`${written}.json`).catch(() => null)
    const all = (await expected(events)).powerW
    for (let cut = 0; cut < whole.length; cut++) {
      const partly = filesOf({ [written!]: whole.subarray(0, cut), ...(beside ? { [`${written}.json`]: beside } : {}) })
      const read = await readOrRefuse(partly, written!)
      if (read === null) continue
      const valid = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value)).length
      expect(read.powerW.length).toBeLessThanOrEqual(all.length)
      expect(valid(read.powerW)).toBeLessThan(valid(all))
      read.powerW.forEach((value, at) => {
        if (!Number.isNaN(value)) expect(value).toBeCloseTo(all[at]!, 5)
      })
    }
  })

  it('with damaged bytes in any of its files is refused or read, and never hangs or fails otherwise', async () => {
    const files = filesOf({})
    const powerW = Array.from({ length: 300 }, (_, at) => at / 100)
    const written = await write(files, path, [block(0, powerW)])
    const content: Record<string, Uint8Array> = {}
    for (const file of written) content[file] = await files.readBytes(file)
    for (const file of written) await readDamaged(content, written[0]!, file)
  })

  it('stops with the error of the disk when that is full, at any byte', async () => {
    const whole = new MemoryFiles()
    const events = Array.from({ length: 30 }, (_, k) =>
      block(
        k * 50,
        Array.from({ length: 50 }, (_, at) => (k * at) % 7),
      ),
    )
    await write(whole, path, events)
    const size = Math.max(...[...whole.content.values()].map((bytes) => bytes.length))
    for (let part = 0; part < 8; part++) {
      const files = new MemoryFiles()
      files.diskBytes = Math.floor((part * size) / 8)
      const failure = await write(files, path, events).then(
        () => null,
        (error: { readonly code?: string }) => error.code,
      )
      expect(['ENOSPC', 'TRACE_DISK_FULL']).toContain(failure)
    }
  })
})

describe('random bytes', () => {
  it.each(traceFormats.map(({ name }) => name))('into the reader of %s are refused or read', async (name) => {
    const heads = [[], [0x50, 0x41, 0x52, 0x31], [0x50, 0x4b, 3, 4], [0xf1], [0x4d, 0x57, 0x42, 0x4c, 1, 1, 0, 0]]
    const csv = [...new TextEncoder().encode('Timestamp(ms),Current(uA)\n')]
    const shell = [...new TextEncoder().encode('PowerShield > ack freq 1k\r\n')]
    const jls = [...identification, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...heads, csv, shell, jls),
        fc.uint8Array({ maxLength: 3000 }),
        async (head, bytes) => {
          const content = Uint8Array.from([...head, ...bytes])
          for (const path of ['d/x-energy.bin', 'd/x.raw', 'd/x.csv', 'd/results.json']) {
            await readOrRefuse(filesOf({ [path]: content, 'd/x-timestamps.json': content }), path, name)
            await readOrRefuse(filesOf({ [path]: content }), path)
          }
        },
      ),
      { numRuns: fuzzRuns },
    )
  })
})
