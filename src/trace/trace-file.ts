import { z } from 'zod'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Provenance } from '../core/provenance.ts'

/** A named stretch of a trace: a measuring window, an idle stretch. Borders are fractional sample indexes. */
export interface TraceMark {
  readonly label: string
  readonly startIndex: number
  readonly endIndex: number
  readonly method: string
  /** Inferences that ran in it, where that is known. */
  readonly inferences?: number
  /** Half width of what the worse edge may be off, in seconds, where that is known. */
  readonly edgeUncertaintyS?: number
}

/**
 * The `.json` beside a `.raw` file, which itself begins with a copy of it. Rule for readers: a reader of
 * version 1 refuses any other version; a later version that still can read 1 says so here.
 */
export interface TraceSidecar {
  readonly version: 1
  readonly kind: 'milliwatt-trace'
  /** What is known of the meter, as its driver states it. */
  readonly meter: Readonly<Record<string, unknown>>
  /** Name of the layout of the raw file; the meter drivers own these. */
  readonly rawFormat: string
  readonly sampleRateHz: number
  readonly supplyV: number
  readonly provenance: Exclude<Provenance, 'modelled'>
  /** ISO 8601 wall time at the start of the capture. */
  readonly startedAt: string
  /** Index of the first sample in the raw file. */
  readonly firstIndex: number
  /** Samples known to be in the raw file; the file may hold more when the capture was killed. */
  readonly sampleCount: number
  /**
   * Samples that the meter took but that did not arrive, by index on the meter's grid: the first gaps and always the
   * last, 10 000 at most. The blocks of the raw file tell all.
   */
  readonly gaps: readonly { readonly index: number; readonly count: number }[]
  /** Gaps that there were but that `gaps` leaves out; absent where it holds all. */
  readonly gapsLeftOut?: number
  readonly marks: readonly TraceMark[]
  /** Host clock (seconds) at which the samples before `index` had arrived, the least late of some seconds. */
  readonly clockAnchors: readonly { readonly index: number; readonly hostS: number }[]
  /** False while the capture runs, and for good when it did not reach its end. */
  readonly complete: boolean
  /** Why it is not complete. */
  readonly reason: string | null
}

const count = z.number().int().nonnegative()

const markSchema = z.object({
  label: z.string(),
  startIndex: z.number(),
  endIndex: z.number(),
  method: z.string(),
  inferences: z.number().positive().optional(),
  edgeUncertaintyS: z.number().nonnegative().optional(),
})

/** The mark that a text holds, or null when it holds none. */
export function readMark(text: string): TraceMark | null {
  try {
    return markSchema.parse(JSON.parse(text)) as TraceMark
  } catch {
    return null
  }
}

const sidecarSchema = z.object({
  version: z.literal(1),
  kind: z.literal('milliwatt-trace'),
  meter: z.record(z.string(), z.unknown()),
  rawFormat: z.string().min(1),
  sampleRateHz: z.number().positive(),
  supplyV: z.number().nonnegative(),
  provenance: z.enum(['measured', 'replayed', 'emulated']),
  startedAt: z.string(),
  firstIndex: count,
  sampleCount: count,
  gaps: z.array(z.object({ index: count, count })),
  gapsLeftOut: count.optional(),
  marks: z.array(markSchema),
  clockAnchors: z.array(z.object({ index: z.number(), hostS: z.number() })),
  complete: z.boolean(),
  reason: z.string().nullable(),
})

/** How to turn raw bytes of one layout back into samples. The meter drivers own the layouts. */
export interface RawDecoder {
  /** Bytes of one sample. */
  readonly wordBytes: number
  /** Decodes whole words: watts (NaN where not valid) and digital levels, one each a word. */
  decode(
    raw: Uint8Array,
    sidecar: Pick<TraceSidecar, 'meter' | 'supplyV' | 'sampleRateHz'>,
  ): { readonly powerW: Float32Array; readonly digital: Uint8Array }
}

/**
 * Checks the text of a sidecar.
 * @throws MilliwattError TRACE_INVALID
 */
export function readSidecar(text: string, path: string): TraceSidecar {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new MilliwattError('TRACE_INVALID', path, `It is not whole JSON: ${messageOf(error)}.`, error)
  }
  const version = (value as { readonly version?: unknown } | null)?.version
  if (version !== undefined && version !== 1) {
    throw new MilliwattError('TRACE_INVALID', path, `It has version ${version}; this milliwatt reads version 1.`)
  }
  const parsed = sidecarSchema.safeParse(value)
  if (parsed.success) return parsed.data as TraceSidecar
  const issue = parsed.error.issues[0]
  throw new MilliwattError('TRACE_INVALID', path, `Field ${issue?.path.join('.') || '(whole)'}: ${issue?.message}.`)
}
