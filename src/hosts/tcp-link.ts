import { connect, type Socket } from 'node:net'
import { MilliwattError } from '../core/errors.ts'
import type { Link, LinkEnd } from '../core/link.ts'
import { nowS } from './now.ts'

/**
 * Connects to an instrument on the network.
 * @param hostname name or address
 * @param timeoutS how long the connection may take
 * @throws MilliwattError METER_NOT_FOUND (no such host, refused, no answer in time)
 */
export function openTcpLink(hostname: string, port: number, timeoutS: number): Promise<Link> {
  const path = `${hostname}:${port}`
  return new Promise((done, fail) => {
    const socket = connect({ host: hostname, port, noDelay: true })
    const refuse = (reason: string) => {
      socket.destroy()
      fail(new MilliwattError('METER_NOT_FOUND', path, `(${reason})`))
    }
    const onError = (error: Error) => refuse(error.message || 'the connection failed')
    const timer = setTimeout(() => refuse(`no answer within ${timeoutS} s`), timeoutS * 1000)
    socket.once('error', onError)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', onError)
      done(linkOverSocket(socket, path))
    })
    socket.once('close', () => clearTimeout(timer))
  })
}

/** A connected socket as a link. */
export function linkOverSocket(socket: Socket, path: string): Link {
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  let reason: string | null = null
  let closing = false
  const ended = new Promise<LinkEnd>((resolve) => {
    socket.on('error', (error) => {
      reason = error.message
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      resolve(closing ? { how: 'closed' } : { how: 'lost', reason: reason ?? 'the other side closed the connection' })
    })
  })
  socket.on('data', (chunk: Buffer) => {
    const bytes = new Uint8Array(chunk)
    for (const listener of listeners) listener(bytes, nowS())
  })
  const close = async () => {
    closing = true
    socket.destroy()
    await ended
  }
  return {
    path,
    ended,
    write: (bytes) =>
      new Promise((done, fail) => {
        const lost = (what: string) => fail(new MilliwattError('METER_LOST', path, `(${what})`))
        if (socket.destroyed) return lost('the connection has ended')
        socket.write(bytes, (error) => (error ? lost(error.message) : done()))
      }),
    onData: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
