import type { Clock } from '../../core/host.ts'
import type { Link } from '../../core/link.ts'
import { createEmulatedLoad, type EmulatedLoad } from '../emulation/load.ts'
import { createRandom } from '../emulation/noise.ts'
import { createEmulatedWire, type EmulatedWire } from '../emulation/wire.ts'
import { toCoefficients } from './calibration.ts'
import { type PowerMode, type Ppk2Command, readCommand } from './commands.ts'
import { createEmulatedConverter, type EmulatedConverter } from './emulated-converter.ts'
import { emulatedMetadata } from './emulated-metadata.ts'
import { createEmulatedSampler, type EmulatedSampler } from './emulated-sampler.ts'
import { type EmulatorOptions, realCalibration } from './emulator-options.ts'

/**
 * A PPK2 in software that speaks the same bytes: commands, metadata, range switching, quantisation, noise,
 * counter, digital channels, and faults on demand. What its device draws is known exactly (`trueEnergyJ`).
 * It sends the samples of elapsed clock time on a timer and catches up after a blocked event loop.
 * Its figures are `emulated` and say nothing about silicon. Times of its methods are `Host.clock` seconds.
 */
export class EmulatedPpk2 {
  /** Commands that arrived, in order. */
  readonly received: Ppk2Command[] = []
  private readonly clock: Clock
  private readonly options: EmulatorOptions
  private readonly load: EmulatedLoad
  private readonly converter: EmulatedConverter
  private readonly random: () => number
  private readonly epochS: number
  private readonly wire: EmulatedWire
  private unread: Uint8Array = new Uint8Array(0)
  private mode: PowerMode = 'ampere'
  private isDevicePowered = false
  private regulatorMv: number
  private userGain: readonly number[]
  private sampler: EmulatedSampler | null = null
  private streamStartS = 0
  private ticking = new AbortController()
  private isSilent = false

  constructor(options: EmulatorOptions) {
    this.options = options
    this.clock = options.clock
    this.wire = createEmulatedWire(
      this.clock,
      (bytes) => this.receive(bytes),
      () => this.ticking.abort(),
    )
    this.epochS = this.clock.nowS()
    this.regulatorMv = options.regulatorMv ?? 3741
    this.userGain = this.calibration.ug
    this.load = createEmulatedLoad(options.loadA ?? (() => 0))
    this.random = createRandom((options.seed ?? 1) ^ 0x9e3779b9)
    this.converter = createEmulatedConverter(this.coefficients(), options.noiseLsb ?? 0.7, options.seed ?? 1)
    if (options.faults?.staleBytes !== undefined) this.startStream()
  }

  /** Lets the device draw so much more from now on, in amperes. */
  setLoad(currentA: number): void {
    this.load.change(this.now(), { extraA: currentA })
  }

  /** Drives a digital channel (0 to 7) from now on, or from a later moment of the host clock; returns the moment. */
  setDigital(channel: number, high: boolean, atS?: number): number {
    const bit = 1 << channel
    const { digital } = this.load.latest
    const sinceS = atS === undefined ? this.now() : atS - this.epochS
    this.load.change(sinceS, { digital: high ? digital | bit : digital & ~bit })
    return this.load.latest.sinceS + this.epochS
  }

  /** Leaves out the next samples of the running stream. */
  lose(count: number): void {
    this.tick()
    this.sampler?.lose(count)
  }

  /** Ends the link as a pulled cable does, after what is due by now. */
  unplug(): void {
    this.tick()
    this.wire.end({ how: 'lost', reason: 'the emulated cable was pulled' })
  }

  /** Energy that the device took between two moments, in joules. */
  trueEnergyJ(fromS: number, toS: number): number {
    return this.load.integrate(fromS - this.epochS, toS - this.epochS).energyJ
  }

  /** Charge that the device took between two moments, in coulombs. */
  trueChargeC(fromS: number, toS: number): number {
    return this.load.integrate(fromS - this.epochS, toS - this.epochS).chargeC
  }

  /** The meter's own end as a link, in this process. */
  link(path = 'emulated'): Link {
    return this.wire.link(path)
  }

  /** Serves the meter on any byte stream, such as the far end of a pty; ends with it. */
  serve(peer: Link): Promise<void> {
    return this.wire.serve(peer)
  }

  /** Takes bytes of the host. */
  receive(bytes: Uint8Array): void {
    const all = new Uint8Array([...this.unread, ...bytes])
    let at = 0
    for (let read = readCommand(all, at); at < all.length && read; read = readCommand(all, at)) {
      if (read.command && !this.isSilent) this.obey(read.command)
      at += read.length
    }
    this.unread = all.subarray(at)
  }

  private obey(command: Ppk2Command): void {
    this.received.push(command)
    if (command.kind === 'start') this.startStream()
    else if (command.kind === 'stop') this.stopStream()
    else if (command.kind === 'metadata') this.sendMetadata()
    else this.configure(command)
  }

  private configure(command: Ppk2Command): void {
    this.tick()
    if (command.kind === 'device power') this.isDevicePowered = command.on
    else if (command.kind === 'power mode') this.mode = command.mode
    else if (command.kind === 'regulator') this.regulatorMv = command.millivolts
    else if (command.kind === 'user gain') {
      this.userGain = this.userGain.map((gain, range) => (range === command.range ? command.gain : gain))
    } else if (command.kind === 'reset') this.isDevicePowered = false
    this.converter.calibrate(this.coefficients())
    const setV = this.mode === 'source' ? this.regulatorMv / 1000 : (this.options.externalV ?? 3.3)
    this.load.change(this.now(), { supplyV: this.isDevicePowered ? setV : 0 })
  }

  private get calibration() {
    return this.options.calibration ?? realCalibration
  }

  private coefficients(): Float64Array {
    return toCoefficients({ ...this.calibration, ug: this.userGain }, this.regulatorMv / 1000)
  }

  private now(): number {
    return this.clock.nowS() - this.epochS
  }

  private startStream(): void {
    this.stopStream()
    this.streamStartS = this.now()
    const faults = this.options.faults ?? {}
    this.sampler = createEmulatedSampler(this.streamStartS, this.load, this.converter, faults, this.random)
    this.ticking = new AbortController()
    void this.keepTicking(this.ticking.signal)
  }

  private stopStream(): void {
    this.tick()
    const stale = this.received.length === 1 ? (this.options.faults?.staleBytes ?? 0) : 0
    if (stale > 0) this.send(Uint8Array.from({ length: stale }, () => this.random() & 255))
    this.sampler = null
    this.ticking.abort()
  }

  private async keepTicking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(this.options.tickS ?? 0.005, signal)
      if (!signal.aborted) this.tick()
    }
  }

  /** Sends what was sampled since the last time. */
  private tick(): void {
    if (!this.sampler || this.wire.hasEnded) return
    const { silentAtS, unplugAtS } = this.options.faults ?? {}
    const stopS =
      this.streamStartS + Math.min(silentAtS ?? Number.POSITIVE_INFINITY, unplugAtS ?? Number.POSITIVE_INFINITY)
    const now = this.now()
    if (!this.isSilent) this.send(this.sampler.until(Math.min(now, stopS)), now + this.epochS)
    if (now < stopS) return
    this.isSilent = true
    if (unplugAtS !== undefined) this.wire.end({ how: 'lost', reason: 'the emulated cable was pulled' })
  }

  private sendMetadata(): void {
    const calibration = { ...this.calibration, ug: this.userGain }
    const isEmulated = this.options.saysEmulated ?? false
    const fields = { calibration, regulatorMv: this.regulatorMv, hardware: 9173, mode: this.mode, ia: 56, isEmulated }
    this.send(new TextEncoder().encode(emulatedMetadata(fields, this.options.faults?.metadata)))
  }

  /** @param arrivalS host clock of the last sample: making the bytes takes time that no real meter takes */
  private send(bytes: Uint8Array, arrivalS = this.clock.nowS()): void {
    for (let at = 0; at < bytes.length; ) {
      const odd = this.options.faults?.oddChunks ? (this.random() % 8) * 64 + 1 + (this.random() % 7) : bytes.length
      this.wire.send(bytes.slice(at, at + odd), arrivalS)
      at += odd
    }
  }
}
