import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'
import type { SampleBlock, SampleEvent } from '../../samples.ts'
import type { OpenedTrace, ReadOptions, TraceSource } from '../format.ts'
import { bareFacts, type KeptFacts, readKeptText } from '../kept-facts.ts'
import { factsKey } from './write.ts'

/** Columns of a trace, in the order of `Group`. */
const columns = ['sample', 'power_w', 'digital']

/** A row group of more rows would need too much memory; milliwatt writes a hundred thousand. */
const mostGroupRows = 8_000_000

function bufferOver(reader: FileReader): AsyncBuffer {
  return {
    byteLength: reader.sizeBytes,
    slice: async (start, end = reader.sizeBytes) => {
      const bytes = await reader.read(start, end)
      return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
        ? (bytes.buffer as ArrayBuffer)
        : (bytes.slice().buffer as ArrayBuffer)
    },
  }
}

const damaged = (path: string, error: unknown) =>
  error instanceof MilliwattError
    ? error
    : new MilliwattError('TRACE_INVALID', path, `It is not a whole Parquet file: ${messageOf(error)}.`, error)

/** Checks what a damaged or hostile footer could claim. @throws MilliwattError TRACE_INVALID */
function checkMetadata(metadata: FileMetaData, path: string): void {
  const present = metadata.schema.slice(1).map(({ name }) => name)
  const missing = columns.filter((name) => !present.includes(name))
  if (missing.length > 0) {
    throw new MilliwattError(
      'TRACE_INVALID',
      path,
      `It has no column ${missing.join(', ')}, only: ${present.join(', ')}.`,
    )
  }
  const worst = metadata.row_groups.find(({ num_rows }) => num_rows < 0n || num_rows > BigInt(mostGroupRows))
  if (worst) {
    throw new MilliwattError(
      'TRACE_INVALID',
      path,
      `A row group of ${worst.num_rows} rows is more than ${mostGroupRows}.`,
    )
  }
}

/** Opens a Parquet file. @throws MilliwattError TRACE_INVALID */
export async function openParquet({ files, path }: TraceSource, options: ReadOptions): Promise<OpenedTrace> {
  const reader = await files.open(path)
  try {
    const file = bufferOver(reader)
    const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
      throw damaged(path, error)
    })
    checkMetadata(metadata, path)
    const text = metadata.key_value_metadata?.find(({ key }) => key === factsKey)?.value
    const kept = text === undefined ? null : readKeptText(text, path)
    const rate = kept?.facts.sampleRateHz ?? options.sampleRateHz
    if (rate === undefined)
      throw new MilliwattError('TRACE_INVALID', path, 'It does not tell its rate: state --rate-hz.')
    return {
      path,
      format: 'parquet',
      facts: kept?.facts ?? bareFacts(rate, options.supplyV ?? null, 'parquet'),
      events: () => events(file, metadata, kept, rate, path),
      [Symbol.asyncDispose]: () => reader.close(),
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** One row group as typed columns. */
interface Group {
  readonly sample: Float64Array
  readonly power_w: Float32Array
  readonly digital: Uint8Array
}

async function* events(
  file: AsyncBuffer,
  metadata: FileMetaData,
  kept: KeptFacts | null,
  rate: number,
  path: string,
): AsyncGenerator<SampleEvent> {
  const base = kept?.firstIndex ?? 0
  let row = 0
  let next = base
  for (const { num_rows } of metadata.row_groups) {
    const rows = Number(num_rows)
    const group = await readGroup(file, metadata, row, rows).catch((error: unknown) => {
      throw damaged(path, error)
    })
    for (const event of runs(group, base, rate)) {
      if (!(event.firstIndex >= next)) throw new MilliwattError('TRACE_INVALID', path, 'Its samples do not go up.')
      if (event.firstIndex > next) yield { kind: 'gap', firstIndex: next, count: event.firstIndex - next }
      next = event.firstIndex + event.powerW.length
      yield event
    }
    row += rows
  }
  const end = kept ? base + kept.length : next
  if (end > next) yield { kind: 'gap', firstIndex: next, count: end - next }
}

async function readGroup(file: AsyncBuffer, metadata: FileMetaData, row: number, rows: number): Promise<Group> {
  const group: Group = {
    sample: new Float64Array(rows).fill(Number.NaN),
    power_w: new Float32Array(rows).fill(Number.NaN),
    digital: new Uint8Array(rows),
  }
  await parquetRead({
    file,
    metadata,
    columns,
    rowStart: row,
    rowEnd: row + rows,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const column = group[columnName as keyof Group]
      const from = rowStart - row
      for (let at = 0; at < columnData.length; at++) column[from + at] = Number(columnData[at] ?? Number.NaN)
    },
  })
  return group
}

/** Most samples of one block that is yielded. */
const blockSamples = 65_536

/** Cuts a row group where samples do not follow one another. */
function* runs({ sample, power_w, digital }: Group, base: number, rate: number): Generator<SampleBlock> {
  for (let from = 0; from < sample.length; ) {
    const first = sample[from]!
    let to = from + 1
    while (to < sample.length && to - from < blockSamples && sample[to] === first + to - from) to++
    yield {
      kind: 'samples',
      firstIndex: base + first,
      powerW: power_w.subarray(from, to),
      digital: digital.subarray(from, to),
      raw: new Uint8Array(0),
      arrivalS: (base + first + to - from) / rate,
    }
    from = to
  }
}
