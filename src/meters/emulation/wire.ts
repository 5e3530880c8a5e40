import { MilliwattError } from '../../core/errors.ts'
import type { Clock } from '../../core/host.ts'
import type { Link, LinkEnd } from '../../core/link.ts'

/** The end of a link that belongs to an emulated instrument. */
export interface EmulatedWire {
  /**
   * Sends bytes to whoever listens.
   * @param arrivalS host clock that the bytes carry; now when left out
   */
  send(bytes: Uint8Array | string, arrivalS?: number): void
  /** Ends every link on it. */
  end(end: LinkEnd): void
  readonly hasEnded: boolean
  /** The host's end, in this process. */
  link(path: string): Link
  /** Serves the instrument on any byte stream, such as the far end of a pty or a socket; ends with it. */
  serve(peer: Link): Promise<void>
}

/** Longest chunk that is sent at once, in bytes. */
const longestChunk = 16_384

/** Makes the wire of an emulated instrument; `receive` takes what the host sends, and `closed` that it went away. */
export function createEmulatedWire(
  clock: Clock,
  receive: (bytes: Uint8Array) => void,
  closed: () => void = () => {},
): EmulatedWire {
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  let finish: (end: LinkEnd) => void = () => {}
  let hasEnded = false
  const ended = new Promise<LinkEnd>((resolve) => {
    finish = resolve
  })
  const end = (how: LinkEnd) => {
    if (hasEnded) return
    hasEnded = true
    closed()
    finish(how)
  }
  const onData = (listener: (chunk: Uint8Array, arrivalS: number) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const close = async () => end({ how: 'closed' })
  return {
    get hasEnded() {
      return hasEnded
    },
    end,
    send: (content, arrivalS = clock.nowS()) => {
      if (hasEnded) return
      const bytes = typeof content === 'string' ? Uint8Array.from(content, (letter) => letter.charCodeAt(0)) : content
      for (let at = 0; at < bytes.length; at += longestChunk) {
        const chunk = bytes.slice(at, at + longestChunk)
        for (const listener of listeners) listener(chunk, arrivalS)
      }
    },
    link: (path) => ({
      path,
      ended,
      onData,
      close,
      write: async (bytes) => {
        if (hasEnded) throw new MilliwattError('METER_LOST', path, '(the emulated link has ended)')
        receive(bytes)
      },
      [Symbol.asyncDispose]: close,
    }),
    serve: async (peer) => {
      const offSelf = onData((chunk) => void peer.write(chunk).catch(() => {}))
      const offPeer = peer.onData(receive)
      void ended.then(() => peer.close())
      await peer.ended
      offSelf()
      offPeer()
      end({ how: 'closed' })
    },
  }
}
