import { MilliwattError } from '../../core/errors.ts'
import type { SampleEvent, SampleMark } from '../../trace/samples.ts'
import { toLatin1 } from '../bytes.ts'
import type { StreamDecoder } from '../link-stream.ts'
import { type PowerReading, toBlock } from '../power-record.ts'
import { type LineEdge, type LineHeader, type LineRow, readLine } from './lines.ts'
import { createRowReader } from './power.ts'

/** Longest line, in characters. */
const longestLine = 400
/** Columns `seq` and `us` are 32 bits wide and begin again at zero. */
const wrap32 = 2 ** 32
/** `seq` and `us` disagree when they differ by more than this part, or by two rows. */
const clockTolerance = 0.05
const clockToleranceRows = 2

interface Last {
  readonly row: LineRow
  readonly arrivalS: number
  /** Index on the grid of the sample that ends with this row. */
  readonly index: number
}

/** Difference of two counters of 32 bits, from −2³¹ to 2³¹. */
function difference(after: number, before: number): number {
  const ahead = (after - before + wrap32) % wrap32
  return ahead >= wrap32 / 2 ? ahead - wrap32 : ahead
}

/**
 * Rows between two rows, by their `seq`, checked against `us` and, where these disagree (the sender began anew, stood
 * still, or changed its clock), by the one that the host's clock bears out. `agree` tells whether they did.
 */
function rowsBetween(last: Last, row: LineRow, arrivalS: number, rateHz: number): { rows: number; agree: boolean } {
  const bySeq = difference(row.seq!, last.row.seq!)
  const byUs = row.us === undefined ? bySeq : (difference(row.us, last.row.us!) * rateHz) / 1e6
  const agree = Math.abs(byUs - bySeq) <= Math.max(clockToleranceRows, Math.abs(bySeq) * clockTolerance)
  if (agree && bySeq >= 0) return { rows: bySeq, agree: true }
  const byHost = (arrivalS - last.arrivalS) * rateHz
  const candidates = [bySeq, Math.round(byUs)].filter((rows) => rows >= 1)
  const best = candidates.sort((a, b) => Math.abs(a - byHost) - Math.abs(b - byHost))[0]
  // The sender began anew: only the host knows how long it was away.
  return { rows: best ?? Math.max(Math.round(byHost), 1), agree: false }
}

/**
 * Starts the decoding of one stream.
 * @param header as read when the port was opened; another one during the stream is a fault
 * @param statedV supply voltage that the user stated, in volts
 */
export function createLineStream(header: LineHeader, statedV: number, path: string): StreamDecoder {
  const { rateHz } = header
  const reader = createRowReader(header, statedV)
  const tally = { received: 0, lost: 0, saturated: 0, invalid: 0, discardedBytes: 0, bridged: 0 }
  let text = ''
  let last: Last | null = null
  let readings: PowerReading[] = []
  let marks: SampleMark[] = []
  let next = 0
  let edgeLevels = 0
  let events: SampleEvent[] = []
  let fault: MilliwattError | null = null
  let nowS = 0

  const emit = () => {
    if (readings.length > 0) {
      events.push(toBlock(next, readings, nowS, marks))
      tally.received += readings.length
      next += readings.length
      marks = []
    }
    readings = []
  }

  const takeRow = (row: LineRow) => {
    const digital = row.d === undefined ? edgeLevels : row.d & 255
    const reading = { ...reader.reading(row), digital }
    const index = next + readings.length
    if (!last) {
      // The first row of an accumulator is only where it starts.
      if (!reader.accumulates) readings.push(reading)
      last = { row, arrivalS: nowS, index: reader.accumulates ? index - 1 : index }
      return
    }
    const { rows, agree } = rowsBetween(last, row, nowS, rateHz)
    if (rows === 0) return
    const meanW = reader.accumulates ? reader.between(last.row, row, rows / rateHz) : Number.NaN
    // An accumulator that shrank, or may have begun anew in between, tells nothing of the rows that are missing.
    if (meanW >= 0 && (agree || rows === 1)) {
      for (let at = 1; at < rows; at++) readings.push({ ...reading, powerW: meanW, bridged: true })
      tally.bridged += rows - 1
      readings.push({ ...reading, powerW: meanW })
    } else {
      emit()
      const missing = rows - 1
      if (missing > 0) events.push({ kind: 'gap', firstIndex: next, count: missing })
      tally.lost += missing
      next += missing
      if (Number.isNaN(reading.powerW)) tally.invalid++
      readings.push(reading)
    }
    last = { row, arrivalS: nowS, index: next + readings.length - 1 }
  }

  const takeEdge = ({ seq, us, channel, high }: LineEdge) => {
    const bit = 1 << channel
    edgeLevels = high ? edgeLevels | bit : edgeLevels & ~bit
    const index = last ? last.index + difference(seq, last.row.seq!) : next
    marks.push({ index: Math.max(index, next), label: `edge ${channel} ${high ? 'rise' : 'fall'} us=${us}` })
  }

  const takeHeader = (other: LineHeader) => {
    if (other.rateHz === rateHz && other.columns.join() === header.columns.join()) return
    fault ??= new MilliwattError('METER_FAULT', path, '(its header changed in the middle of the stream)')
  }

  const takeLine = (line: string) => {
    const read = readLine(line, header)
    if (read.kind === 'row') takeRow(read.row)
    else if (read.kind === 'edge') takeEdge(read.edge)
    else if (read.kind === 'header') takeHeader(read.header)
    else if (read.kind === 'error') fault ??= new MilliwattError('METER_FAULT', path, `(${read.text})`)
    else if (read.kind === 'bad') tally.discardedBytes += line.length
  }

  const handOver = () => {
    emit()
    const ready = events
    events = []
    return ready
  }

  return {
    push: (chunk, arrivalS) => {
      nowS = arrivalS
      text += toLatin1(chunk)
      const lines = text.split('\n')
      text = lines.pop()!
      if (text.length > longestLine) {
        tally.discardedBytes += text.length
        text = ''
      }
      for (const line of lines) if (!fault && line.trim() !== '') takeLine(line.trim())
      return handOver()
    },
    flush: () => {
      tally.discardedBytes += text.length
      text = ''
      return handOver()
    },
    get counts() {
      return tally
    },
    get fault() {
      return fault
    },
  }
}
