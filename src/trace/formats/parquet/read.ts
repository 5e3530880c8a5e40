import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { OpenedTrace, ReadOptions, TraceSource } from '../format.ts'
import { bareFacts, type KeptFacts, readKeptText } from '../kept-facts.ts'
import { factsKey } from './write.ts'

/** A row group of more rows would need too much memory; milliwatt writes a million. */
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
  const columns = metadata.schema.map(({ name }) => name)
  if (!columns.includes('power_w')) {
    throw new MilliwattError('TRACE_INVALID', path, `It has no column power_w, only: ${columns.slice(1).join(', ')}.`)
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

/** One row group as typed columns; `lost` is 1 for rows without a level. */
interface Group {
  readonly powerW: Float32Array
  readonly digital: Uint8Array
  readonly lost: Uint8Array
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
  for (const { num_rows } of metadata.row_groups) {
    const rows = Number(num_rows)
    const group = await readGroup(file, metadata, row, rows).catch((error: unknown) => {
      throw damaged(path, error)
    })
    yield* runs(group, base + row, rate)
    row += rows
  }
}

async function readGroup(file: AsyncBuffer, metadata: FileMetaData, row: number, rows: number): Promise<Group> {
  const group = {
    powerW: new Float32Array(rows).fill(Number.NaN),
    digital: new Uint8Array(rows),
    lost: new Uint8Array(rows),
  }
  const hasDigital = metadata.schema.some(({ name }) => name === 'digital')
  await parquetRead({
    file,
    metadata,
    columns: hasDigital ? ['power_w', 'digital'] : ['power_w'],
    rowStart: row,
    rowEnd: row + rows,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const from = rowStart - row
      const { length } = columnData
      if (columnName === 'power_w') {
        for (let at = 0; at < length; at++) group.powerW[from + at] = columnData[at] ?? Number.NaN
      } else {
        for (let at = 0; at < length; at++) {
          const level = columnData[at]
          if (level === null || level === undefined) group.lost[from + at] = 1
          else group.digital[from + at] = level
        }
      }
    },
  })
  return group
}

/** Most samples of one block that is yielded. */
const blockSamples = 65_536

function* runs({ powerW, digital, lost }: Group, firstIndex: number, rate: number): Generator<SampleEvent> {
  for (let from = 0; from < lost.length; ) {
    const isLost = lost[from] === 1
    const change = lost.indexOf(isLost ? 0 : 1, from)
    const end = change === -1 ? lost.length : change
    const to = isLost ? end : Math.min(end, from + blockSamples)
    const first = firstIndex + from
    if (isLost) yield { kind: 'gap', firstIndex: first, count: to - from }
    else {
      yield {
        kind: 'samples',
        firstIndex: first,
        powerW: powerW.subarray(from, to),
        digital: digital.subarray(from, to),
        raw: new Uint8Array(0),
        arrivalS: (firstIndex + to) / rate,
      }
    }
    from = to
  }
}
