import { isMilliwattError } from '../core/errors.ts'
import type { HostFiles } from '../core/host.ts'
import { writeProblem } from '../trace/capture.ts'
import type { OpenedTrace } from '../trace/formats/format.ts'
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

/**
 * Writes a trace in the format that the ending of `to` asks for, block by block. What was begun is removed
 * when it cannot be ended.
 * @throws MilliwattError USAGE, TRACE_SUPPLY, TRACE_INVALID, TRACE_DISK_FULL, TRACE_WRITE, INTERRUPTED
 */
export async function convertTrace(
  files: HostFiles,
  trace: OpenedTrace,
  to: string,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const totals = new TraceTotals()
  const facts = options.supplyV === undefined ? trace.facts : { ...trace.facts, supplyV: options.supplyV }
  const sink = await createTrace(files, to, facts).catch((error: unknown) => {
    throw isMilliwattError(error) ? error : writeProblem(to, error)
  })
  try {
    for await (const event of trace.events()) {
      options.signal?.throwIfAborted()
      totals.push(event)
      await sink.push(event)
      options.onProgress?.(totals.received)
    }
    const incomplete = trace.facts.incomplete ?? trace.damage ?? null
    const paths = await sink.close(incomplete)
    const stats = await Promise.all(paths.map((path) => files.stat(path)))
    const sizeBytes = stats.reduce((sum, stat) => sum + (stat?.sizeBytes ?? 0), 0)
    return { paths, samples: totals.received, lost: totals.lost, sizeBytes, incomplete }
  } catch (error) {
    await sink.abort().catch(() => {})
    await files.remove(to).catch(() => {})
    throw isMilliwattError(error) ? error : writeProblem(to, error)
  }
}
