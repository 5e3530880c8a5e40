import type { HostFiles } from '../../core/host.ts'
import type { SampleEvent } from '../samples.ts'
import type { StreamSpan } from '../stream-span.ts'
import type { RawDecoder, TraceMark } from '../trace-file.ts'

/** Where the figures of a file come from: a reading of a meter is `replayed`, an emulated one stays so. */
export type FileProvenance = 'replayed' | 'emulated'

/** A measuring window that a file states itself. Borders are sample indexes on the meter's grid. */
export interface StatedWindow extends Omit<TraceMark, 'inferences'> {
  /** Inferences that ran in the window; null where the file does not say. */
  readonly inferences: number | null
  /** What those who recorded the trace published for this window. */
  readonly published?: {
    /** In joules. */
    readonly energyJ: number
    /** In joules; null where it was not published. */
    readonly energyPerInferenceJ: number | null
  }
}

/** What a trace says of itself, all that is known before its samples are read. */
export interface TraceFacts {
  readonly sampleRateHz: number
  readonly provenance: FileProvenance
  /** Supply in volts; null where the file holds power and no voltage. */
  readonly supplyV: number | null
  readonly meter: Readonly<Record<string, unknown>>
  /** ISO 8601 wall time of the first sample; null where unknown. */
  readonly startedAt: string | null
  readonly windows: readonly StatedWindow[]
  /** Published median energy of one inference in joules. */
  readonly publishedMedianJ: number | null
  /** Why the trace is not all that was to be recorded (killed, cut, packets dropped); null when it is. */
  readonly incomplete: string | null
  /** How much there is by the samples' own count and by the clock of the host that recorded them, where it kept both. */
  readonly stream?: StreamSpan | null
  /** What a reader should know, one sentence each. */
  readonly notes: readonly string[]
}

/** An opened trace. Samples come in blocks, so that a trace of any length needs little memory. */
export interface OpenedTrace extends AsyncDisposable {
  readonly path: string
  readonly format: string
  readonly facts: TraceFacts
  /**
   * The samples and gaps in their order; may be asked for again.
   * @throws MilliwattError TRACE_INVALID where the file turns out to be damaged
   */
  events(): AsyncIterable<SampleEvent>
  /** Known only after all samples were read: why the trace is not whole after all; null when it is. */
  readonly damage?: string | null
}

/** What the user can state where a file does not. */
export interface ReadOptions {
  /** Supply in volts, for files that hold current only. */
  readonly supplyV?: number
  /** Sample rate, for files that do not tell it. */
  readonly sampleRateHz?: number
  /** Raw layouts of captures by name; the meter drivers own them. */
  readonly decoders: Readonly<Record<string, RawDecoder>>
}

/** What is at a path, before anyone knows what it is. */
export interface TraceSource {
  readonly path: string
  readonly files: HostFiles
  readonly kind: 'file' | 'folder'
  /** Length of the file; 0 for a folder. */
  readonly sizeBytes: number
  /** First bytes of the file (at most 4096); empty for a folder. */
  readonly head: Uint8Array
}

/** A file under construction. */
export interface TraceSink {
  /** Files that it writes, the one that was asked for first. */
  readonly paths: readonly string[]
  /** Takes samples and gaps in their order. @throws the system's error of a failed write */
  push(event: SampleEvent): Promise<void>
  /**
   * Writes what is still held and ends the files.
   * @param incomplete why the trace is not whole; null when it is
   */
  close(incomplete: string | null): Promise<void>
  /** Gives up: closes the files without ending them. */
  abort(): Promise<void>
}

/** A way to keep a trace in a file. */
export interface TraceFormat {
  readonly name: string
  /** One line for help texts: what it is and who reads it. */
  readonly summary: string
  /** Endings of file names that ask for this format on writing, `.csv` for instance. */
  readonly endings: readonly string[]
  /** Whether this is the format of what lies there. Never throws; the list is asked in its order. */
  detects(source: TraceSource): Promise<boolean>
  /** @throws MilliwattError TRACE_INVALID, TRACE_SUPPLY */
  open(source: TraceSource, options: ReadOptions): Promise<OpenedTrace>
  /** Starts a file; absent where milliwatt only reads the format. */
  create?(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink>
}
