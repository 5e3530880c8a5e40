import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Clock, Host } from '../core/host.ts'
import type { Link } from '../core/link.ts'

/** The part of johnny-five's `Board` that is used here. */
interface FiveBoard {
  readonly timer: ReturnType<typeof setTimeout> | null
  on(event: 'ready' | 'error' | 'close', listener: (data?: unknown) => void): void
  i2cConfig(options: { readonly address: number }): void
  i2cWrite(address: number, register: number, bytes: readonly number[]): void
  i2cReadOnce(address: number, register: number, bytes: number, done: (bytes: readonly number[]) => void): void
}

/** The part of johnny-five's `Led` that is used here. */
interface FiveLed {
  on(): void
  off(): void
}

/** The part of johnny-five's `Pin` that is used here. */
interface FivePin {
  query(done: (state: { readonly value: number; readonly mode: number }) => void): void
}

interface JohnnyFive {
  readonly Led: new (options: { readonly pin: number; readonly board: FiveBoard }) => FiveLed
  readonly Pin: new (options: { readonly pin: number; readonly board: FiveBoard }) => FivePin
  readonly Board: new (options: {
    readonly io: FirmataIo
    readonly repl: false
    readonly debug: false
    readonly sigint: false
  }) => FiveBoard
}

/** The part of firmata-io that is used here. */
interface FirmataIo {
  readonly pins: readonly { readonly supportedModes: readonly number[]; readonly analogChannel: number }[]
  readonly firmware: { readonly name?: string; readonly version?: { readonly major: number; readonly minor: number } }
  readonly reportVersionTimeoutId: ReturnType<typeof setTimeout>
  on(event: 'error', listener: (error: unknown) => void): void
  reportVersion(done: () => void): void
  queryFirmware(done: () => void): void
}

interface FirmataPackage {
  readonly Firmata: new (transport: FirmataTransport, options: { readonly reportVersionTimeout: number }) => FirmataIo
}

type Listener = (data?: unknown) => void

/** What firmata-io wants of a port. */
interface FirmataTransport {
  on(event: string, listener: Listener): void
  write(bytes: Uint8Array, written?: () => void): void
}

/** Optional packages that this needs, and how to get them without a compiler. */
export const firmataPackages: readonly string[] = ['johnny-five', 'firmata-io']
export const installCommand = 'npm install johnny-five@2 firmata-io@2 --ignore-scripts'
/** A board that is reset by opening its port takes 2 s to start. */
const readyS = 6
const askEveryS = 0.5

/** A package whose exports may lie below `default`. */
async function load<T>(host: Host, name: string): Promise<T> {
  let loaded: unknown
  try {
    loaded = await host.optionalPackage(name)
  } catch (error) {
    throw new MilliwattError(
      'PACKAGE_MISSING',
      name,
      `(it cannot be loaded: ${messageOf(error)}) Run: ${installCommand}`,
      error,
    )
  }
  if (loaded === null) throw new MilliwattError('PACKAGE_MISSING', name, `Run: ${installCommand}`)
  return ((loaded as { readonly default?: T }).default ?? loaded) as T
}

/** A link in the shape of a port of the package serialport. */
function toTransport(link: Link): { readonly transport: FirmataTransport; emit(event: string, data?: unknown): void } {
  const listeners = new Map<string, Listener[]>()
  const emit = (event: string, data?: unknown) => {
    for (const listener of listeners.get(event) ?? []) listener(data)
  }
  link.onData((bytes) => emit('data', bytes))
  void link.ended.then(() => emit('close'))
  const transport = {
    on: (event: string, listener: Listener) => void listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    write: (bytes: Uint8Array, written: () => void = () => {}) => {
      link.write(Uint8Array.from(bytes)).then(written, () => {})
    },
  }
  return { transport, emit }
}

/** Waits for a promise no longer than so many seconds of the host's clock. */
export async function within<T>(clock: Clock, seconds: number, promise: Promise<T>, problem: string): Promise<T> {
  const timer = new AbortController()
  const late = clock.sleep(seconds, timer.signal).then(() => {
    if (!timer.signal.aborted) throw new Error(problem)
    return promise
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

/** Asks for version and firmware until the board is ready: one that was reset by opening misses the first questions. */
async function becomeReady(clock: Clock, link: Link, io: FirmataIo, ready: Promise<void>): Promise<void> {
  let isReady = false
  const settle = ready.then(() => {
    isReady = true
  })
  for (const untilS = clock.nowS() + readyS; !isReady && clock.nowS() < untilS; ) {
    io.reportVersion(() => {})
    io.queryFirmware(() => {})
    await within(clock, askEveryS, settle, 'not yet').catch((error: unknown) => {
      if (error instanceof MilliwattError) throw error
    })
  }
  if (!isReady) throw new MilliwattError('METER_WRONG', link.path, `(no Firmata answers within ${readyS} s)`)
}

/** A board that johnny-five drives. */
export interface OpenFiveBoard {
  readonly five: JohnnyFive
  readonly board: FiveBoard
  readonly io: FirmataIo
  /** What its firmware calls itself. */
  readonly firmware: string
}

/**
 * Makes a johnny-five board of a link, with firmata-io over it. johnny-five gets no prompt, prints nothing and takes no
 * signal of the process.
 * @throws MilliwattError PACKAGE_MISSING, METER_WRONG when no Firmata answers, METER_LOST
 */
export async function openFiveBoard(host: Host, link: Link): Promise<OpenFiveBoard> {
  const { clock } = host
  const { Firmata } = await load<FirmataPackage>(host, 'firmata-io')
  const five = await load<JohnnyFive>(host, 'johnny-five')
  const { transport, emit } = toTransport(link)
  const io = new Firmata(transport, { reportVersionTimeout: 60_000 })
  io.on('error', () => {})
  const board = new five.Board({ io, repl: false, debug: false, sigint: false })
  board.on('error', () => {})
  const stopTimers = () => {
    clearTimeout(io.reportVersionTimeoutId)
    if (board.timer) clearTimeout(board.timer)
  }
  const ready = new Promise<void>((resolve, reject) => {
    board.on('ready', () => resolve())
    void link.ended.then((end) =>
      reject(
        new MilliwattError('METER_LOST', link.path, end.how === 'lost' ? `(${end.reason})` : '(the port was closed)'),
      ),
    )
  })
  ready.catch(() => {})
  emit('open')
  try {
    await becomeReady(clock, link, io, ready)
  } finally {
    stopTimers()
  }
  const { name = 'Firmata', version } = io.firmware
  return { five, board, io, firmware: version ? `${name} ${version.major}.${version.minor}` : name }
}
