import { type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import { MilliwattError } from '../../../core/errors.ts'
import type { HostFiles } from '../../../core/host.ts'
import type { SampleBlock, SampleEvent } from '../../samples.ts'
import type { TraceFacts, TraceSink } from '../format.ts'
import { GridPlace, toKept } from '../kept-facts.ts'
import { FileWriter } from './file-writer.ts'

/** Rows of a row group: what a writer and a reader have in memory at a time, some hundred bytes each. */
const groupRows = 100_000
/** A sample's place is a 32-bit integer: six hours at 100 kS/s. */
const mostPlaces = 2 ** 31

/** Key of the metadata that holds the facts. */
export const factsKey = 'milliwatt'

/** Starts a Parquet file. @throws the system's error of a failed write */
export async function createParquet(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  return new ParquetSink(path, facts, new FileWriter(await files.append(path)))
}

class ParquetSink implements TraceSink {
  readonly paths: readonly string[]
  readonly #path: string
  readonly #facts: TraceFacts
  readonly #file: FileWriter
  readonly #writer: ParquetWriter
  readonly #place: GridPlace
  readonly #samples = new Int32Array(groupRows)
  readonly #power = new Float32Array(groupRows)
  readonly #levels = new Uint8Array(groupRows)
  #rows = 0

  constructor(path: string, facts: TraceFacts, file: FileWriter) {
    this.#path = path
    this.paths = [path]
    this.#place = new GridPlace(path)
    this.#facts = facts
    this.#file = file
    this.#writer = new ParquetWriter({
      writer: file,
      createdBy: 'milliwatt',
      statistics: false,
      schema: [
        { name: 'trace', num_children: 3 },
        { name: 'sample', type: 'INT32', repetition_type: 'REQUIRED' },
        { name: 'power_w', type: 'FLOAT', repetition_type: 'REQUIRED' },
        { name: 'digital', type: 'INT32', converted_type: 'UINT_8', repetition_type: 'REQUIRED' },
      ],
    })
  }

  async push(event: SampleEvent): Promise<void> {
    this.#place.length += this.#place.lostUpTo(event)
    if (event.kind === 'samples') await this.#add(event)
    if (this.#place.length <= mostPlaces) return
    throw new MilliwattError('TRACE_WRITE', this.#path, `It holds at most ${mostPlaces} samples.`)
  }

  async #add({ powerW, digital }: SampleBlock): Promise<void> {
    for (let from = 0; from < powerW.length; ) {
      const count = Math.min(powerW.length - from, groupRows - this.#rows)
      this.#power.set(powerW.subarray(from, from + count), this.#rows)
      this.#levels.set(digital.subarray(from, from + count), this.#rows)
      for (let at = 0; at < count; at++) this.#samples[this.#rows + at] = this.#place.length + at
      this.#rows += count
      this.#place.length += count
      from += count
      if (this.#rows === groupRows) await this.#writeGroup()
    }
  }

  async #writeGroup(): Promise<void> {
    if (this.#rows === 0) return
    const rows = this.#rows
    // Every group is one page, so an index of pages tells nothing and would be held up to the end.
    const column = (name: string, data: Int32Array | Float32Array | Uint8Array): ColumnSource => {
      return { name, data: data.subarray(0, rows), offsetIndex: false }
    }
    const columnData: ColumnSource[] = [
      { ...column('sample', this.#samples), encoding: 'DELTA_BINARY_PACKED', statistics: true },
      column('power_w', this.#power),
      column('digital', this.#levels),
    ]
    await this.#writer.write({ columnData, rowGroupSize: rows })
    this.#rows = 0
  }

  async close(incomplete: string | null): Promise<void> {
    await this.#writeGroup()
    const kept = toKept(this.#place.kept(this.#facts, incomplete))
    // Set at the end: the first index is known only now.
    this.#writer.kvMetadata = [{ key: factsKey, value: JSON.stringify(kept) }]
    await this.#writer.finish()
  }

  abort(): Promise<void> {
    return this.#file.abandon()
  }
}
