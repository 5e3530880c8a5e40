import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { joinBytes } from '../bytes.ts'
import { createEmulatedDevice, type EmulatedDevice } from '../emulation/device.ts'
import type { LoadCurve } from '../emulation/load.ts'
import { startTicker, type Ticker } from '../emulation/ticker.ts'
import { createEmulatedWire, type EmulatedWire } from '../emulation/wire.ts'
import { stampEvery } from './assembler.ts'
import { writeText, writeWord } from './values.ts'

/** Faults of an emulated LPM01A. Times are seconds of an acquisition. */
export interface Lpm01aFaults {
  /** It is still sending an earlier session's text stream when it is opened, and `stop` ends it. */
  readonly leftover?: boolean
  /** Commands that it refuses with `error …` and an `Error detail:` line. */
  readonly refuse?: readonly string[]
  /** Bytes that are taken out of the stream from the first sample at `atS` on. */
  readonly loseBytes?: { readonly atS: number; readonly count: number }
  /** Samples that are not sent, though the meter took them. */
  readonly loseSamples?: { readonly atS: number; readonly count: number }
  readonly overcurrentAtS?: number
  readonly errorAtS?: number
  /** The acquisition ends by itself. */
  readonly endAtS?: number
  /** The meter's clock begins again at zero (a brown-out) after being away so long. */
  readonly restart?: { readonly atS: number; readonly awayS: number }
  readonly unplugAtS?: number
  readonly silentAtS?: number
}

/** How to make an emulated LPM01A. */
export interface Lpm01aEmulatorOptions {
  readonly clock: Clock
  readonly loadA?: LoadCurve
  readonly faults?: Lpm01aFaults
}

const never = Number.POSITIVE_INFINITY

/**
 * An LPM01A in software that speaks the same bytes: shell, text and binary streams with their metadata, events, and
 * faults on demand. What its device draws is known exactly (`device.integrate`).
 */
export class EmulatedLpm01a {
  readonly device: EmulatedDevice
  /** Command lines that arrived, in order. */
  readonly received: string[] = []
  private readonly clock: Clock
  private readonly faults: Lpm01aFaults
  private readonly wire: EmulatedWire
  private readonly settings = new Map<string, string>()
  private line = ''
  private ticker: Ticker | null = null
  private startS = 0
  private made = 0
  private events = 0
  private dueEvents = 0
  private stampZeroAt = 0
  private isSilent = false
  private losingBytes = 0
  private hasFaulted = false

  constructor(options: Lpm01aEmulatorOptions) {
    this.clock = options.clock
    this.faults = options.faults ?? {}
    this.device = createEmulatedDevice(this.clock, {
      supplyV: 0,
      ...(options.loadA ? { loadA: options.loadA } : {}),
    })
    this.wire = createEmulatedWire(
      this.clock,
      (bytes) => this.receive(bytes),
      () => this.ticker?.stop(),
    )
    if (this.faults.leftover) this.start()
  }

  /** The meter's own end as a link, in this process. */
  link(path = 'emulated'): Link {
    return this.wire.link(path)
  }

  /** Serves the meter on any byte stream, such as the far end of a pty; ends with it. */
  serve(peer: Link): Promise<void> {
    return this.wire.serve(peer)
  }

  /** A falling edge on D7. */
  pulse(): void {
    this.tick()
    this.dueEvents++
  }

  private receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte !== 10) this.line += String.fromCharCode(byte)
      else {
        const command = this.line.trim()
        this.line = ''
        if (command !== '' && !this.isSilent) this.obey(command)
      }
    }
  }

  private obey(command: string): void {
    this.received.push(command)
    const [verb = '', ...args] = command.split(' ')
    if (this.faults.refuse?.some((refused) => command.startsWith(refused))) {
      this.send(`PowerShield > error ${command}\r\nError detail: not in this firmware\r\n`)
      return
    }
    if (verb === 'stop') this.stop()
    this.settings.set(verb, args.join(' '))
    if (verb === 'pwr') this.device.setSupply(args[0] === 'on' ? this.supplyV : 0)
    this.send(`PowerShield > ack ${verb === 'version' ? 'version: 1.0.6' : command}\r\n`)
    if (verb === 'start') this.start()
  }

  private get supplyV(): number {
    return Number((this.settings.get('volt') ?? '3300m').replace('m', '')) / 1000
  }

  private get rateHz(): number {
    const text = this.settings.get('freq') ?? '1k'
    return Number(text.replace('k', '')) * (text.endsWith('k') ? 1000 : 1)
  }

  private get isText(): boolean {
    return this.settings.get('format') !== 'bin_hexa'
  }

  private start(): void {
    this.ticker?.stop()
    this.startS = this.clock.nowS()
    this.made = 0
    this.stampZeroAt = 0
    this.ticker = startTicker(this.clock, 0.01, () => this.tick())
  }

  private stop(): void {
    if (!this.ticker) return
    this.tick()
    this.ticker?.stop()
    this.ticker = null
    if (this.isText) this.send('end\r\nAcquisition completed\r\n')
    else this.send(Uint8Array.of(0xf0, 0xf4, 0xff, 0xff))
  }

  private send(content: Uint8Array | string): void {
    if (!this.isSilent) this.wire.send(content)
  }

  /** Sends what was sampled since the last time. */
  private tick(): void {
    if (!this.ticker) return
    const { silentAtS = never, unplugAtS = never, restart } = this.faults
    const elapsedS = this.clock.nowS() - this.startS
    const untilS = Math.min(elapsedS, silentAtS, unplugAtS)
    if (restart && elapsedS < restart.atS + restart.awayS && elapsedS >= restart.atS) return
    const parts: Uint8Array[] = []
    for (const end = Math.floor(untilS * this.rateHz + 1e-3); this.made < end; this.made++) {
      this.makeSample(parts, this.made / this.rateHz)
    }
    this.send(joinBytes(parts))
    this.fail(elapsedS)
    if (elapsedS >= silentAtS) this.isSilent = true
    if (elapsedS >= unplugAtS) this.wire.end({ how: 'lost', reason: 'the emulated cable was pulled' })
  }

  private makeSample(parts: Uint8Array[], timeS: number): void {
    const { loseSamples, loseBytes, restart } = this.faults
    if (restart && timeS >= restart.atS && timeS < restart.atS + restart.awayS) {
      this.stampZeroAt = this.made + 1
      return
    }
    let afterStamp = false
    const taken = this.made - this.stampZeroAt
    if (taken > 0 && taken % stampEvery === 0) {
      this.put(parts, this.stamp(taken))
      afterStamp = true
    }
    for (; this.dueEvents > 0; this.dueEvents--) this.put(parts, this.event())
    if (loseBytes && this.made === Math.round(loseBytes.atS * this.rateHz)) this.losingBytes = loseBytes.count
    if (loseSamples && timeS >= loseSamples.atS && timeS < loseSamples.atS + loseSamples.count / this.rateHz) return
    this.put(parts, this.sample(timeS, afterStamp))
  }

  private sample(timeS: number, afterStamp: boolean): string | Uint8Array {
    const fromS = this.startS + timeS
    const toS = fromS + 1 / this.rateHz
    const isEnergy = this.settings.get('output') === 'energy'
    const value = isEnergy
      ? this.device.meanPowerW(fromS, toS) * (toS - fromS)
      : this.device.currentAt((fromS + toS) / 2) * (this.device.voltageAt(fromS) > 0 ? 1 : 0)
    if (this.isText) return `${afterStamp ? '\0' : ''}${writeText(value)}\r\n`
    const word = writeWord(value)
    return Uint8Array.of(word >> 8, word & 255)
  }

  private stamp(taken: number): string | Uint8Array {
    const milliseconds = Math.round((taken * 1000) / this.rateHz)
    if (this.isText) {
      const seconds = String(Math.floor(milliseconds / 1000) % 1000).padStart(3, '0')
      return `TimeStamp: ${seconds}s ${String(milliseconds % 1000).padStart(3, '0')}ms, buff 00%\r\n`
    }
    const frame = Uint8Array.of(0xf0, 0xf3, 0, 0, 0, 0, 0, 0xff, 0xff)
    new DataView(frame.buffer).setUint32(2, milliseconds)
    return frame
  }

  private event(): string | Uint8Array {
    const text = `event ${String(this.events++ % 100).padStart(2, '0')} ris`
    if (this.isText) return `${text}\r\n`
    return Uint8Array.of(0xf0, 0xf2, ...new TextEncoder().encode(text), 0xff, 0xff)
  }

  private fail(elapsedS: number): void {
    const { overcurrentAtS = never, errorAtS = never, endAtS = never } = this.faults
    if (this.hasFaulted || elapsedS < Math.min(overcurrentAtS, errorAtS, endAtS)) return
    this.hasFaulted = true
    if (elapsedS >= overcurrentAtS) {
      this.send(this.isText ? 'error: overcurrent\r\n' : Uint8Array.of(0xf0, 0xf5, 0xff, 0xff))
    } else if (elapsedS >= errorAtS) {
      const text = 'error: acquisition buffer overflow'
      this.send(this.isText ? `${text}\r\n` : Uint8Array.of(0xf0, 0xf1, ...new TextEncoder().encode(text), 0xff, 0xff))
    } else this.stop()
  }

  /** Adds what is sent, less the bytes that are to be lost. */
  private put(parts: Uint8Array[], content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const lost = Math.min(this.losingBytes, bytes.length)
    this.losingBytes -= lost
    parts.push(bytes.subarray(lost))
  }
}
