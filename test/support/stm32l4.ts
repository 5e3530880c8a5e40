import { EmulatedChip } from './emulated-chip.ts'
import { EmulatedLink } from './emulated-link.ts'

const at = {
  pwr: 0x40007000,
  lpuart: 0x40008000,
  rcc: 0x40021000,
  flash: 0x40022000,
  gpio: 0x48000000,
  adc: 0x50040000,
  adcCommon: 0x50040308,
} as const

const slots = [0x40004000, 0x40008000, 0x40020000, 0x48000000, 0x50040000]
const uartInterrupt = 20
const hsiHz = 16e6
const baud = 115_200
const portG = 6
const analogMode = 3
/** Highest clock by wait states, voltage range 1 with boost (RM0432, 3.3.3). */
const boostStepHz = 20e6
const unboostedHz = 80e6

/** The STM32L4R5 as far as the port uses it, by its reference manual (RM0432). */
export class EmulatedStm32l4 extends EmulatedChip {
  readonly uart = new EmulatedLink('stm32l4:uart', () => {})
  /** What the converter reads, by channel, of 4095. */
  voltages: Readonly<Record<number, number>> = {}
  #received: number | null = null
  #sending = false

  constructor(parts: ConstructorParameters<typeof EmulatedChip>[0]) {
    super(parts, slots)
    this.set(at.rcc, 0x63)
    this.set(at.pwr + 0x80, 0x100)
    this.set(at.adc + 0x08, 0x20000000)
    // All pins but those of the debugger are analog.
    for (let port = 0; port < 7; port++) this.set(at.gpio + 0x400 * port, port === 0 ? 0xabffffff : 0xffffffff)
  }

  /** Hertz of processor and buses. */
  get clockHz(): number {
    const [cfgr, pll] = [this.get(at.rcc + 0x08), this.get(at.rcc + 0x0c)]
    const [source, divide, multiply] = [pll & 3, ((pll >> 4) & 15) + 1, (pll >> 8) & 127]
    const pllHz = ((hsiHz / divide) * multiply) / [2, 4, 6, 8][(pll >> 25) & 3]!
    const system = (cfgr & 3) === 3 && source === 2 ? pllHz : 4e6
    return system / ((cfgr >> 4) & 8 ? 2 ** (((cfgr >> 4) & 7) + 1) : 1)
  }

  protected override get cycleNs(): number {
    return 1e9 / this.clockHz
  }

  protected override comesAs(interrupt: number): number {
    if (interrupt !== 70) this.forbidden(`interrupt ${interrupt} for LPUART1`)
    return uartInterrupt
  }

  protected override read(address: number): number {
    if (address === at.lpuart + 0x1c) return (this.#received === null ? 0 : 1 << 5) | (this.#sending ? 0 : 1 << 7)
    if (address === at.lpuart + 0x24) {
      const byte = this.#received ?? 0
      this.#received = null
      this.#interrupt()
      return byte
    }
    if (address === at.adc + 0x40) this.set(at.adc, this.get(at.adc) & ~4)
    if (address >= at.gpio && (address & 0x3ff) === 0x10) return this.#pins((address - at.gpio) >> 10)
    return this.get(address)
  }

  /** Whether the converter takes no current: without clock, in deep sleep. */
  get converterSleeps(): boolean {
    return (this.get(at.rcc + 0x4c) & 0x2000) === 0 && (this.get(at.adc + 0x08) & 0x30000001) === 0x20000000
  }

  /** Registers of a block whose clock is off keep what they have. */
  #isClocked(address: number): boolean {
    if (address >= at.gpio && address < at.gpio + 0x2000)
      return ((this.get(at.rcc + 0x4c) >> ((address - at.gpio) >> 10)) & 1) === 1
    if (address >= at.adc) return (this.get(at.rcc + 0x4c) & 0x2000) !== 0
    if (address >= at.lpuart && address < at.lpuart + 0x400) return (this.get(at.rcc + 0x5c) & 1) !== 0
    return address < at.pwr || address >= at.lpuart || (this.get(at.rcc + 0x58) & 0x10000000) !== 0
  }

  protected override write(address: number, value: number): void {
    if (!this.#isClocked(address)) this.forbidden(`a register without a clock: ${address.toString(16)}`)
    const before = this.clockHz
    if (address >= at.gpio && (address & 0x3ff) === 0x18) {
      this.#setPins(address - 4, value)
      return
    }
    this.set(address, address === at.adc ? this.get(address) & ~value : value)
    if (address === at.rcc) this.#oscillators(value)
    if (address === at.rcc + 0x08) this.#switchClock(before, value)
    if (address === at.lpuart + 0x28) this.#send(value)
    if (address === at.adc + 0x08) this.#converter(value)
    this.#interrupt()
  }

  #oscillators(value: number): void {
    const pll = this.get(at.rcc + 0x0c)
    const inputHz = hsiHz / (((pll >> 4) & 15) + 1)
    const vcoHz = inputHz * ((pll >> 8) & 127)
    const starts = value & (1 << 24)
    if (starts && (!(value & (1 << 10)) || (pll & 3) !== 2)) this.forbidden('a PLL without its oscillator')
    if (starts && (inputHz < 2.66e6 || inputHz > 16e6 || vcoHz < 64e6 || vcoHz > 344e6 || !(pll & (1 << 24))))
      this.forbidden('a PLL beyond its limits')
    this.set(at.rcc, value | (value & (1 << 8) ? 1 << 10 : 0) | (starts ? 1 << 25 : 0))
  }

  /** RM0432, 3.3.3 and 5.1.8. */
  #switchClock(beforeHz: number, value: number): void {
    if ((value & 3) === 3 && !(this.get(at.rcc) & (1 << 25))) this.forbidden('a clock that does not run')
    const hz = this.clockHz
    const boosted = !(this.get(at.pwr + 0x80) & 0x100)
    if (hz > unboostedHz && !boosted) this.forbidden('more than 80 MHz without boost')
    if (hz > 120e6 || hz > boostStepHz * ((this.get(at.flash) & 15) + 1)) this.forbidden('more than flash can follow')
    if (hz > unboostedHz && beforeHz < hz / 2) this.forbidden('a step to more than 80 MHz that is not by half')
    this.set(at.rcc + 0x08, (value & ~12) | ((value & 3) << 2))
  }

  /** Whether a pin of port G is the UART's, and has its supply. */
  #isUartPin(pin: number): boolean {
    const port = at.gpio + 0x400 * portG
    const mode = (this.get(port) >>> (2 * pin)) & 3
    const choice = (this.get(port + (pin < 8 ? 0x20 : 0x24)) >>> (4 * (pin % 8))) & 15
    return mode === 2 && choice === 8 && (this.get(at.pwr + 0x04) & 0x200) !== 0
  }

  #send(value: number): void {
    const actual = (256 * this.clockHz) / this.get(at.lpuart + 0x0c)
    if (Math.abs(actual / baud - 1) > 0.01) this.forbidden(`${actual} baud`)
    if ((this.get(at.lpuart) & 9) !== 9 || !this.#isUartPin(7)) this.forbidden('to send before it is set up')
    if (this.#sending) this.forbidden('a byte before the last has gone')
    this.#sending = true
    this.after(1e10 / baud, () => {
      this.#sending = false
      this.uart.came(Uint8Array.of(value & 0xff))
    })
  }

  #interrupt(): void {
    this.mcu.setInterrupt(uartInterrupt, this.#received !== null && (this.get(at.lpuart) & 32) !== 0)
  }

  protected override exchange(): boolean {
    const listens = (this.get(at.lpuart) & 5) === 5 && this.#isUartPin(8)
    if (listens && this.#received === null && this.uart.queue.length > 0) {
      this.#received = this.uart.queue.shift()!
      this.#interrupt()
    }
    return this.uart.queue.length > 0
  }

  #setPins(output: number, value: number): void {
    this.set(output, (this.get(output) | (value & 0xffff)) & ~(value >>> 16))
  }

  /** Outputs as they are driven; inputs with a pull-up are high. */
  #pins(port: number): number {
    const base = at.gpio + 0x400 * port
    let levels = 0
    for (let pin = 0; pin < 16; pin++) {
      const [mode, pull] = [(this.get(base) >>> (2 * pin)) & 3, (this.get(base + 0x0c) >>> (2 * pin)) & 3]
      const level = mode === 1 ? (this.get(base + 0x14) >> pin) & 1 : pull === 1 ? 1 : 0
      if (mode !== analogMode) levels |= level << pin
    }
    return levels
  }

  #converter(value: number): void {
    const regulated = (value & 0x30000000) === 0x10000000
    if (value & 0x80000005 && !regulated) this.forbidden('a converter without its regulator')
    if (value & 0x80000000) this.after(1000, () => this.set(at.adc + 0x08, value & ~0x80000000))
    if (value & 1) this.set(at.adc, this.get(at.adc) | 1)
    if (value & 2) this.set(at.adc + 0x08, value & ~3)
    if (!(value & 4)) return
    if (!(this.get(at.adc) & 1) || !(this.get(at.adcCommon) & 0x30000)) this.forbidden('to convert before it is ready')
    const channel = (this.get(at.adc + 0x30) >> 6) & 31
    this.set(at.adc + 0x40, this.voltages[channel] ?? 0)
    this.set(at.adc, this.get(at.adc) | 4)
    this.set(at.adc + 0x08, value & ~4)
  }
}
