import type { Host } from '../core/host.ts'
import type { Provenance } from '../core/provenance.ts'
import type { SampleEvent } from '../trace/samples.ts'

/** What is known of an opened meter; goes into every trace and report. */
export interface MeterInfo {
  readonly driver: string
  readonly model: string
  readonly path: string
  readonly serialNumber?: string
  readonly provenance: Exclude<Provenance, 'modelled'>
  readonly sampleRateHz: number
  /** Supply voltage that turns current into power, in volts. */
  readonly supplyV: number
  /**
   * Who says so: the meter supplies it, the meter measures it, the user stated it, nobody did (see `warnings`), or
   * the meter tells power or energy itself and the voltage plays no part (`supplyV` is 0 then).
   */
  readonly supplySource: 'set by meter' | 'measured' | 'stated by user' | 'assumed' | 'not used'
  /** `source`: the meter feeds the device; `ampere`: it only measures the current that passes. */
  readonly mode: 'source' | 'ampere'
  /** Relative gain uncertainty of the instrument; it does not average out. */
  readonly gainUncertainty: number
  /** Gain and offset of the instrument with their source, for an uncertainty budget; absent when nobody states them. */
  readonly accuracy?: Accuracy
  /** What its figures include: a rail, the processor's package, a whole board. */
  readonly covers?: string
  /** Shortest window, in seconds, over which its figures mean something; absent when a few samples are enough. */
  readonly minimumWindowS?: number
  readonly calibration: Readonly<Record<string, number | string>>
  /** Name of the layout of `SampleBlock.raw`. */
  readonly rawFormat: string
  readonly warnings: readonly string[]
}

/** Limits of error of an instrument, as its maker states them; none of them averages out. */
export interface Accuracy {
  /** Part of the reading: 0.02 is ±2 %. */
  readonly gain: number
  /** Current that is added to every reading, at most, in amperes. */
  readonly offsetA?: number
  /** Power that is added to every reading, at most, in watts. */
  readonly offsetW?: number
  readonly source: string
}

/** Running counts of a stream. `received + lost` is the number of samples that the meter took. */
export interface MeterCounts {
  readonly received: number
  readonly lost: number
  /** Received, but at the end of the converter's scale: the true value is higher. */
  readonly saturated: number
  /** Received, but not a legal reading. */
  readonly invalid: number
  /** Bytes thrown away while looking for the sample border. */
  readonly discardedBytes: number
  /**
   * Of `received`: single readings that were lost, but whose energy an accumulator in the meter still tells. Their
   * samples share its mean, so that energy is exact and only its place within the stretch is not.
   */
  readonly bridged?: number
}

/** A wire from this process to a digital channel of the meter: what is set here shows up in the samples. */
export interface MarkerLine {
  readonly channel: number
  set(high: boolean): void
}

/** An opened meter. */
export interface Meter extends AsyncDisposable {
  readonly info: MeterInfo
  readonly counts: MeterCounts
  /** Present only where a wire exists. */
  readonly marker?: MarkerLine
  /**
   * Streams until the signal aborts (the stream then ends without error).
   * @throws MilliwattError METER_LOST when the meter goes away; everything that arrived was yielded before.
   */
  samples(signal: AbortSignal): AsyncIterable<SampleEvent>
  /** Stops streaming, leaves the instrument idle, closes the port. A second call does nothing. */
  close(): Promise<void>
}

/** How to open a meter. */
export interface MeterOptions {
  /** Serial path, host name or file; what it means is the driver's business. */
  readonly path: string
  readonly mode?: 'source' | 'ampere'
  /** Supply voltage in volts: set in source mode, stated in ampere mode. */
  readonly supplyV?: number
  /** Seconds to wait for a meter that went away while streaming; the stream then goes on with a gap. Default 0: it ends. */
  readonly resumeS?: number
  /** Rate of the session that this one goes on with, for drivers that find theirs out by trying. */
  readonly sampleRateHz?: number
  readonly signal?: AbortSignal
}

/** A meter that a driver found on this machine but did not open. */
export interface FoundMeter {
  readonly driver: string
  readonly path: string
  readonly name: string
  /** What its figures include, where that is less than the whole device under test or more. */
  readonly covers?: string
  /** Why this user cannot use it as things are, and the command that cures it. */
  readonly problem?: { readonly reason: string; readonly next: string }
}

/** What a driver found, and why not more when it found nothing. */
export interface MeterSearch {
  readonly meters: readonly FoundMeter[]
  readonly reason?: string
}

/** An instrument in software in the place of a real one, for rehearsals and tests. */
export interface Rehearsal {
  /** A host on which the emulated instrument is plugged in. */
  readonly host: Host
  readonly path: string
  /** Present only where the emulated instrument has a wire to one of its channels. */
  readonly marker?: MarkerLine
}

/** One kind of meter. */
export interface MeterDriver {
  readonly name: string
  /** One line for help texts: what it is and what a path means. */
  readonly summary: string
  /** Path that stands in when the user gives none; without it the first meter found is opened. */
  readonly defaultPath?: string
  /**
   * Whether a meter of this kind may be taken without being named: it surely reads the device under test and is
   * nothing else. False for sensors of parts of this machine and for instruments that share their ids with others.
   */
  readonly automatic: boolean
  /** Optional npm packages without which it cannot be opened. */
  readonly packages?: readonly string[]
  /** Looks without disturbing: writes to no port. */
  find(host: Host): Promise<MeterSearch>
  /**
   * Opens, checks that it is what it should be, configures; leaves it ready to stream.
   * @throws MilliwattError METER_NOT_FOUND, METER_BUSY, METER_PERMISSION, METER_WRONG, METER_CALIBRATION
   */
  open(host: Host, options: MeterOptions): Promise<Meter>
  /** Puts an emulated instrument, which speaks the same bytes, into this host. */
  rehearse(host: Host): Rehearsal
}
