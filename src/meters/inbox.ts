import type { Clock } from '../core/host.ts'
import type { Link, LinkEnd } from '../core/link.ts'

/** A chunk of bytes with the time when its last byte came out of the system. */
export interface TimedChunk {
  readonly bytes: Uint8Array
  readonly arrivalS: number
}

/** What arrived on a link and was not read yet, in order. */
export interface Inbox {
  /** Takes the oldest chunk, or undefined when there is none. */
  take(): TimedChunk | undefined
  /** Throws everything away; returns the number of bytes. */
  clear(): number
  /** How the link ended, or null while it lives. Chunks that arrived before can still be taken. */
  readonly end: LinkEnd | null
  /** Resolves when a chunk is there, the link has ended, the time is over or the signal aborts. */
  wait(seconds: number, signal?: AbortSignal): Promise<void>
  /** Stops listening. */
  detach(): void
}

/** Listens to a link from now on. */
export function openInbox(link: Link, clock: Clock): Inbox {
  let chunks: TimedChunk[] = []
  let next = 0
  let end: LinkEnd | null = null
  let wake: () => void = () => {}
  const detach = link.onData((bytes, arrivalS) => {
    chunks.push({ bytes, arrivalS })
    wake()
  })
  void link.ended.then((how) => {
    end = how
    wake()
  })
  const isQuiet = () => next === chunks.length && end === null
  return {
    take: () => {
      const chunk = chunks[next]
      if (chunk) next++
      if (next === chunks.length) {
        chunks = []
        next = 0
      }
      return chunk
    },
    clear: () => {
      const length = chunks.slice(next).reduce((sum, chunk) => sum + chunk.bytes.length, 0)
      chunks = []
      next = 0
      return length
    },
    get end() {
      return end
    },
    wait: async (seconds, signal) => {
      if (!isQuiet() || signal?.aborted) return
      const timer = new AbortController()
      const woken = new Promise<void>((resume) => {
        wake = resume
      })
      const stop = () => timer.abort()
      signal?.addEventListener('abort', stop)
      await Promise.race([woken, clock.sleep(seconds, timer.signal)])
      signal?.removeEventListener('abort', stop)
      timer.abort()
      wake = () => {}
    },
    detach,
  }
}
