import { EmulatedChip } from './emulated-chip.ts'
import { EmulatedLink } from './emulated-link.ts'
import { Usbd } from './nrf52-usbd.ts'

/**
 * The nRF52840 as far as the ports use it, written by its product specification, around the Cortex-M0+ of rp2040js: so
 * drivers run that no emulator has the chip for. Where firmware does what the specification forbids it throws.
 */
const at = {
  hfclkStart: 0x40000000,
  hfclkStarted: 0x40000100,
  usbStatus: 0x40000438,
  gpregret: 0x4000051c,
  uartTxReady: 0x4000211c,
  uartRxReady: 0x40002108,
  uartRx: 0x40002518,
  uartTx: 0x4000251c,
  saadc: 0x40007000,
  timer: 0x40008000,
  pdm: 0x4001d000,
} as const

/** Interrupts beyond the 32 of the processor here come as this one. */
const usbInterrupt = 20
const interrupts = { uart: 2, saadc: 7, timer: 8, pdm: 29 } as const
const slots = [0x40000000, 0x40004000, 0x40008000, 0x4001c000, 0x40024000, 0x4006c000, 0x50000000]

/** The nRF52840, and the nRF52833, as far as the ports use them, by the product specification. */
export class EmulatedNrf52 extends EmulatedChip {
  readonly uart = new EmulatedLink('nrf52:uart', () => {})
  /** What the microphone hears: a sample by its number. */
  sound: (sample: number) => number = () => 0
  /** Resolves with the register that the bootloader reads, when the firmware resets the chip. */
  readonly wasReset: Promise<number>
  /** What is plugged into its USB. */
  readonly usb: Usbd
  #reset!: (value: number) => void
  #samples = 0
  #recording = 0

  constructor(parts: ConstructorParameters<typeof EmulatedChip>[0]) {
    super(parts, slots)
    this.wasReset = new Promise((resolve) => {
      this.#reset = resolve
    })
    this.usb = new Usbd({
      get: (address) => this.get(address),
      set: (address, value) => this.set(address, value),
      after: (ns, work) => this.after(ns, work),
      changed: () => this.#interrupt(),
      memory: this.mcu,
    })
  }

  protected override get cycleNs(): number {
    return 15.625
  }

  protected override comesAs(): number {
    return usbInterrupt
  }

  protected override wantsReset(): void {
    this.#reset(this.get(at.gpregret))
  }

  /** Interrupts are there as long as one of their events is. */
  #interrupt(): void {
    const any = (...addresses: number[]) => addresses.some((address) => this.get(address) !== 0)
    this.mcu.setInterrupt(interrupts.uart, any(at.uartRxReady))
    this.mcu.setInterrupt(interrupts.timer, any(at.timer + 0x144))
    this.mcu.setInterrupt(interrupts.pdm, any(at.pdm + 0x100))
    const saadc = this.get(at.saadc + 0x304) & ~this.get(at.saadc + 0x308)
    this.mcu.setInterrupt(interrupts.saadc, saadc !== 0 && any(at.saadc + 0x100, at.saadc + 0x104))
    this.mcu.setInterrupt(usbInterrupt, this.usb.wantsInterrupt())
  }

  protected override write(address: number, value: number): void {
    const before = this.get(address)
    this.set(address, this.usb.isCleared(address) ? before & ~value : value)
    if (this.usb.has(address)) this.usb.write(address, value)
    else if (address >= at.timer && address < at.timer + 0x1000) this.#writeTimer(address - at.timer, value)
    else if (address === at.hfclkStart) this.set(at.hfclkStarted, 1)
    else if (address === at.uartTx) this.#sendByte(value)
    else if (address === at.pdm && value) this.#record(at.pdm, 0x100, 0x560)
    else if (address === at.saadc && value) this.#startConverter()
    else if (address === at.saadc + 4 && value) this.#sample()
    else if (address === at.pdm + 4 || address === at.saadc + 8) this.#stopRecording(address)
    this.#interrupt()
  }

  #sendByte(value: number): void {
    this.after(87_000, () => {
      this.set(at.uartTxReady, 1)
      this.uart.came(Uint8Array.of(value))
    })
  }

  #ticks(): number {
    return Math.floor(this.nanos * 0.016) >>> 0
  }

  #writeTimer(offset: number, value: number): void {
    if (offset === 0x40) this.set(at.timer + 0x540, this.#ticks())
    if (offset !== 0x544) return
    const ticks = (value - this.#ticks()) >>> 0
    this.after(ticks / 0.016, () => {
      this.set(at.timer + 0x144, 1)
      this.#interrupt()
    })
  }

  /** Fills the buffer that is named when it begins, and says so when it begins, for as long as it is not stopped. */
  #record(base: number, started: number, pointer: number): void {
    const run = ++this.#recording
    const block = () => {
      if (run !== this.#recording) return
      const [to, count] = [this.get(base + pointer), this.get(base + pointer + 4)]
      this.set(base + started, 1)
      this.#interrupt()
      this.after((count / 16_000) * 1e9, () => {
        if (run !== this.#recording) return
        for (let i = 0; i < count; i++) this.mcu.writeUint16(to + 2 * i, this.sound(this.#samples++) & 0xffff)
        if (base === at.saadc) {
          this.set(base + 0x104, 1)
          this.#interrupt()
        } else block()
      })
    }
    block()
  }

  #startConverter(): void {
    if (this.get(at.saadc + 0x5f8) & 0x1000) this.#record(at.saadc, 0x100, 0x62c)
    else this.set(at.saadc + 0x100, 1)
  }

  #sample(): void {
    if (this.get(at.saadc + 0x5f8) & 0x1000) return
    this.mcu.writeUint16(this.get(at.saadc + 0x62c), this.sound(-1))
    this.set(at.saadc + 0x104, 1)
  }

  #stopRecording(address: number): void {
    this.#recording++
    this.set(address === at.pdm + 4 ? at.pdm + 0x104 : at.saadc + 0x114, 1)
  }

  /** Puts 5 V on USB's contact, as a cable does. To be called before the firmware looks. */
  plug(): void {
    this.set(at.usbStatus, 3)
  }

  protected override exchange(): boolean {
    this.usb.sendPacket()
    if (this.uart.queue.length > 0 && !this.get(at.uartRxReady)) {
      this.set(at.uartRx, this.uart.queue.shift()!)
      this.set(at.uartRxReady, 1)
      this.#interrupt()
    }
    return this.usb.link.queue.length + this.uart.queue.length > 0
  }
}
