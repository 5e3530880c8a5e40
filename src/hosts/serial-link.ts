import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { type ErrorCode, MilliwattError } from '../core/errors.ts'
import type { SerialSettings } from '../core/host.ts'
import type { Link, LinkEnd } from '../core/link.ts'
import { nowS } from './now.ts'
import { type SerialReply, type SerialRequest, serialProcess } from './serial-process.ts'

const openDeadlineMs = 15_000
const closeDeadlineMs = 2_000

/** Turns the words of serialport's open into a row of the error table. */
export function openErrorCode(reason: string): ErrorCode {
  if (/no such file|file not found|ENOENT/i.test(reason)) return 'METER_NOT_FOUND'
  if (/cannot lock|temporarily unavailable|busy|access denied/i.test(reason)) return 'METER_BUSY'
  if (/permission denied|EACCES|EPERM|not permitted/i.test(reason)) return 'METER_PERMISSION'
  return 'METER_WRONG'
}

function startProcess(path: string, settings: SerialSettings): ChildProcess {
  const serialport = createRequire(import.meta.url).resolve('serialport')
  // Bundlers that keep function names call a helper of this name.
  const program = `const __name = (value) => value; (${serialProcess.toString()})(require(${JSON.stringify(serialport)}), ${JSON.stringify(path)}, ${JSON.stringify(settings)})`
  return spawn(process.execPath, ['--input-type=commonjs', '-e', program], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' },
    windowsHide: true,
  })
}

/** Waits for the port to open. Rejects with the mapped error. */
function opened(child: ChildProcess, path: string): Promise<void> {
  return new Promise((done, fail) => {
    const finish = (act: () => void) => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit).off('error', onError)
      act()
    }
    const refuse = (code: ErrorCode, detail: string) => finish(() => fail(new MilliwattError(code, path, detail)))
    const onMessage = (reply: SerialReply) => {
      if (reply.kind === 'opened') finish(done)
      if (reply.kind === 'failed') refuse(openErrorCode(reply.reason), `(${reply.reason})`)
    }
    const onExit = (status: number | null) => refuse('METER_WRONG', `(the port process ended with status ${status})`)
    const onError = (error: Error) => refuse('METER_WRONG', `(the port process did not start: ${error.message})`)
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      refuse('METER_BUSY', '(the system did not open the port in time)')
    }, openDeadlineMs)
    child.on('message', onMessage).on('exit', onExit).on('error', onError)
  })
}

/**
 * Opens a serial port in a process of its own, so that a blocked main thread loses no bytes. Bytes that
 * arrive before the first subscription are dropped.
 * @throws MilliwattError METER_NOT_FOUND, METER_BUSY, METER_PERMISSION, METER_WRONG (the path is no port)
 */
export async function openSerialLink(path: string, settings: SerialSettings): Promise<Link> {
  const child = startProcess(path, settings)
  await opened(child, path)
  return linkOver(child, path)
}

function linkOver(child: ChildProcess, path: string): Link {
  const monotonicToNowS = nowS() - Number(process.hrtime.bigint()) / 1e9
  const listeners = new Set<(chunk: Uint8Array, arrivalS: number) => void>()
  const requests = new Map<number, (reason?: string) => void>()
  let lastRequest = 0
  let finished = false
  let closing: Promise<void> | undefined
  let finish: (end: LinkEnd) => void = () => {}
  const ended = new Promise<LinkEnd>((resolve) => {
    finish = (end) => {
      finished = true
      for (const settle of requests.values()) settle('the port is closed')
      requests.clear()
      listeners.clear()
      resolve(end)
    }
  })
  child.on('message', (reply: SerialReply) => {
    if (reply.kind === 'data') {
      // A plain Uint8Array whatever the channel makes of it: a Buffer's slice() does not copy.
      const { buffer, byteOffset, byteLength } = reply.bytes
      const bytes = new Uint8Array(buffer, byteOffset, byteLength)
      for (const listener of listeners) listener(bytes, reply.monotonicS + monotonicToNowS)
    } else if (reply.kind === 'written') {
      requests.get(reply.id)?.(reply.reason)
      requests.delete(reply.id)
    } else if (reply.kind === 'ended') {
      finish(reply.reason === undefined ? { how: 'closed' } : { how: 'lost', reason: reply.reason })
    }
  })
  child.on('error', () => {})
  const exited = new Promise<void>((done) => {
    child.on('exit', () => {
      finish(closing ? { how: 'closed' } : { how: 'lost', reason: 'the port process ended' })
      done()
    })
  })

  const post = (request: SerialRequest) => {
    if (child.connected) child.send(request, () => {})
  }
  const close = async () => {
    post({ kind: 'close' })
    const timer = setTimeout(() => child.kill('SIGKILL'), closeDeadlineMs)
    await exited
    clearTimeout(timer)
  }
  /** Resolves with the reason why it was not done, if so; rejects when the port is closed. */
  const ask = (request: (id: number) => SerialRequest) =>
    new Promise<string | undefined>((done, fail) => {
      if (finished || closing) return fail(new MilliwattError('METER_LOST', path, '(the port is closed)'))
      const id = ++lastRequest
      requests.set(id, done)
      post(request(id))
    })
  return {
    path,
    ended,
    write: async (bytes) => {
      const reason = await ask((id) => ({ kind: 'write', id, bytes }))
      if (reason) throw new MilliwattError('METER_LOST', path, `(${reason})`)
    },
    setLines: async (lines) => {
      const reason = await ask((id) => ({ kind: 'lines', id, lines }))
      if (!reason || /inappropriate ioctl|not supported|ENOTTY/i.test(reason)) return !reason
      throw new MilliwattError('METER_LOST', path, `(${reason})`)
    },
    onData: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}
