import { tableFromIPC } from 'apache-arrow'
import { ParquetFile, readParquet } from 'parquet-wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TraceFacts } from '../../../src/trace/formats/format.ts'
import { createTrace } from '../../../src/trace/formats/list.ts'
import { block } from '../support.ts'
import { filesOf } from './support.ts'

const facts: TraceFacts = {
  sampleRateHz: 100_000,
  provenance: 'emulated',
  supplyV: 3.3,
  meter: { driver: 'ppk2', serialNumber: 'D1', calibration: { R0: 1003.3506, GS1: 112.789 } },
  startedAt: '2026-11-20T10:00:00.000Z',
  windows: [{ label: 'a', startIndex: 53, endIndex: 109.5, method: 'marker edges', inferences: 4 }],
  publishedMedianJ: null,
  incomplete: null,
  notes: [],
}

/** Two and a half row groups with a gap, a reading that is none, and codes as a meter's converter gives them. */
const firstIndex = 50
const power = Float32Array.from({ length: 250_000 }, (_, at) =>
  at === 7 ? Number.NaN : 1e-3 + ((at * 7) % 500) * 1e-6,
)
const levels = Uint8Array.from(power, (_, at) => (at >> 3) & 255)
const gap = { after: 120_000, count: 33 }

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)

// Apache Arrow's implementation in Rust has no code in common with the one that writes.
describe('a .parquet file, read by Apache Arrow', () => {
  let bytes: Uint8Array<ArrayBuffer>

  beforeAll(async () => {
    const files = filesOf({})
    const sink = await createTrace(files, 'a.parquet', facts)
    const part = (from: number, to: number, index: number) =>
      block(index + from, [...power.subarray(from, to)], [...levels.subarray(from, to)])
    await sink.push(part(0, gap.after, firstIndex))
    await sink.push({ kind: 'gap', firstIndex: firstIndex + gap.after, count: gap.count })
    await sink.push(part(gap.after, power.length, firstIndex + gap.count))
    await sink.close(null)
    bytes = Uint8Array.from(await files.readBytes('a.parquet'))
  })

  it('has three columns with the values that were written, to the bit', () => {
    const table = tableFromIPC(readParquet(bytes).intoIPCStream())
    expect(table.schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
      'sample Int32 false',
      'power_w Float32 false',
      'digital Uint8 false',
    ])
    const places = Int32Array.from(power, (_, at) => (at < gap.after ? at : at + gap.count))
    for (const [name, written] of Object.entries({ sample: places, power_w: power, digital: levels })) {
      const read = table.getChild(name)!.toArray()
      expect([name, Buffer.compare(bytesOf(read), bytesOf(written))]).toEqual([name, 0])
    }
  })

  it('tells rate, supply, calibration and windows in its key-value metadata', async () => {
    const file = await ParquetFile.fromFile(new Blob([bytes]))
    const stored = file.metadata().fileMetadata()
    expect([stored.createdBy(), stored.numRows()]).toEqual(['milliwatt', power.length])
    expect([...stored.keyValueMetadata().keys()]).toEqual(['milliwatt'])
    const kept = JSON.parse(stored.keyValueMetadata().get('milliwatt'))
    expect(kept).toEqual({
      version: 1,
      kind: 'milliwatt-facts',
      firstIndex,
      length: power.length + gap.count,
      facts,
    })
  })

  it('has row groups of a second at most, which is what a reader holds at a time', async () => {
    const file = await ParquetFile.fromFile(new Blob([bytes]))
    const groups = file.metadata().rowGroups()
    expect(groups.map((group) => group.numRows())).toEqual([100_000, 100_000, 50_000])
  })
})
