import type { RP2040 } from 'rp2040js'
import { EmulatedLink } from './emulated-link.ts'

const base = 0x40027000
const errata = { e199: 0x40027c1c, e171: 0x4006ec14, e187: 0x4006ed14 } as const

const registers = {
  startIn: 0x4,
  startOut: 0x28,
  ep0Take: 0x4c,
  ep0Status: 0x50,
  ep0Stall: 0x54,
  reset: 0x100,
  inDone: 0x108,
  ep0Data: 0x128,
  outDone: 0x130,
  ep0Setup: 0x15c,
  data: 0x160,
  enabled: 0x304,
  cause: 0x400,
  dataStatus: 0x46c,
  setup: 0x480,
  outSize: 0x4a0,
  enable: 0x500,
  pullup: 0x504,
  inPointer: 0x600,
  outPointer: 0x700,
} as const

/** Events of USBD and their bits in its enable register. */
const usbEvents = [
  [registers.reset, 1],
  [registers.ep0Data, 1 << 10],
  [registers.ep0Setup, 1 << 23],
  [registers.data, 1 << 24],
] as const

const dataEndpoint = 2

/** The chip around it. */
interface Chip {
  get(address: number): number
  set(address: number, value: number): void
  after(ns: number, work: () => void): void
  /** An event came or went. */
  changed(): void
  readonly memory: RP2040
}

/** A request of the host in its stages. */
interface Control {
  readonly setup: Uint8Array
  readonly data: Uint8Array
  readonly got: number[]
  readonly done: (bytes: Uint8Array) => void
  readonly refused: (error: Error) => void
  stage: 'waits' | 'data in' | 'data out' | 'status'
}

/**
 * The nRF52840's USB device controller and a host at its other end, by the product specification. Where firmware does what
 * that forbids it throws.
 */
export class Usbd {
  readonly link = new EmulatedLink('nrf52:usb', () => {})
  /** Resolves when the pull-up shows a device. */
  readonly attached: Promise<void>
  readonly #chip: Chip
  #attach!: () => void
  #control: Control | null = null
  #outFree = false
  #inBusy = false
  #packet = new Uint8Array()

  constructor(chip: Chip) {
    this.#chip = chip
    this.attached = new Promise((resolve) => {
      this.#attach = resolve
    })
  }

  has(address: number): boolean {
    return address >= base && address < base + 0x800
  }

  /** Whether a register's ones are cleared by writing ones. */
  isCleared(address: number): boolean {
    return address === base + registers.cause || address === base + registers.dataStatus
  }

  wantsInterrupt(): boolean {
    const enabled = this.#chip.get(base + registers.enabled)
    return usbEvents.some(([offset, bit]) => enabled & bit && this.#chip.get(base + offset))
  }

  /** The host resets the bus, as when it goes to sleep and wakes. */
  reset(): void {
    this.#control = null
    this.#outFree = false
    this.#event(registers.reset)
  }

  #event(offset: number): void {
    this.#chip.set(base + offset, 1)
    this.#chip.changed()
  }

  #forbidden(what: string): never {
    throw new Error(`the product specification forbids it: ${what}`)
  }

  write(address: number, value: number): void {
    const offset = address - base
    if (offset === registers.enable && value) this.#enableUsb()
    else if (offset === registers.pullup && value) this.#chip.after(10e6, () => this.#busReset())
    else if (offset === registers.outSize + 4 * dataEndpoint) this.#outFree = true
    else if (offset === registers.ep0Take && value) this.#sendControlData()
    else if (offset === registers.ep0Status && value) this.#endControl()
    else if (offset === registers.ep0Stall && value) this.#refuseControl()
    else if (offset >= registers.startIn && offset < registers.startIn + 32 && value)
      this.#copyIn((offset - registers.startIn) / 4)
    else if (offset >= registers.startOut && offset < registers.startOut + 32 && value)
      this.#copyOut((offset - registers.startOut) / 4)
  }

  #enableUsb(): void {
    if (this.#chip.get(errata.e171) !== 0xc0 || this.#chip.get(errata.e187) !== 3)
      this.#forbidden('USBD without its errata')
    this.#chip.set(base + registers.cause, 1 << 11)
  }

  #busReset(): void {
    if (this.#chip.get(errata.e171) !== 0 || this.#chip.get(errata.e187) !== 0) this.#forbidden('errata left on')
    this.#event(registers.reset)
    this.#attach()
  }

  #mayCopy(): void {
    if (this.#chip.get(errata.e199) !== 0x82) this.#forbidden('a copy without erratum 199')
  }

  #copyIn(endpoint: number): void {
    this.#mayCopy()
    const pointer = base + registers.inPointer + 0x14 * endpoint
    const [from, count] = [this.#chip.get(pointer), this.#chip.get(pointer + 4)]
    if (from < 0x20000000) this.#forbidden('a copy from flash')
    const bytes = Uint8Array.from({ length: count }, (_, i) => this.#chip.memory.readUint8(from + i))
    this.#chip.set(base + registers.inDone + 4 * endpoint, 1)
    if (endpoint === 0) {
      this.#controlCame(bytes)
      return
    }
    if (this.#inBusy) this.#forbidden('a packet before the last was taken')
    this.#inBusy = true
    this.#chip.after(50_000, () => {
      this.#inBusy = false
      this.link.came(bytes)
      this.#chip.set(base + registers.dataStatus, this.#chip.get(base + registers.dataStatus) | (1 << endpoint))
      this.#event(registers.data)
    })
  }

  #copyOut(endpoint: number): void {
    this.#mayCopy()
    const pointer = base + registers.outPointer + 0x14 * endpoint
    const [to, count] = [this.#chip.get(pointer), this.#chip.get(pointer + 4)]
    if (to < 0x20000000) this.#forbidden('a copy to flash')
    const bytes = endpoint === 0 ? this.#control!.data : this.#packet
    if (count > bytes.length) this.#forbidden('more bytes than came')
    for (const [i, byte] of bytes.subarray(0, count).entries()) this.#chip.memory.writeUint8(to + i, byte)
    this.#chip.set(base + registers.outDone + 4 * endpoint, 1)
    if (endpoint === dataEndpoint) this.#outFree = true
  }

  /** Sends the next packet of what was written, where the endpoint takes one. */
  sendPacket(): void {
    if (!this.#outFree || this.link.queue.length === 0) return
    this.#outFree = false
    this.#packet = Uint8Array.from(this.link.queue.splice(0, 64))
    this.#chip.set(base + registers.outSize + 4 * dataEndpoint, this.#packet.length)
    this.#chip.set(
      base + registers.dataStatus,
      this.#chip.get(base + registers.dataStatus) | (1 << (16 + dataEndpoint)),
    )
    this.#event(registers.data)
  }

  /** A request on endpoint 0. Rejects where the device refuses it. */
  control(setup: readonly number[], data: readonly number[] = []): Promise<Uint8Array> {
    return new Promise((done, refused) => {
      const bytes = Uint8Array.from(data)
      this.#control = { setup: Uint8Array.from(setup), data: bytes, got: [], done, refused, stage: 'waits' }
      for (const [i, byte] of setup.entries()) this.#chip.set(base + registers.setup + 4 * i, byte)
      this.#event(registers.ep0Setup)
      // The controller answers this one by itself.
      if (setup[0] === 0 && setup[1] === 5) done(new Uint8Array())
    })
  }

  #controlCame(bytes: Uint8Array): void {
    const control = this.#control
    if (!control || !(control.setup[0]! & 0x80)) this.#forbidden('data that nobody asked for')
    control.got.push(...bytes)
    control.stage = 'data in'
    this.#chip.after(50_000, () => this.#event(registers.ep0Data))
  }

  #sendControlData(): void {
    const control = this.#control
    if (!control || control.setup[0]! & 0x80 || control.data.length === 0)
      this.#forbidden('to wait for data that does not come')
    control.stage = 'data out'
    this.#chip.after(50_000, () => {
      this.#chip.set(base + registers.outSize, control.data.length)
      this.#event(registers.ep0Data)
    })
  }

  #endControl(): void {
    const control = this.#control
    const wanted = control && (control.setup[6]! | (control.setup[7]! << 8)) > 0
    if (!control || (wanted && control.stage === 'waits')) this.#forbidden('the status before the data')
    this.#control = null
    control.done(Uint8Array.from(control.got))
  }

  #refuseControl(): void {
    this.#control?.refused(new Error('stalled'))
    this.#control = null
  }
}
