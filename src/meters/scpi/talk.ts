import { MilliwattError } from '../../core/errors.ts'
import { toLatin1 } from '../bytes.ts'
import { type LinkIo, reasonOf } from '../link-stream.ts'

/** Longest answer, in characters. */
const longestAnswer = 4096
/** After an answer that came too late or not at all: what is still under way is thrown away for so long. */
const quietS = 0.2

const encoder = new TextEncoder()

/** Sends a line. */
export function tell(io: LinkIo, command: string): Promise<void> {
  return io.link.write(encoder.encode(`${command}\n`))
}

/**
 * Sends a query and waits for its line.
 * @returns null when none came in time
 * @throws MilliwattError METER_LOST when the link ends, INTERRUPTED
 */
export async function query(io: LinkIo, text: string, timeoutS: number, signal?: AbortSignal): Promise<string | null> {
  io.inbox.clear()
  await tell(io, text)
  let answer = ''
  const deadlineS = io.clock.nowS() + timeoutS
  for (let leftS = timeoutS; leftS > 0; leftS = deadlineS - io.clock.nowS()) {
    await io.inbox.wait(leftS, signal)
    for (let chunk = io.inbox.take(); chunk; chunk = io.inbox.take()) answer += toLatin1(chunk.bytes)
    const end = answer.search(/[\r\n]/)
    if (end >= 0 && answer.slice(0, end).trim() !== '') return answer.slice(0, end).trim()
    if (end >= 0) answer = answer.trimStart()
    if (signal?.aborted) throw new MilliwattError('INTERRUPTED', io.link.path)
    if (io.inbox.end) throw new MilliwattError('METER_LOST', io.link.path, `(${reasonOf(io.inbox)})`)
    if (answer.length > longestAnswer) break
  }
  await io.inbox.wait(quietS)
  io.inbox.clear()
  return null
}
