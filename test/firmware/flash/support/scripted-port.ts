import type { Host } from '../../../../src/core/host.ts'
import { skippingClock, timedHost } from './flash-job.ts'
import { type MemoryLink, memoryLink } from './link-ends.ts'

/** What a scripted board says to what it got: bytes, nothing, or to take its cable out. */
export type Answer = readonly number[] | null | 'cut'

/** A host whose only port leads to a board that answers as a function says; waits take no time. */
export function scriptedHost(answer: (got: Uint8Array) => Answer, hasLines = false): Host {
  const tables = timedHost({
    openPort: async (path) => {
      const memory: MemoryLink = memoryLink(
        path,
        {
          receive: (bytes) => {
            const said = answer(bytes)
            if (said === 'cut') memory.cut()
            else if (said) memory.send(Uint8Array.from(said))
          },
        },
        hasLines,
      )
      return memory.link
    },
  })
  return { ...tables, clock: skippingClock() }
}
