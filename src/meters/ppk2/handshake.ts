import { MilliwattError } from '../../core/errors.ts'
import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import type { Inbox } from '../inbox.ts'
import { reasonOf } from '../link-stream.ts'
import { writeCommand } from './commands.ts'
import { type Ppk2Metadata, readMetadata } from './metadata.ts'

/** A meter is quiet when nothing came for this long. */
const quietS = 0.05
/** How long a stale stream may go on after it was told to stop. */
const drainDeadlineS = 2
const metadataDeadlineS = 1.5
const attempts = 2

/**
 * Stops whatever the meter is streaming (a killed session leaves it running) and throws away what is
 * left of it, until it is quiet.
 * @returns number of stale bytes
 * @throws MilliwattError METER_WRONG when it never gets quiet, METER_LOST when the link ends
 */
export async function drain(link: Link, inbox: Inbox, clock: Clock, signal?: AbortSignal): Promise<number> {
  await link.write(writeCommand({ kind: 'stop' }))
  const deadlineS = clock.nowS() + drainDeadlineS
  let stale = 0
  for (;;) {
    await inbox.wait(quietS, signal)
    throwIfOver(link, inbox, signal)
    const bytes = inbox.clear()
    if (bytes === 0) return stale
    stale += bytes
    if (clock.nowS() > deadlineS) {
      throw new MilliwattError('METER_WRONG', link.path, `(it keeps sending after the stop command: ${stale} bytes)`)
    }
  }
}

function throwIfOver(link: Link, inbox: Inbox, signal?: AbortSignal): void {
  if (signal?.aborted) throw new MilliwattError('INTERRUPTED', link.path)
  if (inbox.end) throw new MilliwattError('METER_LOST', link.path, `(${reasonOf(inbox)})`)
}

async function askOnce(link: Link, inbox: Inbox, clock: Clock, signal?: AbortSignal): Promise<Ppk2Metadata | string> {
  await link.write(writeCommand({ kind: 'metadata' }))
  const deadlineS = clock.nowS() + metadataDeadlineS
  let text = ''
  for (let leftS = metadataDeadlineS; leftS > 0; leftS = deadlineS - clock.nowS()) {
    await inbox.wait(leftS, signal)
    throwIfOver(link, inbox, signal)
    for (let chunk = inbox.take(); chunk; chunk = inbox.take()) text += String.fromCharCode(...chunk.bytes)
    // A peer that is no PPK2 may send for ever: keep what a metadata answer can be long.
    text = text.slice(-65_536)
    const metadata = readMetadata(text)
    if (metadata) return metadata
  }
  return text
}

/**
 * Asks for the metadata, twice if need be.
 * @throws MilliwattError METER_WRONG when no sensible answer comes within 3 s, METER_LOST when the link ends
 */
export async function fetchMetadata(
  link: Link,
  inbox: Inbox,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Ppk2Metadata> {
  let text = ''
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const answer = await askOnce(link, inbox, clock, signal)
    if (typeof answer !== 'string') return answer
    text = answer
    if (attempt < attempts) await drain(link, inbox, clock, signal)
  }
  const said = text.length === 0 ? 'nothing' : `${text.length} bytes without complete PPK2 metadata`
  throw new MilliwattError('METER_WRONG', link.path, `(it answered the metadata command with ${said})`)
}
