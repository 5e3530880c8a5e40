import type { Link, LinkEnd, ModemLines } from '../../../../src/core/link.ts'

/** The far end of a link in memory: what a board does with what comes. */
export interface BoardEnd {
  /** Takes what the host sent. */
  receive(bytes: Uint8Array): void
  /** The modem lines changed. */
  lines?(lines: ModemLines): void
}

/** A link in memory with its far end in the test's hands. */
export interface MemoryLink {
  readonly link: Link
  /** Sends to the host. */
  send(bytes: Uint8Array): void
  /** Takes the cable out. */
  cut(): void
}

/**
 * A link in memory.
 * @param hasLines whether it has modem lines, as a pseudo terminal has not
 */
export function memoryLink(path: string, board: BoardEnd, hasLines = true): MemoryLink {
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  let ended: LinkEnd | null = null
  let tell: (end: LinkEnd) => void = () => {}
  const end = new Promise<LinkEnd>((resolve) => {
    tell = resolve
  })
  const finish = (how: LinkEnd) => {
    if (ended) return
    ended = how
    listeners.clear()
    tell(how)
  }
  const link: Link = {
    path,
    ended: end,
    write: async (bytes) => {
      if (ended) throw new Error('the port is closed')
      const sent = bytes.slice()
      setImmediate(() => {
        if (!ended) board.receive(sent)
      })
    },
    onData: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    setLines: async (lines) => {
      if (ended) throw new Error('the port is closed')
      if (hasLines) board.lines?.(lines)
      return hasLines
    },
    close: async () => finish({ how: 'closed' }),
    [Symbol.asyncDispose]: async () => finish({ how: 'closed' }),
  }
  return {
    link,
    send: (bytes) => {
      for (const listener of listeners) listener(bytes.slice(), 0)
    },
    cut: () => finish({ how: 'lost', reason: 'unplugged' }),
  }
}

/** Bytes that went over a link so far, and a cable that is taken out after so many. */
export interface CutCable {
  readonly link: Link
  readonly countBytes: () => number
}

/** Counts what passes a link both ways, and takes its cable out after so many bytes. */
export function cutAfter({ link, cut }: MemoryLink, bytes: number): CutCable {
  let passed = 0
  const pass = (count: number) => {
    passed += count
    if (passed >= bytes) cut()
  }
  link.onData((chunk) => pass(chunk.length))
  return {
    countBytes: () => passed,
    link: {
      ...link,
      write: async (sent) => {
        await link.write(sent)
        pass(sent.length)
      },
    },
  }
}
