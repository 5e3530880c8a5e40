import type { Host } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { openDevicePort } from '../open-device.ts'

/** Modem lines as Web Serial names them. */
export interface WebSerialSignals {
  readonly dataTerminalReady?: boolean
  readonly requestToSend?: boolean
}

/** What of the W3C's Web Serial API the package esptool-js needs of a port. */
export interface WebSerialPort {
  readonly readable: ReadableStream<Uint8Array> | null
  readonly writable: WritableStream<Uint8Array> | null
  open(options: { readonly baudRate: number }): Promise<void>
  close(): Promise<void>
  /** False where the port has no modem lines. */
  setSignals(signals: WebSerialSignals): Promise<boolean>
  getInfo(): { readonly usbVendorId?: number; readonly usbProductId?: number }
}

/**
 * A serial port of the host as a Web Serial port.
 * @param onLost called with the reason when the port goes away while it is open
 */
export async function toWebSerial(host: Host, path: string, onLost: (reason: string) => void): Promise<WebSerialPort> {
  const { ports } = await host.serial.list()
  const info = ports.find((port) => port.path === path)
  const asNumber = (hex: string | undefined) => (hex === undefined ? undefined : Number.parseInt(hex, 16))
  const [usbVendorId, usbProductId] = [asNumber(info?.vendorId), asNumber(info?.productId)]
  let link: Link | null = null
  let streams: Pick<WebSerialPort, 'readable' | 'writable'> = { readable: null, writable: null }
  const lines = { dtr: false, rts: false }
  return {
    get readable() {
      return streams.readable
    },
    get writable() {
      return streams.writable
    },
    open: async ({ baudRate }) => {
      const opened = await openDevicePort(host, path, { baudRate })
      link = opened
      streams = streamsOver(opened, onLost)
    },
    close: async () => {
      streams = { readable: null, writable: null }
      await link?.close()
      link = null
    },
    setSignals: async ({ dataTerminalReady = lines.dtr, requestToSend = lines.rts }) => {
      lines.dtr = dataTerminalReady
      lines.rts = requestToSend
      return (await link?.setLines?.({ ...lines })) ?? false
    },
    getInfo: () => ({
      ...(usbVendorId === undefined ? {} : { usbVendorId }),
      ...(usbProductId === undefined ? {} : { usbProductId }),
    }),
  }
}

function streamsOver(link: Link, onLost: (reason: string) => void): Pick<WebSerialPort, 'readable' | 'writable'> {
  let off = () => {}
  let cancelled = false
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => {
      off = link.onData((chunk) => {
        if (!cancelled) controller.enqueue(chunk)
      })
      void link.ended.then((end) => {
        if (end.how === 'lost') onLost(end.reason)
        if (!cancelled) controller.close()
        cancelled = true
      })
    },
    cancel: () => {
      cancelled = true
      off()
    },
  })
  return { readable, writable: new WritableStream<Uint8Array>({ write: (chunk) => link.write(chunk) }) }
}
