import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { HostFiles } from '../../core/host.ts'
import { captureFormat } from './capture/format.ts'
import { csvFormat } from './csv/format.ts'
import type { OpenedTrace, ReadOptions, TraceFacts, TraceFormat, TraceSink, TraceSource } from './format.ts'
import { jlsFormat } from './jls/format.ts'
import { lpm01aLog } from './lpm01a/format.ts'
import { mlperfTiny } from './mlperf/format.ts'
import { parquetFormat } from './parquet/format.ts'
import { ppk2Format } from './ppk2/format.ts'

/** Every trace format, in the order in which they are tried; `test/trace/formats/conformance.test.ts` finds a new one here. */
export const traceFormats: readonly TraceFormat[] = [
  captureFormat,
  parquetFormat,
  ppk2Format,
  jlsFormat,
  csvFormat,
  mlperfTiny,
  lpm01aLog,
]

const headBytes = 4096

/** Looks at a path. @throws MilliwattError TRACE_NOT_FOUND, TRACE_INVALID */
async function sourceAt(files: HostFiles, path: string): Promise<TraceSource> {
  const stat = await files.stat(path)
  // A capture may be named without its ending.
  if (!stat && (await files.stat(`${path}.raw`))) return sourceAt(files, `${path}.raw`)
  if (!stat) throw new MilliwattError('TRACE_NOT_FOUND', path)
  if (stat.kind === 'folder') return { path, files, kind: 'folder', sizeBytes: 0, head: new Uint8Array(0) }
  try {
    const reader = await files.open(path)
    const head = await reader.read(0, headBytes)
    await reader.close()
    return { path, files, kind: 'file', sizeBytes: reader.sizeBytes, head }
  } catch (error) {
    throw new MilliwattError('TRACE_INVALID', path, `It cannot be read: ${messageOf(error)}.`, error)
  }
}

/**
 * Opens a trace in any format, told by its content.
 * @param name of the format where content and name of the file do not tell it
 * @throws MilliwattError TRACE_NOT_FOUND, TRACE_INVALID, TRACE_SUPPLY, USAGE
 */
export async function openTrace(
  files: HostFiles,
  path: string,
  options: ReadOptions,
  name?: string,
): Promise<OpenedTrace> {
  const source = await sourceAt(files, path)
  if (name !== undefined) return formatNamed(name).open(source, options)
  for (const format of traceFormats) if (await format.detects(source)) return format.open(source, options)
  const known = traceFormats.map((format) => format.name).join(', ')
  throw new MilliwattError('TRACE_INVALID', path, `Its content is none of: ${known}.`)
}

/** @throws MilliwattError USAGE with the names there are */
function formatNamed(name: string): TraceFormat {
  const format = traceFormats.find((known) => known.name === name)
  if (format) return format
  throw new MilliwattError('USAGE', name, `Formats: ${traceFormats.map((known) => known.name).join(', ')}.`)
}

/**
 * Starts a file in the format that its ending asks for.
 * @throws MilliwattError USAGE for endings that no format writes, TRACE_WRITE
 */
export async function createTrace(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  const lower = path.toLowerCase()
  const format = traceFormats.find(({ create, endings }) => create && endings.some((ending) => lower.endsWith(ending)))
  if (!format?.create) {
    const endings = traceFormats.flatMap(({ create, endings }) => (create ? endings : []))
    throw new MilliwattError('USAGE', path, `Its name must end in ${endings.join(', ')}.`)
  }
  return format.create(files, path, facts)
}
