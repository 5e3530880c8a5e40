import { type Peripheral, type RP2040, Simulator } from 'rp2040js'

const sliceInstructions = 20_000
const idleNs = 1_000_000
const flashAddress = 0x10000000

/** Registers of the interrupt controller and the system control block, below 0xe000e000. */
const system = { enables: 0x100, enablesEnd: 0x120, reset: 0xd0c } as const

/** A part of a chip's memory. */
interface Part {
  readonly address: number
  readonly bytes: Uint8Array
}

/**
 * A chip that no emulator has: the Cortex-M0+ of rp2040js, and around it registers that a subclass gives their meaning by the
 * chip's manual. Firmware is linked to 0x10000000; interrupts beyond the 32 of the processor come as others.
 */
export abstract class EmulatedChip {
  readonly mcu: RP2040
  readonly #clock: Simulator['clock']
  readonly #registers = new Map<number, number>()
  #closed = false

  /** @param slots addresses of 16 KB each in which the chip has registers */
  constructor(parts: readonly Part[], slots: readonly number[]) {
    const { rp2040: mcu, clock } = new Simulator()
    this.mcu = mcu
    this.#clock = clock
    const silent = () => {}
    mcu.logger = { debug: silent, info: silent, warn: silent, error: silent }
    for (const { address, bytes } of parts) mcu.flash.set(bytes, address - flashAddress)
    this.#connect(slots)
    const vectors = new DataView(mcu.flash.buffer)
    mcu.core.SP = vectors.getUint32(0, true)
    mcu.core.PC = vectors.getUint32(4, true) & ~1
    setImmediate(() => this.#slice())
  }

  #connect(slots: readonly number[]): void {
    const { peripherals, ppb } = this.mcu as unknown as {
      peripherals: Record<number, Peripheral>
      ppb: { writeUint32(offset: number, value: number): void }
    }
    for (const slot of Object.keys(peripherals)) delete peripherals[Number(slot)]
    for (const address of slots) {
      peripherals[(address >>> 14) << 2] = {
        name: 'chip',
        readUint32: (offset: number) => this.read(address + offset),
        writeUint32: (offset: number, value: number) => this.write(address + offset, value >>> 0),
        // What the RP2040 takes for a kind of access is a part of the address here.
        writeUint32Atomic: (offset: number, value: number, kind: number) =>
          this.write(address + kind * 0x1000 + offset, value >>> 0),
      } as unknown as Peripheral
    }
    const plain = ppb.writeUint32.bind(ppb)
    ppb.writeUint32 = (offset, value) => {
      if (offset === system.reset) this.wantsReset()
      if (offset <= system.enables || offset >= system.enablesEnd) return plain(offset, value)
      for (let bit = 0; bit < 32; bit++)
        if ((value >>> bit) & 1)
          this.mcu.core.enabledInterrupts |= 1 << this.comesAs(bit + 8 * (offset - system.enables))
      this.mcu.core.interruptsUpdated = true
    }
  }

  protected get nanos(): number {
    return this.#clock.nanos
  }

  protected get(address: number): number {
    return this.#registers.get(address) ?? 0
  }

  protected set(address: number, value: number): void {
    this.#registers.set(address, value >>> 0)
  }

  protected after(ns: number, work: () => void): void {
    this.#clock.createAlarm(work).schedule(ns)
  }

  protected forbidden(what: string): never {
    throw new Error(`the manual forbids it: ${what}`)
  }

  /** What the firmware reads of a register. */
  protected read(address: number): number {
    return this.get(address)
  }

  /** The firmware writes a register. */
  protected abstract write(address: number, value: number): void

  /** As which of the 32 an interrupt beyond them comes. */
  protected abstract comesAs(interrupt: number): number

  /** Nanoseconds of a cycle. */
  protected abstract get cycleNs(): number

  /** Hands on what waits outside; whether more does. */
  protected abstract exchange(): boolean

  /** The firmware asks for a reset. */
  protected wantsReset(): void {}

  #slice(): void {
    if (this.#closed) return
    const { core } = this.mcu
    let waitedNs = 0
    const more = this.exchange()
    for (let i = 0; i < sliceInstructions && waitedNs < idleNs; i++) {
      if (core.waiting && core.checkForInterrupts()) core.waiting = false
      if (core.waiting) {
        const nextNs = Math.min(this.#clock.nanosToNextAlarm || idleNs, idleNs)
        this.#clock.tick(nextNs)
        waitedNs += nextNs
        if (more) break
      } else this.#clock.tick(core.executeInstruction() * this.cycleNs)
    }
    if (waitedNs >= idleNs) setTimeout(() => this.#slice(), 1)
    else setImmediate(() => this.#slice())
  }

  close(): void {
    this.#closed = true
  }
}
