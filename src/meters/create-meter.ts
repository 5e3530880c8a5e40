import type { SampleEvent } from '../trace/samples.ts'
import type { MarkerLine, Meter, MeterCounts, MeterInfo } from './meter.ts'

/** One run of a meter's stream. */
export interface MeterStream {
  readonly counts: MeterCounts
  events(signal: AbortSignal): AsyncGenerator<SampleEvent>
}

/** What a driver brings to a meter. */
export interface MeterParts {
  readonly info: MeterInfo
  readonly marker?: MarkerLine
  /** Starts a new stream, with counts from zero. */
  openStream(): MeterStream
  /** Called once. */
  close(): Promise<void>
}

/** Counts of a stream that has not begun. */
export const noCounts: MeterCounts = { received: 0, lost: 0, saturated: 0, invalid: 0, discardedBytes: 0 }

/** Makes a meter that streams once at a time, keeps the counts of its last stream and closes once. */
export function createMeter(parts: MeterParts): Meter {
  let stream: MeterStream | undefined
  let streaming = false
  let closing: Promise<void> | undefined

  async function* samples(signal: AbortSignal): AsyncGenerator<SampleEvent> {
    if (streaming) throw new Error('this meter is already streaming')
    streaming = true
    stream = parts.openStream()
    try {
      yield* stream.events(signal)
    } finally {
      streaming = false
    }
  }

  const close = () => {
    closing ??= parts.close()
    return closing
  }
  return {
    info: parts.info,
    get counts() {
      return stream?.counts ?? noCounts
    },
    ...(parts.marker ? { marker: parts.marker } : {}),
    samples,
    close,
    [Symbol.asyncDispose]: close,
  }
}
