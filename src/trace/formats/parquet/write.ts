import { type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import type { HostFiles } from '../../../core/host.ts'
import type { SampleBlock, SampleEvent } from '../../samples.ts'
import type { TraceFacts, TraceSink } from '../format.ts'
import { GridPlace, toKept } from '../kept-facts.ts'
import { FileWriter } from './file-writer.ts'

/** Rows of a row group: what a reader has in memory at a time. */
export const groupRows: number = 1_000_000

/** Key of the metadata that holds the facts. */
export const factsKey = 'milliwatt'

/** Starts a Parquet file. @throws the system's error of a failed write */
export async function createParquet(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  return new ParquetSink(path, facts, new FileWriter(await files.append(path)))
}

class ParquetSink implements TraceSink {
  readonly #path: string
  readonly #facts: TraceFacts
  readonly #file: FileWriter
  readonly #writer: ParquetWriter
  readonly #place: GridPlace
  readonly #power = new Float32Array(groupRows)
  readonly #levels = new Uint8Array(groupRows)
  /** Lost rows of this group as from, to in a row. */
  #lost: number[] = []
  #hasInvalid = false
  #rows = 0

  constructor(path: string, facts: TraceFacts, file: FileWriter) {
    this.#path = path
    this.#place = new GridPlace(path)
    this.#facts = facts
    this.#file = file
    this.#writer = new ParquetWriter({
      writer: file,
      createdBy: 'milliwatt',
      schema: [
        { name: 'trace', num_children: 2 },
        { name: 'power_w', type: 'FLOAT', repetition_type: 'OPTIONAL' },
        { name: 'digital', type: 'INT32', converted_type: 'UINT_8', repetition_type: 'OPTIONAL' },
      ],
    })
  }

  async push(event: SampleEvent): Promise<void> {
    await this.#lose(this.#place.lostUpTo(event))
    if (event.kind === 'samples') await this.#add(event)
  }

  async #add({ powerW, digital }: SampleBlock): Promise<void> {
    for (let from = 0; from < powerW.length; ) {
      const count = Math.min(powerW.length - from, groupRows - this.#rows)
      const part = powerW.subarray(from, from + count)
      this.#power.set(part, this.#rows)
      this.#levels.set(digital.subarray(from, from + count), this.#rows)
      this.#hasInvalid ||= part.some((value) => value - value !== 0)
      await this.#grow(count)
      from += count
    }
  }

  async #lose(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const now = Math.min(left, groupRows - this.#rows)
      this.#lost.push(this.#rows, this.#rows + now)
      left -= now
      await this.#grow(now)
    }
  }

  async #grow(count: number): Promise<void> {
    this.#rows += count
    this.#place.length += count
    if (this.#rows === groupRows) await this.#writeGroup()
  }

  async #writeGroup(): Promise<void> {
    if (this.#rows === 0) return
    const columnData: ColumnSource[] = [
      { name: 'power_w', data: this.#powerColumn() },
      { name: 'digital', data: this.#levelColumn() },
    ]
    await this.#writer.write({ columnData, rowGroupSize: this.#rows })
    this.#rows = 0
    this.#lost = []
    this.#hasInvalid = false
  }

  /** Typed where every row is a reading; null for a lost sample and for one that is no valid reading. */
  #powerColumn(): Float32Array | (number | null)[] {
    const values = this.#power.subarray(0, this.#rows)
    if (this.#lost.length === 0 && !this.#hasInvalid) return values
    return this.#withoutLost(Array.from(values, (value) => (Number.isFinite(value) ? value : null)))
  }

  #levelColumn(): Uint8Array | (number | null)[] {
    const values = this.#levels.subarray(0, this.#rows)
    return this.#lost.length === 0 ? values : this.#withoutLost(Array.from(values))
  }

  #withoutLost(values: (number | null)[]): (number | null)[] {
    for (let at = 0; at < this.#lost.length; at += 2) values.fill(null, this.#lost[at], this.#lost[at + 1])
    return values
  }

  async close(incomplete: string | null): Promise<readonly string[]> {
    await this.#writeGroup()
    const kept = toKept(this.#place.kept(this.#facts, incomplete))
    // Set at the end: the first index is known only now.
    this.#writer.kvMetadata = [{ key: factsKey, value: JSON.stringify(kept) }]
    await this.#writer.finish()
    return [this.#path]
  }

  abort(): Promise<void> {
    return this.#file.abandon()
  }
}
