import { type RP2040, USBCDC } from 'rp2040js'
import type { EmulatedLink } from './emulated-link.ts'

/** A request on USB's endpoint 0, as the host sends it, with what it sends behind it. */
export interface ControlRequest {
  readonly setup: readonly number[]
  readonly data?: readonly number[]
}

/** What a host does on USB. */
export interface Rp2040UsbHost {
  /** Resolves when it found a serial device. */
  readonly found: Promise<void>
  /** Hands on what was written to the link. */
  give(): void
  request(request: ControlRequest): Promise<Uint8Array>
}

/** The host's side of USB: enumerates by rp2040js's own host, then carries bytes and further requests. */
export function connectUsb(mcu: RP2040, link: EmulatedLink): Rp2040UsbHost {
  const { usbCtrl } = mcu
  const cdc = new USBCDC(usbCtrl)
  const enumerates = usbCtrl.onEndpointWrite!
  const waiting: { endpoint: number; room: number }[] = []
  let control: { data: readonly number[]; wants: number; got: number[]; done: (bytes: Uint8Array) => void } | null =
    null
  const found = new Promise<void>((resolve) => {
    cdc.onDeviceConnected = () => resolve()
  })
  cdc.onSerialData = (bytes) => link.came(bytes)
  const give = () => {
    while (waiting.length > 0 && link.queue.length > 0) {
      const { endpoint, room } = waiting.shift()!
      usbCtrl.endpointReadDone(endpoint, Uint8Array.from(link.queue.splice(0, room)))
    }
  }
  usbCtrl.onEndpointRead = (endpoint, room) => {
    if (endpoint !== 0) waiting.push({ endpoint, room })
    // The data of a request; else its last stage, which is empty.
    else usbCtrl.endpointReadDone(0, Uint8Array.from(control?.data ?? []))
    give()
  }
  const ended = () => {
    const { got, done } = control!
    control = null
    done(Uint8Array.from(got))
  }
  usbCtrl.onEndpointWrite = (endpoint, bytes) => {
    if (endpoint !== 0 || !control) return enumerates(endpoint, bytes)
    control.got.push(...bytes)
    if (control.wants === 0 || bytes.length < 64 || control.got.length >= control.wants) ended()
  }
  const request = ({ setup, data = [] }: ControlRequest) =>
    new Promise<Uint8Array>((done) => {
      const wants = setup[0]! & 0x80 ? setup[6]! | (setup[7]! << 8) : 0
      control = { data, wants, got: [], done }
      usbCtrl.sendSetupPacket(Uint8Array.from(setup))
    })
  return { found, give, request }
}
