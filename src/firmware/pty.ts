import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Link } from '../core/link.ts'

/** Longest wait for the pseudo terminal to be there, in seconds. */
const readyS = 5
const stepS = 0.02

/** A serial port at a path of one's own, for other programs to open. */
export interface Pty extends AsyncDisposable {
  /** What other programs write comes out here, what is written here they read. */
  readonly link: Link
  readonly path: string
}

/**
 * Makes a pseudo terminal. It stays while other programs open and close it.
 * @throws MilliwattError PTY_MISSING
 */
export async function openPty(host: Host, path: string): Promise<Pty> {
  const { files, clock } = host
  await files.remove(path)
  const link = await host.startCommand('socat', ['-b65536', '-', `pty,raw,echo=0,link=${path}`])
  if (!link) throw new MilliwattError('PTY_MISSING', path, '(socat is not installed)')
  const untilS = clock.nowS() + readyS
  while (!(await files.realPath(path))) {
    if (clock.nowS() < untilS) await clock.sleep(stepS)
    else {
      await link.close()
      throw new MilliwattError('PTY_MISSING', path, '(socat made none)')
    }
  }
  // While nobody has it open a pseudo terminal would end.
  const held = await files.open(path)
  return {
    link,
    path,
    [Symbol.asyncDispose]: async () => {
      await held.close()
      await link.close()
    },
  }
}

/** Passes the bytes of two links on to each other, until one of them ends. */
export function joinLinks(one: Link, other: Link): () => void {
  const pass = (from: Link, to: Link) => from.onData((chunk) => void to.write(chunk).catch(() => undefined))
  const [there, back] = [pass(one, other), pass(other, one)]
  return () => {
    there()
    back()
  }
}
