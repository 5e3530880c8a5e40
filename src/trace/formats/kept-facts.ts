import { z } from 'zod'
import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { SampleEvent } from '../samples.ts'
import type { TraceFacts } from './format.ts'

/**
 * What milliwatt keeps beside the samples in a file of another's format, so that supply, provenance and
 * windows survive a conversion. Rule for readers: version 1 only; newer ones are refused.
 */
export interface KeptFacts {
  readonly facts: TraceFacts
  /** Index of the file's first sample on the meter's grid. */
  readonly firstIndex: number
  /** Places of the grid that the file stands for, lost samples at its end included. */
  readonly length: number
}

const schema = z.object({
  version: z.literal(1),
  kind: z.literal('milliwatt-facts'),
  firstIndex: z.number().int().nonnegative(),
  length: z.number().int().nonnegative(),
  facts: z.object({
    sampleRateHz: z.number().positive(),
    provenance: z.enum(['replayed', 'emulated']),
    supplyV: z.number().nonnegative().nullable(),
    meter: z.record(z.string(), z.unknown()),
    startedAt: z.string().nullable(),
    windows: z.array(
      z.object({
        label: z.string(),
        startIndex: z.number(),
        endIndex: z.number(),
        method: z.string(),
        inferences: z.number().positive().nullable(),
        edgeUncertaintyS: z.number().nonnegative().optional(),
        published: z.object({ energyJ: z.number(), energyPerInferenceJ: z.number().nullable() }).optional(),
      }),
    ),
    publishedMedianJ: z.number().nullable(),
    incomplete: z.string().nullable(),
    stream: z
      .object({ samples: z.number(), hostS: z.number().positive(), uncertaintyS: z.number().nonnegative() })
      .nullish(),
    notes: z.array(z.string()),
  }),
})

/** The value to keep as JSON. */
export function toKept({ facts, firstIndex, length }: KeptFacts): Readonly<Record<string, unknown>> {
  return { version: 1, kind: 'milliwatt-facts', firstIndex, length, facts }
}

/** Reads what was kept. @throws MilliwattError TRACE_INVALID */
export function readKept(value: unknown, path: string): KeptFacts {
  const version = (value as { readonly version?: unknown } | null)?.version
  if (version !== undefined && version !== 1) {
    throw new MilliwattError(
      'TRACE_INVALID',
      path,
      `Its facts have version ${version}; this milliwatt reads version 1.`,
    )
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data as KeptFacts
  const issue = parsed.error.issues[0]
  throw new MilliwattError('TRACE_INVALID', path, `Field ${issue?.path.join('.') || '(whole)'}: ${issue?.message}.`)
}

/** Reads what was kept as JSON text. @throws MilliwattError TRACE_INVALID */
export function readKeptText(text: string, path: string): KeptFacts {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new MilliwattError('TRACE_INVALID', path, `It is not whole JSON: ${messageOf(error)}.`, error)
  }
  return readKept(value, path)
}

/** Facts of a file that tells only its rate and perhaps its time. */
export function bareFacts(
  sampleRateHz: number,
  supplyV: number | null,
  driver: string,
  startedAt: string | null = null,
): TraceFacts {
  return {
    sampleRateHz,
    provenance: 'replayed',
    supplyV,
    meter: { driver },
    startedAt,
    windows: [],
    publishedMedianJ: null,
    incomplete: null,
    notes: [],
  }
}

/** No meter is away for longer than this many samples (a day at 100 kS/s): a longer gap is damage. */
const longestGap = 24 * 3600 * 100_000

/** Where a sink is on the grid: the first sample decides, and nothing may go back. */
export class GridPlace {
  readonly #path: string
  #firstIndex = Number.NaN
  /** Places from the first sample on, gaps included. */
  length = 0

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Places of the grid without a sample up to the end of this gap, or up to this block.
   * @throws MilliwattError TRACE_INVALID where the trace goes back or leaps
   */
  lostUpTo(event: SampleEvent): number {
    if (Number.isNaN(this.#firstIndex)) this.#firstIndex = event.firstIndex
    const before = event.firstIndex - this.#firstIndex - this.length
    const lost = event.kind === 'gap' ? before + event.count : before
    if (before >= 0 && lost <= longestGap) return lost
    const what = before < 0 ? `goes back by ${-before} samples` : `has a gap of ${lost} samples`
    throw new MilliwattError('TRACE_INVALID', this.#path, `What is to be written ${what}.`)
  }

  /** What to keep of these facts. */
  kept(facts: TraceFacts, incomplete: string | null): KeptFacts {
    return { facts: { ...facts, incomplete }, firstIndex: this.#firstIndex || 0, length: this.length }
  }
}
