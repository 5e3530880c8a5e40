import { type ErrorCode, MilliwattError } from '../../core/errors.ts'
import type { SampleEvent, SampleMark } from '../../trace/samples.ts'
import type { MeterCounts } from '../meter.ts'
import type { StreamSink } from './sink.ts'
import { toNumber, type WireFormat } from './values.ts'

/** The meter sends its clock after every so many samples. */
export const stampEvery = 1000

/** The meter has one event line; it stands for digital channel 7, as its pin is called. */
const eventBit: number = 1 << 7

/** Puts a stream's readings on the meter's grid. */
export interface Assembler extends StreamSink {
  /** Says when the bytes that are read next arrived, in seconds of the host clock. */
  arrive(arrivalS: number): void
  /** Events that can be yielded now. */
  take(): SampleEvent[]
  /** Ends the stream; gives what was held back. */
  finish(): SampleEvent[]
  readonly counts: MeterCounts
  /** What ended the stream: METER_FAULT, or METER_LOST when the meter ended the acquisition; null while it runs. */
  readonly problem: MilliwattError | null
}

/** How readings become samples. */
export interface AssemblerOptions {
  readonly path: string
  readonly format: WireFormat
  readonly rateHz: number
  /** Factor from the unit of the stream to watts. */
  readonly scaleW: number
  /** Holds samples back until the next time stamp proves that none of them is damaged. */
  readonly holds: boolean
}

/** A run of samples that was not yielded yet. */
interface Pending {
  powerW: number[]
  raw: number[]
  digital: number[]
  marks: SampleMark[]
}

const empty = (): Pending => ({ powerW: [], raw: [], digital: [], marks: [] })

/**
 * Starts a stream. The grid begins with its first sample. Every time stamp tells how many samples the meter has taken
 * by then, a multiple of 1000: what is missing becomes a gap right before the stamp (where in the last 1000 samples it
 * was lost is not known; with `holds` all of them count as lost, for a loss may have joined halves of readings).
 */
export function createAssembler(options: AssemblerOptions): Assembler {
  const { path, format, rateHz, scaleW, holds } = options
  const tally = { received: 0, lost: 0, invalid: 0, discardedBytes: 0 }
  let events: SampleEvent[] = []
  let pending = empty()
  let next = 0
  let isDamaged = false
  let isOver = false
  let stampedMs = 0
  let stampedArrivalS = Number.NaN
  let stampedGrid = 0
  let nowS = 0
  let fault: MilliwattError | null = null
  let due: string[] = []

  const grid = () => next + pending.powerW.length

  const add = (powerW: number, mantissa: number, exponent: number) => {
    const digital = due.length > 0 ? eventBit : 0
    for (const label of due) pending.marks.push({ index: grid(), label })
    due = []
    pending.powerW.push(powerW)
    pending.digital.push(digital)
    pending.raw.push(mantissa >> 8, mantissa & 255, exponent & 255, digital)
  }

  const emit = () => {
    const count = pending.powerW.length
    if (count === 0) return
    const { powerW, digital, raw, marks } = pending
    events.push({
      kind: 'samples',
      firstIndex: next,
      powerW: Float32Array.from(powerW),
      digital: Uint8Array.from(digital),
      raw: Uint8Array.from(raw),
      arrivalS: nowS,
      ...(marks.length > 0 ? { marks } : {}),
    })
    tally.received += count
    next += count
    pending = empty()
  }

  const lose = (count: number) => {
    if (count <= 0) return
    events.push({ kind: 'gap', firstIndex: next, count })
    tally.lost += count
    next += count
  }

  /** Gives up what was read since the last stamp; returns its number of samples. */
  const drop = () => {
    const count = pending.powerW.length
    pending = empty()
    isDamaged = false
    return count
  }

  const stop = (code: ErrorCode, detail: string) => {
    if (isOver) return
    fault ??= new MilliwattError(code, path, `(${detail})`)
    isOver = true
  }

  /** The meter's clock went back: it began anew, and only the host's clock tells how long it was away. */
  const restart = () => {
    const since = Math.round((nowS - stampedArrivalS) * rateHz)
    const missing = Math.max(since - (grid() - stampedGrid), 0)
    emit()
    lose(missing)
  }

  const handOver = () => {
    const ready = events
    events = []
    return ready
  }

  /** Samples that the meter took since the last stamp, by its clock: a multiple of 1000; zero or less after a restart. */
  const takenSince = (milliseconds: number, rangeMs: number) => {
    const half = rangeMs / 2
    let passedMs = milliseconds - stampedMs
    if (Number.isFinite(rangeMs)) passedMs = ((((passedMs + half) % rangeMs) + rangeMs) % rangeMs) - half
    return Math.round((passedMs * rateHz) / 1000 / stampEvery) * stampEvery
  }

  const place = (taken: number) => {
    const off = taken - (grid() - stampedGrid)
    if (taken <= 0) restart()
    else if (holds && (isDamaged || off !== 0)) lose(off + drop())
    else {
      emit()
      lose(off)
      // More readings than the meter took: bytes in between looked like some.
      tally.invalid += Math.max(-off, 0)
    }
    isDamaged = false
  }

  return {
    sample: (mantissa, exponent) => {
      if (!isOver) add(toNumber(format, mantissa, exponent) * scaleW, mantissa, exponent)
    },
    damagedSample: () => {
      if (isOver) return
      tally.invalid++
      add(Number.NaN, 0xffff, 0)
    },
    discard: (bytes) => {
      if (!isOver) tally.discardedBytes += bytes
    },
    damagedBlock: () => {
      isDamaged = true
    },
    stamp: (milliseconds, rangeMs) => {
      if (isOver) return
      place(takenSince(milliseconds, rangeMs))
      stampedMs = milliseconds
      stampedArrivalS = nowS
      stampedGrid = grid()
    },
    event: (counter, edge) => {
      if (isOver) return
      due.push(`event ${String(counter).padStart(2, '0')} ${edge}`)
    },
    note: () => {},
    fault: (text) => stop('METER_FAULT', text),
    end: () => stop('METER_LOST', 'the meter ended the acquisition'),
    arrive: (arrivalS) => {
      nowS = arrivalS
      if (Number.isNaN(stampedArrivalS)) stampedArrivalS = arrivalS
    },
    take: () => {
      if (!holds) emit()
      return handOver()
    },
    finish: () => {
      if (isDamaged) lose(drop())
      else emit()
      return handOver()
    },
    get counts() {
      return { ...tally, saturated: 0 }
    },
    get problem() {
      return fault
    },
  }
}
