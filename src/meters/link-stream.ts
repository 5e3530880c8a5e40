import { MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import type { Link } from '../core/link.ts'
import type { SampleEvent } from '../trace/samples.ts'
import type { Inbox } from './inbox.ts'
import type { MeterCounts } from './meter.ts'

/** After the stop command: what is still under way has arrived when nothing came for this long. */
const tailQuietS = 0.05
const tailDeadlineS = 1

/** A link that is listened to. */
export interface LinkIo {
  readonly link: Link
  readonly inbox: Inbox
  readonly clock: Clock
}

/** Turns the bytes of one stream into events on the meter's grid. */
export interface StreamDecoder {
  push(chunk: Uint8Array, arrivalS: number): SampleEvent[]
  /** Ends the stream: yields what was held back. */
  flush(): SampleEvent[]
  readonly counts: MeterCounts
  /** What the meter itself reported that ends the stream (overcurrent, end of acquisition); null while all is well. */
  readonly fault?: MilliwattError | null
}

/** Why the link ended, in the system's words. */
export function reasonOf(inbox: Inbox): string {
  return inbox.end?.how === 'lost' ? inbox.end.reason : 'the port was closed'
}

/**
 * Yields what one stream gives, until the signal aborts.
 * @param stop asks the meter to stop; what it had already sent is still yielded
 * @param silenceS silence of the streaming meter that means it is gone, in seconds
 * @throws MilliwattError METER_LOST when the link ends or is silent, and the decoder's `fault`
 */
export async function* readLinkStream(
  io: LinkIo,
  decoder: StreamDecoder,
  signal: AbortSignal,
  stop: () => Promise<void>,
  silenceS: number,
): AsyncGenerator<SampleEvent> {
  const { inbox, clock } = io
  // Two rounds of silence in a row: a blocked event loop fires one timer late, before it delivers the bytes.
  let silentRounds = 0
  while (!signal.aborted && !inbox.end && !decoder.fault && silentRounds < 2) {
    const waitedFromS = clock.nowS()
    await inbox.wait(silenceS / 2, signal)
    const chunk = inbox.take()
    if (chunk) {
      silentRounds = 0
      yield* decoder.push(chunk.bytes, chunk.arrivalS)
      yield* decodeWaiting(inbox, decoder)
    } else if (clock.nowS() - waitedFromS >= silenceS * 0.45) silentRounds++
  }
  if (signal.aborted && !inbox.end) {
    await stop().catch(() => {})
    yield* decodeTail(inbox, clock, decoder)
  }
  yield* decodeWaiting(inbox, decoder)
  yield* decoder.flush()
  if (signal.aborted) return
  throw decoder.fault ?? lost(io, silenceS)
}

function lost({ link, inbox }: LinkIo, silenceS: number): MilliwattError {
  return new MilliwattError(
    'METER_LOST',
    link.path,
    inbox.end ? `(${reasonOf(inbox)})` : `(no samples for ${silenceS} s)`,
  )
}

function* decodeWaiting(inbox: Inbox, decoder: StreamDecoder): Generator<SampleEvent> {
  for (let chunk = inbox.take(); chunk; chunk = inbox.take()) yield* decoder.push(chunk.bytes, chunk.arrivalS)
}

/** After the stop command: what the meter had already sent. */
async function* decodeTail(inbox: Inbox, clock: Clock, decoder: StreamDecoder): AsyncGenerator<SampleEvent> {
  const deadlineS = clock.nowS() + tailDeadlineS
  while (clock.nowS() < deadlineS && !inbox.end) {
    await inbox.wait(tailQuietS)
    const chunk = inbox.take()
    if (!chunk) return
    yield* decoder.push(chunk.bytes, chunk.arrivalS)
    yield* decodeWaiting(inbox, decoder)
  }
}
