import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { Esptool } from '../../targets/flash-way.ts'
import type { BoardTarget } from '../../targets/target.ts'
import {
  type FlashDetection,
  type Flasher,
  FlashFault,
  type FlashJob,
  type FlashPlace,
  type FlashSession,
} from './flasher.ts'
import { checkPlace, type ImagePart } from './image-part.ts'
import { md5 } from './md5.ts'
import { portsOf } from './touch.ts'
import { toWebSerial, type WebSerialPort } from './web-serial.ts'

const packageName = 'esptool-js'
const romBaud = 115_200
const connectAttempts = 4
const resetHoldS = 0.1
/** Images of the ROM's own format: their first byte, and where they name their chip. */
const imageMagic = 0xe9
const chipIdAt = 12
const wordBytes = 4

/** What of esptool-js 0.7 is used here. */
interface EsptoolPackage {
  readonly Transport: new (port: WebSerialPort) => Transport
  readonly ESPLoader: new (options: Readonly<Record<string, unknown>>) => Loader
}

interface Transport {
  trace: (line: string) => void
  read: (timeout: number) => Promise<Uint8Array>
  disconnect(): Promise<void>
}

interface Loader {
  readonly chip: { readonly CHIP_NAME: string; readonly postConnect?: (loader: Loader) => Promise<void> }
  detectChip(mode: string, attempts: number): Promise<void>
  runStub(): Promise<unknown>
  changeBaud(): Promise<void>
  writeFlash(options: Readonly<Record<string, unknown>>): Promise<void>
  flashMd5sum(address: number, bytes: number): Promise<string>
}

/** Writes over the ROM of Espressif's chips, with the optional package esptool-js. */
export const esptool: Flasher<Esptool> = {
  ways: ['esptool'],
  by: 'port',
  prefers: 'bin',
  detect,
  enter,
}

async function detect(host: Host, board: BoardTarget, _way: Esptool, place: FlashPlace): Promise<FlashDetection> {
  if (host.packagePath(packageName) === null)
    return { state: 'lacks', why: `the package ${packageName} is not installed (npm install ${packageName})` }
  const port = await portFor(host, board, place)
  if (port === undefined) return { state: 'lacks', why: 'give the serial port with --port' }
  return { state: 'ready', why: `the chip's ROM behind ${port}` }
}

async function portFor(host: Host, board: BoardTarget, { port }: FlashPlace): Promise<string | undefined> {
  return port ?? (await portsOf(host, board, ['serial bridge', 'bootloader', 'application'])).at(0)?.path
}

async function enter(job: FlashJob<Esptool>): Promise<FlashSession> {
  const { host, board, way, image, memory } = job
  checkPlace(image.parts, 0, memory.bytes, image.path)
  checkChip(job)
  const path = await portFor(host, board, job)
  if (path === undefined) throw new MilliwattError('USAGE', way.way, 'Give the serial port with --port.')
  const loaded = (await host.optionalPackage(packageName)) as EsptoolPackage | null
  if (!loaded)
    throw new MilliwattError(
      'PACKAGE_MISSING',
      packageName,
      `Flashing ${board.name} needs it: npm install ${packageName}`,
    )
  const connection = await connect(loaded, path, job)
  try {
    await connection.guarded(() => start(connection.loader, job, path))
    return sessionOf(job, connection, path)
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** An image in the ROM's format says for which chip it is. */
function checkChip({ image, way, board }: FlashJob<Esptool>): void {
  for (const { bytes } of image.parts) {
    if (bytes[0] !== imageMagic || bytes.length < chipIdAt + 2) continue
    const chipId = (bytes[chipIdAt + 1]! * 256 + bytes[chipIdAt]!).toString(16).padStart(4, '0')
    if (chipId !== way.imageChipId)
      throw new MilliwattError(
        'IMAGE_WRONG_BOARD',
        image.path,
        `It is for the chip 0x${chipId}; that of ${board.name} is 0x${way.imageChipId} (${way.chip}).`,
      )
  }
}

/** The package's objects, and a way to wait for them that ends when port or user do. */
interface Connection {
  readonly loader: Loader
  readonly port: WebSerialPort
  /** Runs until it ends, the port goes away or the signal aborts. @throws FlashFault */
  guarded<T>(act: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

async function connect(
  { Transport, ESPLoader }: EsptoolPackage,
  path: string,
  { host, signal, baudRate }: FlashJob<Esptool>,
): Promise<Connection> {
  let end: (reason: unknown) => void = () => {}
  const over = new Promise<never>((_, reject) => {
    end = reject
  })
  over.catch(() => {})
  const port = await toWebSerial(host, path, (reason) => end(new FlashFault('lost', `the port went away (${reason})`)))
  const transport = new Transport(port)
  transport.trace = () => {}
  const terminal = { clean: () => {}, write: () => {}, writeLine: () => {} }
  const loader = new ESPLoader({ transport, baudrate: baudRate ?? romBaud, romBaudrate: romBaud, terminal })
  const stop = () => end(signal.reason)
  signal.addEventListener('abort', stop)
  return {
    loader,
    port,
    guarded: async (act) => {
      signal.throwIfAborted()
      try {
        return await Promise.race([act(), over])
      } catch (error) {
        if (error instanceof MilliwattError || error instanceof FlashFault || signal.aborted) throw error
        throw new FlashFault('refused', `esptool-js says: ${messageOf(error)}`)
      }
    },
    close: async () => {
      signal.removeEventListener('abort', stop)
      // What still waits for an answer gives up now, not after its own deadline.
      transport.read = () => Promise.reject(new Error('closed'))
      await port.close()
    },
  }
}

/** Finds the chip and brings esptool's stub into its memory. */
async function start(loader: Loader, { board, way, baudRate }: FlashJob<Esptool>, path: string): Promise<void> {
  await loader.detectChip('default_reset', connectAttempts)
  if (loader.chip.CHIP_NAME !== way.chip)
    throw new MilliwattError(
      'IMAGE_WRONG_BOARD',
      path,
      `The chip there is a ${loader.chip.CHIP_NAME}; that of ${board.name} is a ${way.chip}.`,
    )
  await loader.chip.postConnect?.(loader)
  await loader.runStub()
  if (baudRate !== undefined && baudRate !== romBaud) await loader.changeBaud()
}

function sessionOf(job: FlashJob<Esptool>, { loader, port, guarded, close }: Connection, path: string): FlashSession {
  const { host, image, way, onProgress } = job
  const parts = image.parts.map(padded)
  const before = parts.map((_, index) => parts.slice(0, index).reduce((sum, { bytes }) => sum + bytes.length, 0))
  const options = {
    fileArray: parts.map(({ address, bytes }) => ({ address, data: bytes })),
    flashMode: 'keep',
    flashFreq: 'keep',
    flashSize: 'keep',
    eraseAll: false,
    compress: true,
    reportProgress: (file: number, written: number, total: number) => {
      const done = before[file]! + (written / total) * parts[file]!.bytes.length
      onProgress(Math.min(Math.floor(done), image.bytes), image.bytes)
    },
  }
  return {
    found: `${way.chip} at ${path}`,
    write: () => guarded(() => loader.writeFlash(options)),
    verify: async () => {
      for (const { address, bytes } of parts) {
        if ((await guarded(() => loader.flashMd5sum(address, bytes.length))) !== md5(bytes))
          throw new FlashFault(
            'differs',
            `the MD5 of the ${bytes.length} bytes at 0x${address.toString(16)} is another`,
          )
      }
      return { verified: true, how: 'the MD5 that the chip computed over its flash' }
    },
    run: async () => {
      const lines = await port.setSignals({ dataTerminalReady: false, requestToSend: true })
      await host.clock.sleep(resetHoldS)
      await port.setSignals({ dataTerminalReady: false, requestToSend: false })
      return lines
    },
    [Symbol.asyncDispose]: close,
  }
}

/** As the package pads what it writes. */
function padded({ address, bytes }: ImagePart): ImagePart {
  const whole = new Uint8Array(Math.ceil(bytes.length / wordBytes) * wordBytes).fill(0xff)
  whole.set(bytes)
  return { address, bytes: whole }
}
