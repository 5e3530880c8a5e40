import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Clock, FileAppender, HostFiles } from '../core/host.ts'
import { writeBlock } from './capture-block.ts'
import { plainLayoutName, toPlain } from './plain-layout.ts'
import { PieceCollector, RawWriter } from './raw-writer.ts'
import type { SampleBlock, SampleEvent } from './samples.ts'
import type { TraceMark, TraceSidecar } from './trace-file.ts'
import { TraceNotes } from './trace-notes.ts'

/** What is recorded and where. */
export interface CaptureOptions {
  readonly files: HostFiles
  readonly clock: Pick<Clock, 'nowS' | 'wallTime'>
  /** Path without ending: `<base>.raw` and `<base>.json` are written. */
  readonly base: string
  readonly meter: TraceSidecar['meter']
  /** Layout of `SampleBlock.raw`; null where it has none of fixed length: decoded samples are kept then. */
  readonly rawFormat: string | null
  readonly sampleRateHz: number
  readonly supplyV: number
  readonly provenance: TraceSidecar['provenance']
  /** ISO 8601 wall time of the first sample; default now. */
  readonly startedAt?: string
  /** Bytes of one write; default 128 KiB. */
  readonly pieceBytes?: number
  /** Bytes that may wait for a slow disk; default 64 MiB. */
  readonly maxQueuedBytes?: number
  /** Seconds between rewrites of the sidecar; default 3. */
  readonly sidecarEveryS?: number
}

/**
 * Starts a capture. Never rejects: where nothing can be written the capture holds the `problem` and takes
 * samples without keeping them.
 */
export async function openCapture(options: CaptureOptions): Promise<Capture> {
  const rawPath = `${options.base}.raw`
  try {
    const appender = await options.files.append(rawPath)
    const capture = new Capture(options, appender)
    await capture.begin()
    return capture
  } catch (error) {
    return new Capture(options, null, writeProblem(rawPath, error))
  }
}

/**
 * An append-only recording of a meter's stream (`capture-block.ts`) with a sidecar beside it. A killed process
 * loses a few seconds at most.
 */
export class Capture {
  /** Paths of the raw file and its sidecar. */
  readonly rawPath: string
  readonly sidecarPath: string
  readonly #options: CaptureOptions
  readonly #writer: RawWriter | null
  readonly #pieces: PieceCollector
  readonly #startedAt: string
  readonly #notes: TraceNotes
  #sidecarDueS: number
  #problem: MilliwattError | null
  #closing: Promise<void> | null = null
  #end: { readonly complete: boolean; readonly reason: string | null } = {
    complete: false,
    reason: 'the capture was still running',
  }

  constructor(options: CaptureOptions, appender: FileAppender | null, problem: MilliwattError | null = null) {
    this.#options = options
    this.rawPath = `${options.base}.raw`
    this.sidecarPath = `${options.base}.json`
    this.#notes = new TraceNotes(options.sampleRateHz)
    this.#pieces = new PieceCollector(options.pieceBytes ?? 128 * 1024)
    this.#writer = appender && new RawWriter(appender, (error) => this.#stop(writeProblem(this.rawPath, error)))
    this.#problem = problem
    this.#startedAt = options.startedAt ?? options.clock.wallTime().toISOString()
    this.#sidecarDueS = options.clock.nowS() + this.#sidecarEveryS
  }

  /** Why the capture stopped or could not start: TRACE_DISK_FULL or TRACE_WRITE; null while all is well. */
  get problem(): MilliwattError | null {
    return this.#problem
  }

  /** Samples that surely are in the raw file. */
  get writtenSamples(): number {
    return this.#writer?.writtenSamples ?? 0
  }

  /** Writes the header and a first sidecar. Never rejects. */
  async begin(): Promise<void> {
    const header = new TextEncoder().encode(JSON.stringify(this.#sidecar()))
    this.#writer?.write({ bytes: writeBlock('header', header), samples: 0 })
    await this.flush()
  }

  /** Takes what the meter yielded. Never throws and never waits; does nothing after a problem or `close`. */
  push(event: SampleEvent): void {
    if (!this.#writer || this.#problem || this.#closing) return
    this.#notes.push(event)
    if (event.kind === 'samples') {
      for (const piece of this.#pieces.add(event, this.#rawOf(event))) this.#writer.write(piece)
      for (const { index, label } of event.marks ?? []) {
        this.mark({ label, startIndex: index, endIndex: index, method: "the meter's event line" })
      }
    }
    if (this.#writer.queuedBytes > (this.#options.maxQueuedBytes ?? 64 * 1024 * 1024)) {
      this.#stop(new MilliwattError('TRACE_WRITE', this.rawPath, 'The disk is too slow for the stream.'))
    }
    if (this.#options.clock.nowS() >= this.#sidecarDueS) this.#flushSoon()
  }

  /** Names a stretch of the trace. Does nothing after a problem or `close`. */
  mark(mark: TraceMark): void {
    if (!this.#writer || this.#problem || this.#closing) return
    this.#notes.marks.push(mark)
    this.#writer.write({ bytes: writeBlock('mark', new TextEncoder().encode(JSON.stringify(mark))), samples: 0 })
  }

  #rawOf(block: SampleBlock): Uint8Array {
    return this.#options.rawFormat === null ? toPlain(block) : block.raw
  }

  /** Writes out what was pushed so far and rewrites the sidecar. Never rejects. */
  async flush(): Promise<void> {
    this.#flushSoon()
    await this.#writer?.drained()
  }

  /**
   * Ends the capture and writes the last sidecar. Never rejects; a second call waits for the first.
   * @param reason why the trace is not complete (meter lost, interrupted); null when the run came to its end
   */
  close(reason: string | null = null): Promise<void> {
    this.#closing ??= this.#close(reason)
    return this.#closing
  }

  async #close(reason: string | null): Promise<void> {
    if (!this.#writer) return
    if (!this.#problem) for (const piece of this.#pieces.take()) this.#writer.write(piece)
    await this.#writer.close()
    this.#end = this.#problem
      ? { complete: false, reason: this.#problem.message }
      : { complete: reason === null, reason }
    const failure = await this.#writeSidecar()
    if (failure) this.#problem ??= failure
  }

  get #sidecarEveryS(): number {
    return this.#options.sidecarEveryS ?? 3
  }

  #flushSoon(): void {
    this.#sidecarDueS = this.#options.clock.nowS() + this.#sidecarEveryS
    if (!this.#writer || this.#closing) return
    if (!this.#problem) for (const piece of this.#pieces.take()) this.#writer.write(piece)
    // A sidecar that fails here is tried again later; only the last one counts as a problem.
    this.#writer.run(async () => {
      await this.#writeSidecar()
    })
  }

  #stop(problem: MilliwattError): void {
    if (this.#problem) return
    this.#problem = problem
    this.#end = { complete: false, reason: problem.message }
    this.#writer?.run(async () => {
      await this.#writeSidecar()
    })
  }

  async #writeSidecar(): Promise<MilliwattError | null> {
    try {
      await this.#options.files.write(this.sidecarPath, `${JSON.stringify(this.#sidecar(), null, 1)}\n`)
      return null
    } catch (error) {
      return writeProblem(this.sidecarPath, error)
    }
  }

  #sidecar(): TraceSidecar {
    const { meter, sampleRateHz, supplyV, provenance } = this.#options
    return {
      version: 1,
      kind: 'milliwatt-trace',
      meter,
      rawFormat: this.#options.rawFormat ?? plainLayoutName,
      sampleRateHz,
      supplyV,
      provenance,
      startedAt: this.#startedAt,
      firstIndex: this.#notes.firstIndex,
      sampleCount: this.writtenSamples,
      gaps: this.#notes.gaps,
      ...(this.#notes.gapsLeftOut > 0 ? { gapsLeftOut: this.#notes.gapsLeftOut } : {}),
      marks: this.#notes.marks,
      clockAnchors: this.#notes.clockAnchors,
      ...this.#end,
    }
  }
}

/** The error that a failed write is to the user: TRACE_DISK_FULL or TRACE_WRITE. */
export function writeProblem(path: string, error: unknown): MilliwattError {
  const code = (error as { readonly code?: unknown } | null)?.code
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new MilliwattError(full ? 'TRACE_DISK_FULL' : 'TRACE_WRITE', path, messageOf(error), error)
}
