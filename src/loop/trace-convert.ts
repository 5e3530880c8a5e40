import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { HostFiles } from '../core/host.ts'
import { writeProblem } from '../trace/capture.ts'
import type { OpenedTrace, TraceSink } from '../trace/formats/format.ts'
import { createTrace } from '../trace/formats/list.ts'
import { TraceTotals } from '../trace/trace-totals.ts'

/** What a conversion wrote. */
export interface Conversion {
  readonly paths: readonly string[]
  readonly samples: number
  readonly lost: number
  /** Bytes of the files that were written. */
  readonly sizeBytes: number
  /** Why the trace is not whole; null when it is. */
  readonly incomplete: string | null
}

/** What the user states on a conversion. */
export interface ConvertOptions {
  /** Supply for targets that hold current, where the trace does not tell it. */
  readonly supplyV?: number
  readonly signal?: AbortSignal
  /** Called now and then with the samples written so far. */
  readonly onProgress?: (samples: number) => void
}

/** Where the ending of a file name begins; the length of the name when it has none. */
const endingAt = (path: string): number => path.length - (/\.[^./\\]+$/.exec(path)?.[0].length ?? 0)

const infix = '.part'

/** The error as the user knows the file; what was begun is gone. */
function failureOf(error: unknown, partial: string, to: string): MilliwattError {
  if (!isMilliwattError(error)) return writeProblem(to, error)
  if (error.code === 'INTERRUPTED') {
    return new MilliwattError('INTERRUPTED', to, 'What was written so far was removed; the trace is as it was.', error)
  }
  return error.where === partial ? new MilliwattError(error.code, to, error.detail, error) : error
}

/**
 * Writes a trace in the format that the ending of `to` asks for, block by block. Until it is whole it has another name: an
 * attempt that fails or is stopped leaves nothing behind, and what lay at `to` before stays as it was.
 * @throws MilliwattError USAGE, TRACE_SUPPLY, TRACE_INVALID, TRACE_DISK_FULL, TRACE_WRITE, INTERRUPTED
 */
export async function convertTrace(
  files: HostFiles,
  trace: OpenedTrace,
  to: string,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const facts = options.supplyV === undefined ? trace.facts : { ...trace.facts, supplyV: options.supplyV }
  const at = endingAt(to)
  const partial = `${to.slice(0, at)}${infix}${to.slice(at)}`
  const wholeName = (path: string) => `${path.slice(0, at)}${path.slice(at + infix.length)}`
  let sink: TraceSink | null = null
  try {
    sink = await createTrace(files, partial, facts)
    const written = await copy(trace, sink, options)
    for (const path of sink.paths) await files.rename(path, wholeName(path))
    const paths = sink.paths.map(wholeName)
    const stats = await Promise.all(paths.map((path) => files.stat(path)))
    return { ...written, paths, sizeBytes: stats.reduce((sum, stat) => sum + (stat?.sizeBytes ?? 0), 0) }
  } catch (error) {
    await sink?.abort().catch(() => {})
    for (const path of sink?.paths ?? [partial]) await files.remove(path).catch(() => {})
    throw failureOf(error, partial, to)
  }
}

/** Copies all samples and ends the files. */
async function copy(
  trace: OpenedTrace,
  sink: TraceSink,
  { signal, onProgress }: ConvertOptions,
): Promise<Pick<Conversion, 'samples' | 'lost' | 'incomplete'>> {
  const totals = new TraceTotals()
  for await (const event of trace.events()) {
    signal?.throwIfAborted()
    totals.push(event)
    await sink.push(event)
    onProgress?.(totals.received)
  }
  const incomplete = trace.facts.incomplete ?? trace.damage ?? null
  await sink.close(incomplete)
  return { samples: totals.received, lost: totals.lost, incomplete }
}
