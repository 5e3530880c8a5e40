import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { createEmulatedDevice, type EmulatedDevice } from '../emulation/device.ts'
import { createEmulatedWire, type EmulatedWire } from '../emulation/wire.ts'

/** How to make an emulated bench instrument. Times are seconds since it was made. */
export interface ScpiEmulatorOptions {
  readonly clock: Clock
  readonly device?: EmulatedDevice
  /** Answer to `*IDN?`. */
  readonly identity?: string
  /** How long an answer takes, in seconds. */
  readonly answerS?: number
  /** From when on it answers 9.9E+37. */
  readonly overflowAtS?: number
  readonly silentAtS?: number
  readonly unplugAtS?: number
  /** Text that it answers to every query for a number. */
  readonly nonsense?: string
  /** Answer to `SYST:ERR?`. */
  readonly error?: string
}

/** A bench instrument in software: answers `*IDN?`, `SYST:ERR?` and every query for current, voltage or power. */
export class EmulatedScpi {
  readonly device: EmulatedDevice
  /** Lines that arrived, in order. */
  readonly received: string[] = []
  private readonly options: ScpiEmulatorOptions
  private readonly wire: EmulatedWire
  private readonly startS: number
  private line = ''

  constructor(options: ScpiEmulatorOptions) {
    this.options = options
    this.device = options.device ?? createEmulatedDevice(options.clock)
    this.startS = options.clock.nowS()
    this.wire = createEmulatedWire(options.clock, (bytes) => this.receive(bytes))
  }

  /** Its own end as a link, in this process. */
  link(path = 'emulated'): Link {
    return this.wire.link(path)
  }

  /** Serves it on any byte stream, such as the far end of a pty or a socket; ends with it. */
  serve(peer: Link): Promise<void> {
    return this.wire.serve(peer)
  }

  private receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte !== 10) this.line += String.fromCharCode(byte)
      else {
        const line = this.line.trim()
        this.line = ''
        this.received.push(line)
        if (line.includes('?')) void this.answer(line)
      }
    }
  }

  private async answer(line: string): Promise<void> {
    const { clock, answerS = 0.002, unplugAtS = Number.POSITIVE_INFINITY } = this.options
    await clock.sleep(answerS)
    const sinceS = clock.nowS() - this.startS
    if (sinceS >= unplugAtS) this.wire.end({ how: 'lost', reason: 'the emulated cable was pulled' })
    else if (sinceS < (this.options.silentAtS ?? Number.POSITIVE_INFINITY))
      this.wire.send(`${this.textFor(line, sinceS)}\n`)
  }

  private textFor(line: string, sinceS: number): string {
    const { identity, overflowAtS = Number.POSITIVE_INFINITY, nonsense, error } = this.options
    if (/^\*IDN\?/i.test(line)) return identity ?? 'RIGOL TECHNOLOGIES,DP832,DP8A000000001,00.01.16'
    if (/^SYST:ERR\?/i.test(line)) return error ?? '0,"No error"'
    if (nonsense !== undefined) return nonsense
    if (sinceS >= overflowAtS) return '+9.90000000E+37'
    const nowS = this.options.clock.nowS()
    const [current, voltage] = [this.device.currentAt(nowS), this.device.voltageAt(nowS)]
    const value = /POW/i.test(line) ? current * voltage : /VOLT/i.test(line) ? voltage : current
    return value.toExponential(8)
  }
}
