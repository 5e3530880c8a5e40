import type { SerialSettings } from '../core/host.ts'
import type { ModemLines } from '../core/link.ts'

/** What the parent asks of the port process. */
export type SerialRequest =
  | { readonly kind: 'write'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'lines'; readonly id: number; readonly lines: ModemLines }
  | { readonly kind: 'close' }

/** What the port process tells. `monotonicS` is `process.hrtime`, one clock for all processes of a machine. */
export type SerialReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'data'; readonly bytes: Uint8Array; readonly monotonicS: number }
  | { readonly kind: 'written'; readonly id: number; readonly reason?: string }
  | { readonly kind: 'ended'; readonly reason?: string }

/** The part of a binding of `serialport` that is used here (`BindingPortInterface`). */
interface BindingPort {
  /** Linux and macOS only. */
  readonly poller?: {
    once(event: 'disconnect', listener: (error?: Error) => void): void
    on(event: 'readable' | 'writable', listener: () => void): void
  }
  read(buffer: Uint8Array, offset: number, length: number): Promise<{ bytesRead: number }>
  write(bytes: Uint8Array): Promise<void>
  set(lines: ModemLines & { readonly brk: false; readonly cts: false; readonly dsr: false }): Promise<void>
  close(): Promise<void>
}

/** The part of the package `serialport` that is used here. */
interface SerialPackage {
  readonly SerialPort: {
    readonly binding: { open(options: { path: string } & SerialSettings): Promise<BindingPort> }
  }
}

/**
 * The whole program of the process that owns one serial port. It is sent as text to a fresh Node process
 * (`node -e`), so it must not use anything from outside its own body.
 *
 * A process and not a worker thread, because serialport 13 polls on libuv's default loop: in a worker its
 * callbacks run on the main thread and abort the process. Reading on its own keeps a blocked main thread
 * from losing bytes. Reads go in pairs with a pause of 4 ms: the first takes what gathered, the second waits
 * for fresh bytes, so that the time stamp of both together is not late by the pause.
 */
export function serialProcess(serialport: SerialPackage, path: string, settings: SerialSettings): void {
  const send = (reply: SerialReply, sent: () => void = () => {}) => {
    if (process.connected) process.send?.(reply, undefined, undefined, sent)
    else sent()
  }
  const leave = () => process.exit(0)
  const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))
  const monotonicS = () => Number(process.hrtime.bigint()) / 1e9
  let ending = false

  const end = async (port: BindingPort, reason?: string) => {
    if (ending) return
    ending = true
    await port.close().catch(() => {})
    send(reason === undefined ? { kind: 'ended' } : { kind: 'ended', reason }, leave)
  }

  const readAll = async (port: BindingPort) => {
    const buffer = Buffer.alloc(16384)
    let filled = 0
    let lastS = 0
    let timer: NodeJS.Timeout | undefined
    const flush = () => {
      clearTimeout(timer)
      if (filled > 0) send({ kind: 'data', bytes: new Uint8Array(buffer.subarray(0, filled)), monotonicS: lastS })
      filled = 0
    }
    for (let isFresh = false; !ending; isFresh = !isFresh) {
      const from = filled
      const { bytesRead } = await port.read(buffer, from, buffer.length - from)
      // The timer may have sent what was before while this read was under way.
      if (filled < from) buffer.copyWithin(0, from, from + bytesRead)
      filled += bytesRead
      lastS = monotonicS()
      if (isFresh || filled > buffer.length / 2) flush()
      else timer = setTimeout(flush, 5)
      if (isFresh && bytesRead < 2048) await new Promise((resume) => setTimeout(resume, 4))
    }
  }

  const serve = (port: BindingPort) => {
    let writing = Promise.resolve()
    process.on('message', (request: SerialRequest) => {
      if (request.kind === 'close') return void writing.then(() => end(port))
      writing = writing.then(async () => {
        try {
          if (request.kind === 'write') await port.write(Buffer.from(request.bytes))
          else await port.set({ brk: false, cts: false, dsr: false, ...request.lines })
          send({ kind: 'written', id: request.id })
        } catch (error) {
          send({ kind: 'written', id: request.id, reason: messageOf(error) })
        }
      })
    })
    process.on('disconnect', () => void end(port))
    // The binding's events come without a turn of the event loop behind them, and since Node 26 promises that wait for
    // them then sleep on until something else happens.
    const wake = () => void setImmediate(() => {})
    port.poller?.on('readable', wake)
    port.poller?.on('writable', wake)
    // A hung-up tty reads as endless nothing, which the binding retries for ever: watch for the hang-up itself.
    port.poller?.once('disconnect', (error) => void end(port, error?.message ?? 'the device went away'))
    send({ kind: 'opened' })
    readAll(port).catch((error: unknown) => end(port, messageOf(error)))
  }

  // Ctrl-C reaches the whole process group; the parent decides when the port closes.
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  serialport.SerialPort.binding.open({ path, ...settings }).then(serve, (error: unknown) => {
    send({ kind: 'failed', reason: messageOf(error) }, leave)
  })
}
