import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { createEmulatedDevice, type EmulatedDevice } from '../emulation/device.ts'
import { startTicker, type Ticker } from '../emulation/ticker.ts'
import { createEmulatedWire, type EmulatedWire } from '../emulation/wire.ts'
import { writeLine } from './lines.ts'

/** Faults of an emulated line sensor. Times are seconds of a stream. */
export interface LineFaults {
  /** Rows that are taken and never sent. */
  readonly lose?: { readonly atS: number; readonly rows: number }
  /** One character of a row is changed. */
  readonly garbleAtS?: number
  /** It starts anew: silent for so long, then header, counters and accumulators from zero. */
  readonly restart?: { readonly atS: number; readonly awayS: number }
  /** Its `us` clock jumps by so many microseconds; `seq` goes on. */
  readonly clockJump?: { readonly atS: number; readonly us: number }
  readonly errorAtS?: number
  readonly silentAtS?: number
  readonly unplugAtS?: number
  /** It sends another header line. */
  readonly headerAtS?: { readonly atS: number; readonly line: string }
  /** Sends nothing that anybody asked for. */
  readonly mute?: boolean
  /** Sends this text in the place of its header. */
  readonly headerText?: string
}

/** How to make an emulated line sensor. */
export interface LineSensorOptions {
  readonly clock: Clock
  readonly device?: EmulatedDevice
  readonly rateHz?: number
  readonly columns?: readonly string[]
  readonly sensor?: string
  /** First `seq` of a stream. */
  readonly firstSeq?: number
  readonly faults?: LineFaults
}

const never = Number.POSITIVE_INFINITY
const defaultColumns = ['seq', 'us', 'mV', 'uA', 'd', 'uJ']

/** A microcontroller with a current sensor in software, which sends the same lines. What its device draws is known exactly. */
export class EmulatedLineSensor {
  readonly device: EmulatedDevice
  private readonly clock: Clock
  private readonly rateHz: number
  private readonly columns: readonly string[]
  private readonly options: LineSensorOptions
  private readonly wire: EmulatedWire
  private ticker: Ticker | null = null
  private line = ''
  private startS = 0
  private made = 0
  private base = 0
  private energyJ = 0
  private chargeC = 0
  private marker = false
  private isSilent = false
  private once = new Set<string>()

  constructor(options: LineSensorOptions) {
    this.options = options
    this.clock = options.clock
    this.rateHz = options.rateHz ?? 1000
    this.columns = options.columns ?? defaultColumns
    this.device = options.device ?? createEmulatedDevice(options.clock)
    this.wire = createEmulatedWire(
      this.clock,
      (bytes) => this.receive(bytes),
      () => this.ticker?.stop(),
    )
  }

  /** Its own end as a link, in this process. */
  link(path = 'emulated'): Link {
    return this.wire.link(path)
  }

  /** Serves it on any byte stream, such as the far end of a pty; ends with it. */
  serve(peer: Link): Promise<void> {
    return this.wire.serve(peer)
  }

  private get faults(): LineFaults {
    return this.options.faults ?? {}
  }

  private receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte !== 10) this.line += String.fromCharCode(byte)
      else {
        const command = this.line.trim()
        this.line = ''
        if (!this.isSilent && !this.faults.mute) this.obey(command)
      }
    }
  }

  private obey(command: string): void {
    if (command === '?') this.send(this.header())
    else if (command === 'start') this.start()
    else if (command === 'stop') this.stop()
  }

  private header(): string {
    const sensor = this.options.sensor ?? 'ina228'
    const text = `#mw1 rate=${this.rateHz} cols=${this.columns.join(',')} sensor=${sensor} shunt=0.1 tol=0.5 id=EMU1 fw=1.0`
    return `${this.faults.headerText ?? writeLine(text)}\n`
  }

  private start(): void {
    this.ticker?.stop()
    this.startS = this.clock.nowS()
    this.made = 0
    this.base = -(this.options.firstSeq ?? 0)
    this.once = new Set()
    this.send(this.header())
    this.ticker = startTicker(this.clock, 0.01, () => this.tick())
  }

  private stop(): void {
    this.tick()
    this.ticker?.stop()
    this.ticker = null
  }

  private send(text: string): void {
    if (!this.isSilent) this.wire.send(text)
  }

  private tick(): void {
    if (!this.ticker) return
    const { silentAtS = never, unplugAtS = never } = this.faults
    const elapsedS = this.clock.nowS() - this.startS
    let text = ''
    const end = Math.floor(Math.min(elapsedS, silentAtS, unplugAtS) * this.rateHz + 1e-3)
    for (; this.made < end; this.made++) text += this.row(this.made / this.rateHz)
    this.send(text)
    if (elapsedS >= silentAtS) this.isSilent = true
    if (elapsedS >= unplugAtS) this.wire.end({ how: 'lost', reason: 'the emulated cable was pulled' })
  }

  /** True the first time that a stream's clock is at or after a moment. */
  private isDue(name: string, timeS: number, atS: number | undefined): boolean {
    if (atS === undefined || timeS < atS - 1e-9 || this.once.has(name)) return false
    this.once.add(name)
    return true
  }

  private row(timeS: number): string {
    const { lose, garbleAtS, restart, errorAtS, headerAtS } = this.faults
    const period = 1 / this.rateHz
    const toS = this.startS + timeS + period
    const grown = this.device.integrate(toS - period, toS)
    this.energyJ += grown.energyJ
    this.chargeC += grown.chargeC
    if (restart && timeS >= restart.atS - 1e-9 && timeS < restart.atS + restart.awayS - 1e-9) return ''
    let text = ''
    if (restart && this.isDue('restart', timeS, restart.atS + restart.awayS)) {
      this.base = this.made
      this.energyJ = 0
      this.chargeC = 0
      text = this.header()
    }
    if (this.isDue('header', timeS, headerAtS?.atS)) text += `${headerAtS!.line}\n`
    if (this.isDue('error', timeS, errorAtS)) text += `${writeLine('!error sensor does not answer')}\n`
    text += this.edge(timeS)
    if (lose && timeS >= lose.atS - 1e-9 && timeS < lose.atS + lose.rows * period - 1e-9) return text
    const line = `${writeLine(this.values(timeS))}\n`
    return text + (this.isDue('garble', timeS, garbleAtS) ? line.replace(/\d/, 'x') : line)
  }

  private counters(timeS: number) {
    const jump = this.faults.clockJump
    const seq = this.made - this.base
    const us = Math.round((seq * 1e6) / this.rateHz) + (jump && timeS >= jump.atS ? jump.us : 0)
    return { seq: seq >>> 0, us: ((us % 2 ** 32) + 2 ** 32) % 2 ** 32 }
  }

  private edge(timeS: number): string {
    const high = this.device.markerAt(this.startS + timeS)
    if (high === this.marker) return ''
    this.marker = high
    const { seq, us } = this.counters(timeS)
    return `${writeLine(`!edge ${seq} ${us} 0 ${high ? 1 : 0}`)}\n`
  }

  private values(timeS: number): string {
    const middleS = this.startS + timeS + 0.5 / this.rateHz
    const volts = this.device.voltageAt(middleS)
    const amperes = this.device.currentAt(middleS)
    const { seq, us } = this.counters(timeS)
    const value: Record<string, () => string> = {
      seq: () => String(seq),
      us: () => String(us),
      d: () => (this.marker ? '1' : '0'),
      mV: () => (volts * 1e3).toFixed(1),
      uA: () => (amperes * 1e6).toFixed(2),
      uW: () => (volts * amperes * 1e6).toFixed(2),
      uJ: () => (this.energyJ * 1e6).toFixed(3),
      uC: () => (this.chargeC * 1e6).toFixed(3),
    }
    // Numbered channels share the device's current evenly.
    const channels = this.columns.filter((name) => /^uA\d/.test(name)).length
    const share = () => ((amperes * 1e6) / channels).toFixed(2)
    return this.columns.map((name) => (/^uA\d/.test(name) ? share() : value[name.replace(/\d$/, '')]!())).join(',')
  }
}
