import { MilliwattError } from '../../../core/errors.ts'
import type { FileReader, HostFiles } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { OpenedTrace, ReadOptions, TraceSource } from '../format.ts'
import { bareFacts, type KeptFacts, readKeptText } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { type CsvColumns, readHead } from './columns.ts'
import { type CsvRows, readRows } from './rows.ts'

const chunkBytes = 1 << 20
/** A line longer than this is none of a table. */
const longestLine = 4096

/** Where milliwatt keeps what the table has no column for. */
export const factsPath = (path: string): string => `${path}.json`

async function keptBeside(files: HostFiles, path: string): Promise<KeptFacts | null> {
  const text = await files.readText(factsPath(path)).catch(() => null)
  return text === null ? null : readKeptText(text, factsPath(path))
}

interface Table {
  readonly columns: CsvColumns
  /** Where the first row begins. */
  readonly offset: number
}

/** The head of a table; null when it is none. */
export function tableIn(head: Uint8Array): Table | null {
  const end = head.indexOf(10)
  if (end < 0) return null
  const columns = readHead(new TextDecoder().decode(head.subarray(0, end)).trim())
  return columns && { columns, offset: end + 1 }
}

/** Samples a second by the times of the first rows, which stand on a grid; lost rows only widen some steps. */
function rateFrom(rows: CsvRows): number | null {
  let stepMs = Number.POSITIVE_INFINITY
  for (let at = 1; at < rows.count; at++) {
    const step = rows.timesMs[at]! - rows.timesMs[at - 1]!
    if (step > 0 && step < stepMs) stepMs = step
  }
  if (!Number.isFinite(stepMs)) return null
  const rate = 1000 / stepMs
  const whole = Math.round(rate)
  return whole > 0 && Math.abs(rate / whole - 1) < 1e-3 ? whole : rate
}

async function firstRows(reader: FileReader, table: Table, path: string): Promise<CsvRows> {
  const bytes = await reader.read(table.offset, table.offset + 64 * 1024)
  const end = bytes.lastIndexOf(10) + 1
  const rows = readRows(bytes.subarray(0, end), table.columns)
  if ('badLine' in rows) throw badLine(path, rows.badLine + 2)
  return rows
}

const badLine = (path: string, line: number) =>
  new MilliwattError('TRACE_INVALID', path, `Line ${line} is no row of the table.`)

/** Opens a table of current. @throws MilliwattError TRACE_INVALID, TRACE_SUPPLY */
export async function openCsv({ files, path, head }: TraceSource, options: ReadOptions): Promise<OpenedTrace> {
  const table = tableIn(head)
  if (!table) throw new MilliwattError('TRACE_INVALID', path, 'Its first line names no column "Current(uA)".')
  const kept = await keptBeside(files, path)
  const supplyV = neededSupply(path, options.supplyV, kept?.facts.supplyV)
  const reader = await files.open(path)
  try {
    const rate = kept?.facts.sampleRateHz ?? options.sampleRateHz ?? rateFrom(await firstRows(reader, table, path))
    if (rate === null) throw new MilliwattError('TRACE_INVALID', path, 'It has no times: state --rate-hz.')
    return openedCsv(reader, path, table, kept, rate, supplyV)
  } catch (error) {
    await reader.close()
    throw error
  }
}

function openedCsv(
  reader: FileReader,
  path: string,
  table: Table,
  kept: KeptFacts | null,
  rate: number,
  supplyV: number,
): OpenedTrace {
  let cut = false
  return {
    path,
    format: 'csv',
    facts: kept ? { ...kept.facts, supplyV } : bareFacts(rate, supplyV, 'csv'),
    async *events() {
      cut = false
      const grid = new RowGrid(rate, kept?.firstIndex ?? 0, supplyV, path)
      let rest = new Uint8Array(0)
      let line = 2
      for (let offset = table.offset; offset < reader.sizeBytes; offset += chunkBytes) {
        const bytes = joined(rest, await reader.read(offset, offset + chunkBytes))
        const end = bytes.lastIndexOf(10) + 1
        rest = bytes.slice(end)
        if (rest.length > longestLine) throw badLine(path, line)
        const rows = readRows(bytes.subarray(0, end), table.columns)
        if ('badLine' in rows) throw badLine(path, line + rows.badLine)
        line += rows.count
        yield* grid.place(rows)
      }
      cut = rest.length > 0
      if (kept && !cut) yield* grid.end(kept.firstIndex + kept.length)
    },
    get damage() {
      return cut ? 'the last line is not ended, so it was left out' : null
    },
    [Symbol.asyncDispose]: () => reader.close(),
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

/** Puts rows on the grid by their times; where there are none they follow one another. */
class RowGrid {
  readonly #rate: number
  readonly #offset: number
  readonly #supplyV: number
  readonly #path: string
  #next: number
  /** Index of the first row of this chunk, for rows without times. */
  #untimed = 0

  constructor(rate: number, firstIndex: number, supplyV: number, path: string) {
    this.#rate = rate
    this.#offset = firstIndex
    this.#next = firstIndex
    this.#supplyV = supplyV
    this.#path = path
  }

  *place(rows: CsvRows): Generator<SampleEvent> {
    this.#untimed = this.#next
    for (let from = 0; from < rows.count; ) {
      const first = this.#indexOf(rows, from)
      if (first < this.#next) throw new MilliwattError('TRACE_INVALID', this.#path, 'Its times do not go up.')
      if (first > this.#next) yield* this.end(first)
      let to = from + 1
      while (to < rows.count && this.#indexOf(rows, to) === first + to - from) to++
      yield this.#block(rows, from, to, first)
      this.#next = first + to - from
      from = to
    }
  }

  /** A gap up to an index. */
  *end(index: number): Generator<SampleEvent> {
    if (index > this.#next) yield { kind: 'gap', firstIndex: this.#next, count: index - this.#next }
    this.#next = Math.max(this.#next, index)
  }

  #indexOf(rows: CsvRows, at: number): number {
    const timeMs = rows.timesMs[at]!
    return Number.isNaN(timeMs) ? this.#untimed + at : this.#offset + Math.round((timeMs * this.#rate) / 1000)
  }

  #block(rows: CsvRows, from: number, to: number, firstIndex: number): SampleEvent {
    const powerW = new Float32Array(to - from)
    for (let at = from; at < to; at++) powerW[at - from] = rows.currentUa[at]! * 1e-6 * this.#supplyV
    const arrivalS = (firstIndex + powerW.length) / this.#rate
    return {
      kind: 'samples',
      firstIndex,
      powerW,
      digital: rows.digital.slice(from, to),
      raw: new Uint8Array(0),
      arrivalS,
    }
  }
}
