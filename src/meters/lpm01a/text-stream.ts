import { toLatin1 } from '../bytes.ts'
import type { StreamSink } from './sink.ts'
import { readText } from './values.ts'

/** Longest line that is kept, in characters; a longer one is no line of this meter. */
const longestLine = 256

/** The three digits of seconds in a time stamp begin again at zero. */
const textRangeMs = 1_000_000

/** Reads a metadata line (it begins with a letter) into the sink. */
export function readMetadataLine(line: string, sink: StreamSink): void {
  const stamp = /^TimeStamp:\s*[<>]?\s*(\d{1,9})s\s*(\d{1,3})ms/.exec(line)
  const event = /^event\s+(\d{1,3})\s+(\w+)/.exec(line)
  if (stamp) {
    const rangeMs = stamp[1]!.length > 3 ? Number.POSITIVE_INFINITY : textRangeMs
    sink.stamp(Number(stamp[1]) * 1000 + Number(stamp[2]), rangeMs)
  } else if (event) sink.event(Number(event[1]), event[2]!)
  else if (/^end\b/i.test(line)) sink.end()
  else if (/^pwr off\b/i.test(line)) sink.fault('the meter has cut the power of the target')
  else if (/over-?\s?current/i.test(line)) sink.fault(`overcurrent: ${line}`)
  else if (/(^|> )err(or)?\b/i.test(line)) sink.fault(line)
  else sink.note(line)
}

/** The state of a text stream between two chunks. */
export interface ChunkReader {
  push(chunk: Uint8Array): void
  /** Ends the stream; bytes of an unfinished reading are discarded. */
  flush(): void
}

/** Reads the text format: one reading or one metadata line a line; the meter puts a zero byte before some readings. */
export function createTextReader(sink: StreamSink): ChunkReader {
  let text = ''
  const readLine = (line: string) => {
    const value = readText(line)
    if (value) sink.sample(value.mantissa, value.exponent)
    else if (/^[A-Za-z]/.test(line)) readMetadataLine(line, sink)
    else if (/^[\d+-]/.test(line)) sink.damagedSample()
    else sink.discard(line.length)
  }
  return {
    push: (chunk) => {
      text += toLatin1(chunk)
      const lines = text.split('\n')
      text = lines.pop()!
      if (text.length > longestLine) {
        sink.discard(text.length)
        text = ''
      }
      for (const line of lines) {
        const bare = line.replace(/^[\0\s]+|\s+$/g, '')
        if (bare !== '') readLine(bare)
      }
    },
    flush: () => {
      if (text.length > 0) sink.discard(text.length)
      text = ''
    },
  }
}
