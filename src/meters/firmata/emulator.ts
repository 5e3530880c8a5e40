import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { createEmulatedDevice, type EmulatedDevice } from '../emulation/device.ts'
import { createEmulatedWire, type EmulatedWire } from '../emulation/wire.ts'
import { emulatedRegisters } from './emulated-registers.ts'

const sysexStart = 0xf0
const sysexEnd = 0xf7
const pinCount = 20
/** Pins of the analog inputs and of the I²C bus, as on an Arduino Uno. */
const firstAnalogPin = 14
const i2cPins: readonly number[] = [18, 19]
/** Length of the messages that are no sysex, by their high four bits. */
const shortLength: Readonly<Record<number, number>> = { 12: 2, 13: 2, 9: 3, 14: 3 }

/** How to make an emulated Firmata board. Times are seconds since it was made. */
export interface FirmataEmulatorOptions {
  readonly clock: Clock
  readonly device?: EmulatedDevice
  /** Sensor on the bus; `none` leaves it empty. */
  readonly sensor?: 'ina219' | 'ina226' | 'ina228' | 'ina3221' | 'none'
  readonly address?: number
  readonly shuntOhms?: number
  /** How long it takes to start after the port was opened. */
  readonly bootS?: number
  readonly silentAtS?: number
  readonly unplugAtS?: number
  /** It answers with bytes that are no Firmata. */
  readonly isOther?: boolean
}

/** Bytes of seven bits each, low one first. */
function pairs(values: readonly number[]): number[] {
  return values.flatMap((value) => [value & 127, (value >> 7) & 127])
}

/** A board with Firmata and a current sensor on its I²C bus, in software: speaks Firmata 2.5 bytes. */
export class EmulatedFirmata {
  readonly device: EmulatedDevice
  private readonly options: FirmataEmulatorOptions
  private readonly clock: Clock
  private readonly wire: EmulatedWire
  private readonly startS: number
  private readonly address: number
  private readonly registers: ReturnType<typeof emulatedRegisters>
  private buffer: number[] = []

  constructor(options: FirmataEmulatorOptions) {
    this.options = options
    this.clock = options.clock
    this.startS = this.clock.nowS()
    this.device = options.device ?? createEmulatedDevice(this.clock)
    this.address = options.address ?? 0x40
    this.registers = emulatedRegisters(options.sensor ?? 'ina226', this.device, this.clock, options.shuntOhms ?? 0.1)
    this.wire = createEmulatedWire(this.clock, (bytes) => this.receive(bytes))
  }

  /** Its own end as a link, in this process. */
  link(path = 'emulated'): Link {
    return this.wire.link(path)
  }

  /** Serves it on any byte stream, such as the far end of a pty; ends with it. */
  serve(peer: Link): Promise<void> {
    return this.wire.serve(peer)
  }

  private get sinceS(): number {
    return this.clock.nowS() - this.startS
  }

  private receive(bytes: Uint8Array): void {
    if (this.sinceS < (this.options.bootS ?? 0)) return
    for (const byte of bytes) this.take(byte)
  }

  private take(byte: number): void {
    if (byte === sysexStart || (byte >= 0x80 && byte !== sysexEnd)) this.buffer = []
    this.buffer.push(byte)
    const [first = 0] = this.buffer
    if (first === sysexStart && byte === sysexEnd) this.obey(this.buffer.slice(1, -1))
    else if (first === 0xf9) this.send([0xf9, 2, 5])
    else if (first === sysexStart || this.buffer.length < (shortLength[first >> 4] ?? 1)) return
    this.buffer = []
  }

  private send(bytes: readonly number[]): void {
    const { unplugAtS = Number.POSITIVE_INFINITY, silentAtS = Number.POSITIVE_INFINITY, isOther } = this.options
    if (this.sinceS >= unplugAtS) this.wire.end({ how: 'lost', reason: 'the emulated cable was pulled' })
    else if (isOther) this.wire.send('ready\r\n')
    else if (this.sinceS < silentAtS) this.wire.send(Uint8Array.from(bytes))
  }

  private sysex(...bytes: readonly number[]): void {
    this.send([sysexStart, ...bytes, sysexEnd])
  }

  private obey(message: readonly number[]): void {
    const [kind, ...rest] = message
    const pins = Array.from({ length: pinCount }, (_, pin) => pin)
    const text = (words: string) => pairs([...words].map((letter) => letter.charCodeAt(0)))
    if (kind === 0x79) this.sysex(0x79, 2, 5, ...text('StandardFirmata.ino'))
    else if (kind === 0x6b) {
      // Input and output for every pin; analog with 10 bits and I²C where an Uno has them.
      const modes = (pin: number) => [
        0,
        1,
        1,
        1,
        ...(pin >= firstAnalogPin ? [2, 10] : []),
        ...(i2cPins.includes(pin) ? [6, 1] : []),
        127,
      ]
      this.sysex(0x6c, ...pins.flatMap(modes))
    } else if (kind === 0x69)
      this.sysex(0x6a, ...pins.map((pin) => (pin < firstAnalogPin ? 127 : pin - firstAnalogPin)))
    else if (kind === 0x76) this.i2c(rest)
  }

  private i2c([address = 0, mode = 0, ...rest]: readonly number[]): void {
    const values = Array.from({ length: rest.length >> 1 }, (_, at) => rest[2 * at]! | (rest[2 * at + 1]! << 7))
    const isHere = address === this.address && this.options.sensor !== 'none'
    if (((mode >> 3) & 3) === 0) {
      if (isHere) this.registers.write(values[0] ?? 0, ((values[1] ?? 0) << 8) | (values[2] ?? 0))
      return
    }
    const [register = 0, count = 0] = values
    // An absent device reads as zeros, as the Arduino library has it.
    const bytes = isHere ? this.registers.read(register, count) : Array.from({ length: count }, () => 0)
    this.sysex(0x77, ...pairs([address, register, ...bytes]))
  }
}
