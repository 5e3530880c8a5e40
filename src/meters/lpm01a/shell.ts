import { MilliwattError } from '../../core/errors.ts'
import { joinBytes, toLatin1 } from '../bytes.ts'
import { type LinkIo, reasonOf } from '../link-stream.ts'

const encoder = new TextEncoder()
const answerDeadlineS = 1.5
/** After a refusal: its reason comes in a line of its own. */
const detailS = 0.1
const quietS = 0.1
const drainDeadlineS = 2

/** The meter's answer to a command: what follows `ack`, and bytes that came after that line. */
export interface ShellAnswer {
  readonly text: string
  readonly rest: Uint8Array
}

/** Thrown inside this folder when the meter refuses a command. */
export class Refusal extends Error {}

/** Takes all that has arrived. */
function takeText(io: LinkIo): string {
  let text = ''
  for (let chunk = io.inbox.take(); chunk; chunk = io.inbox.take()) text += toLatin1(chunk.bytes)
  return text
}

function throwIfOver(io: LinkIo, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MilliwattError('INTERRUPTED', io.link.path)
  if (io.inbox.end) throw new MilliwattError('METER_LOST', io.link.path, `(${reasonOf(io.inbox)})`)
}

/** Sends a line. */
export function sendLine(io: LinkIo, line: string): Promise<void> {
  return io.link.write(encoder.encode(`${line}\r\n`))
}

/**
 * Stops whatever the meter is sending (a killed session leaves it running) and throws the rest of it away.
 * @returns number of stale bytes
 * @throws MilliwattError METER_WRONG when it never gets quiet, METER_LOST, INTERRUPTED
 */
export async function quieten(io: LinkIo, signal?: AbortSignal): Promise<number> {
  // The first line end finishes a half-typed line of an earlier session.
  await sendLine(io, '')
  await sendLine(io, 'stop')
  const deadlineS = io.clock.nowS() + drainDeadlineS
  for (let stale = 0; ; ) {
    await io.inbox.wait(quietS, signal)
    throwIfOver(io, signal)
    const text = takeText(io)
    if (text === '') return stale
    stale += text.replace(/PowerShield > [^\r\n]*\r?\n/g, '').length
    if (io.clock.nowS() > deadlineS) {
      throw new MilliwattError('METER_WRONG', io.link.path, `(it keeps sending after "stop": ${stale} bytes)`)
    }
  }
}

/** Reads on for the reason that a refusal gives in the next line. */
async function refusalOf(io: LinkIo, line: string, after: string): Promise<Refusal> {
  await io.inbox.wait(detailS)
  const detail = /Error detail:[^\r\n]*/i.exec(after + takeText(io))?.[0]
  return new Refusal(detail ? `${line}; ${detail}` : line)
}

/**
 * Sends a command and waits for `ack`. Stream lines of an earlier session in front of it are skipped.
 * @throws Refusal when the meter says `err` or `error`; MilliwattError METER_WRONG when it says neither in time
 */
export async function ask(io: LinkIo, command: string, signal?: AbortSignal): Promise<ShellAnswer> {
  const verb = command.split(' ')[0]!
  await sendLine(io, command)
  const deadlineS = io.clock.nowS() + answerDeadlineS
  const pattern = new RegExp(
    `(?:^|[>\\r\\n\\0])[ \\t]*(?:(ack)[ \\t]+(${verb}[^\\r\\n]*)|(err(?:or)?\\b[^\\r\\n]*))\\r?\\n`,
  )
  let bytes: Uint8Array = new Uint8Array(0)
  for (let leftS = answerDeadlineS; leftS > 0; leftS = deadlineS - io.clock.nowS()) {
    await io.inbox.wait(leftS, signal)
    throwIfOver(io, signal)
    for (let chunk = io.inbox.take(); chunk; chunk = io.inbox.take()) {
      bytes = joinBytes([bytes.subarray(-65_536), chunk.bytes])
    }
    const text = toLatin1(bytes)
    const match = pattern.exec(text)
    const end = match ? match.index + match[0].length : 0
    if (match?.[1]) return { text: match[2]!.trim(), rest: bytes.slice(end) }
    if (match) throw await refusalOf(io, match[3]!.trim(), text.slice(end))
  }
  const said = bytes.length === 0 ? 'nothing' : `${bytes.length} bytes without "ack ${verb}"`
  throw new MilliwattError('METER_WRONG', io.link.path, `(it answered "${command}" with ${said})`)
}
