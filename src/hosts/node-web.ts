import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { WebPlace, WebReply, WebRequest, WebServer } from '../core/web.ts'

type Answer = (request: WebRequest) => WebReply | Promise<WebReply>

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/** A page of another site must not reach a server of this machine by a name that it made up. */
function isForeign({ headers }: IncomingMessage, address: string): boolean {
  if (!loopback.has(address)) return false
  const name = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return !loopback.has(name)
}

function send(response: ServerResponse, { status = 200, type, body, fileName }: WebReply): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(fileName === undefined ? {} : { 'content-disposition': `attachment; filename="${fileName}"` }),
  })
  response.end(body)
}

async function respond(request: IncomingMessage, response: ServerResponse, address: string, answer: Answer) {
  const plain = (status: number, body: string) => send(response, { status, type: 'text/plain; charset=utf-8', body })
  if (request.method !== 'GET') return plain(405, 'Only GET is answered.\n')
  if (isForeign(request, address)) return plain(403, 'This name is not served here.\n')
  try {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    send(response, await answer({ path: pathname, query: Object.fromEntries(searchParams) }))
  } catch (error) {
    plain(500, `${messageOf(error)}\n`)
  }
}

/**
 * Serves pages over HTTP.
 * @throws MilliwattError WEB_ADDRESS when the address or port cannot be had
 */
export async function serveWeb({ address, port }: WebPlace, answer: Answer): Promise<WebServer> {
  const server = createServer((request, response) => void respond(request, response, address, answer))
  await new Promise<void>((ready, fail) => {
    server.once('error', (error) =>
      fail(new MilliwattError('WEB_ADDRESS', `${address}:${port}`, messageOf(error), error)),
    )
    server.listen(port, address, ready)
  })
  const { port: taken } = server.address() as AddressInfo
  const name = address.includes(':') ? `[${address}]` : address
  return {
    url: `http://${name}:${taken}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
