import type { Clock } from '../../../src/core/host.ts'
import type { Link } from '../../../src/core/link.ts'

/** Bytes that crossed a link. */
export interface Crossed {
  out: number
  in: number
}

/** A link that carries so many bytes a second each way, as a UART does, and counts them. */
export function pacedLink(
  link: Link,
  clock: Clock,
  bytesPerS: number,
): { readonly link: Link; readonly crossed: Crossed } {
  const crossed: Crossed = { out: 0, in: 0 }
  /** Passes portions on, each when its last byte would be there. */
  const lane = (pass: (bytes: Uint8Array) => unknown) => {
    let freeS = 0
    let turn: Promise<unknown> = Promise.resolve()
    return (bytes: Uint8Array): Promise<void> => {
      const nowS = clock.nowS()
      freeS = Math.max(freeS, nowS) + bytes.length / bytesPerS
      const atS = freeS
      const done = turn.then(async () => {
        await clock.sleep(Math.max(0, atS - clock.nowS()))
        await pass(bytes)
      })
      turn = done
      return done
    }
  }
  const send = lane((bytes) => link.write(bytes))
  return {
    crossed,
    link: {
      ...link,
      write: async (bytes) => {
        crossed.out += bytes.length
        await send(bytes)
      },
      onData: (listener) => {
        const give = lane((bytes) => listener(bytes, clock.nowS()))
        return link.onData((chunk) => {
          crossed.in += chunk.length
          void give(chunk)
        })
      },
    },
  }
}
