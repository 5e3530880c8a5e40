import { spawn } from 'node:child_process'
import { MilliwattError } from '../core/errors.ts'
import type { Link, LinkEnd } from '../core/link.ts'
import { nowS } from './now.ts'

/** Most characters of the error output that are kept for the reason. */
const keptErrorLength = 400

/**
 * Starts a command that goes on printing; its standard output is what comes out of the link, and closing the link ends
 * it. Null when it is not installed.
 * @param onErrorOutput hears its error output as it comes
 */
export function openProcessLink(
  name: string,
  args: readonly string[],
  onErrorOutput?: (text: string) => void,
): Promise<Link | null> {
  const child = spawn(name, [...args], { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true })
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  let errorText = ''
  let closing = false
  child.stdin.on('error', () => {})
  child.stderr.on('data', (chunk: Buffer) => {
    errorText = `${errorText}${chunk}`.slice(-keptErrorLength)
    onErrorOutput?.(String(chunk))
  })
  child.stdout.on('data', (chunk: Buffer) => {
    const bytes = new Uint8Array(chunk)
    for (const listener of listeners) listener(bytes, nowS())
  })
  const ended = new Promise<LinkEnd>((resolve) => {
    child.on('close', (status) => {
      const said = errorText.trim().split('\n').at(-1)
      const reason = `${name} ended with status ${status}${said ? `: ${said}` : ''}`
      const code = status === null ? {} : { exitCode: status }
      resolve(closing ? { how: 'closed' } : { how: 'lost', reason, ...code })
    })
  })
  const close = async () => {
    closing = true
    child.kill()
    await ended
  }
  const link: Link = {
    path: name,
    ended,
    write: (bytes) =>
      new Promise((done, fail) => {
        child.stdin.write(bytes, (error) =>
          error ? fail(new MilliwattError('METER_LOST', name, `(${error.message})`)) : done(),
        )
      }),
    onData: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(link))
    child.once('error', () => resolve(null))
  })
}
