import { joinBytes } from '../bytes.ts'
import type { StreamSink } from './sink.ts'
import { type ChunkReader, readMetadataLine } from './text-stream.ts'

/** Bytes of a time stamp frame: F0 F3, u32 milliseconds, u8 buffer, FF FF. */
const stampLength = 9
/** Longest text in a frame, in bytes. */
const longestText = 256
/** Bit 31 of the milliseconds says that the counter has wrapped; the rest counts on. */
const binaryRangeMs = 2 ** 31

/** Payload of the frames of fixed length, in bytes. F1 and F2 hold text of any length. */
const payloadLength: Readonly<Record<number, number>> = {
  243: 5,
  244: 0,
  245: 0,
  246: 0,
  247: 2,
  248: 2,
  249: 1,
}

/** Length of the frame at the start of the bytes; 0 while it is not whole; null when it is none. */
function frameLength(bytes: Uint8Array): number | null {
  const kind = bytes[1]!
  if (bytes[0] !== 0xf0) return null
  if (kind === 0xf1 || kind === 0xf2) {
    for (let at = 2; at + 1 < bytes.length && at < longestText; at++) {
      if (bytes[at] === 0xff && bytes[at + 1] === 0xff) return at + 2
    }
    return bytes.length < longestText ? 0 : null
  }
  const payload = payloadLength[kind]
  if (payload === undefined) return null
  const length = payload + 4
  if (bytes.length < length) return 0
  return bytes[length - 2] === 0xff && bytes[length - 1] === 0xff ? length : null
}

/** Reads a whole frame into the sink. */
function readFrame(frame: Uint8Array, sink: StreamSink): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const text = () => String.fromCharCode(...frame.subarray(2, -2)).trim()
  const kind = frame[1]!
  if (kind === 0xf1) sink.fault(text())
  else if (kind === 0xf2) readMetadataLine(text(), sink)
  else if (kind === 0xf3) sink.stamp(view.getUint32(2) % binaryRangeMs, binaryRangeMs)
  else if (kind === 0xf4) sink.end()
  // A table of UM2269 says that F4 is overcurrent; later sources and the stream itself say F5.
  else if (kind === 0xf5) sink.fault('overcurrent')
  else if (kind === 0xf6) sink.fault('the meter has cut the power of the target')
  else if (kind === 0xf7) sink.note(`volt ${view.getUint16(2)} mV`)
  else if (kind === 0xf8) sink.note(`temp ${view.getInt16(2)} degC`)
  else if (kind === 0xf9) sink.note(`power ${view.getUint8(2)}`)
}

/** Place of a whole time stamp frame at or after `from`, or -1. */
function findStamp(bytes: Uint8Array, from: number): number {
  for (let at = from; at + stampLength <= bytes.length; at++) {
    const isStamp = bytes[at] === 0xf0 && bytes[at + 1] === 0xf3 && bytes[at + 6]! <= 100
    if (isStamp && bytes[at + 7] === 0xff && bytes[at + 8] === 0xff) return at
  }
  return -1
}

/**
 * Reads the binary format: words of two bytes, high byte first, and frames `F0 Fx … FF FF` between them. A word whose
 * top four bits are all set is no reading; where it is no frame either, the border of the words was lost: what came
 * since the last time stamp is damaged, and reading goes on with the next one.
 */
export function createBinaryReader(sink: StreamSink): ChunkReader {
  let waiting: Uint8Array = new Uint8Array(0)
  /** 1 when the first waiting byte has been read already: it may be the first of a frame after all. */
  let history = 0
  let searching = false
  let ended = false

  /** Looks for the next time stamp; returns where to go on, or -1 when it is not there yet. */
  const resync = (bytes: Uint8Array, at: number): number => {
    const found = findStamp(bytes, at)
    const until = found < 0 ? Math.max(bytes.length - stampLength + 1, at) : found
    sink.discard(until - at)
    searching = found < 0
    if (found >= 0) return found
    waiting = bytes.slice(until)
    history = 0
    return -1
  }

  const keep = (bytes: Uint8Array, at: number) => {
    history = Math.min(at, 1)
    waiting = bytes.slice(at - history)
  }

  const read = (bytes: Uint8Array) => {
    let at = searching ? resync(bytes, 0) : history
    while (at >= 0 && at + 1 < bytes.length && !ended) {
      const high = bytes[at]!
      if (high < 0xf0) {
        const power = high >> 4
        sink.sample(((high & 15) << 8) | bytes[at + 1]!, power === 0 ? 0 : -power)
        at += 2
        continue
      }
      const length = frameLength(bytes.subarray(at))
      if (length === 0) break
      if (length === null) {
        sink.damagedBlock()
        at = resync(bytes, Math.max(at - 1, 0))
      } else {
        readFrame(bytes.subarray(at, at + length), sink)
        ended = bytes[at + 1] === 0xf4
        at += length
      }
    }
    if (at >= 0) keep(bytes, at)
  }

  return {
    push: (chunk) => {
      if (ended) return
      read(joinBytes([waiting, chunk]))
    },
    flush: () => {
      const left = waiting.length - history
      if (left === 0 || ended) return
      sink.damagedBlock()
      sink.discard(left)
      waiting = new Uint8Array(0)
      history = 0
    },
  }
}
