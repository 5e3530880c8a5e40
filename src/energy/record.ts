import { z } from 'zod'
import { MilliwattError, messageOf } from '../core/errors.ts'
import { type Provenance, provenances } from '../core/provenance.ts'
import { type BudgetRow, combineBudget, type EnergyFigure } from './budget.ts'
import type { SessionVerdict } from './verdict.ts'
import { type AlignmentMethod, alignmentMethods } from './window-finders.ts'

/** A figure with where it comes from. */
export interface RecordedFigure extends EnergyFigure {
  readonly provenance: Provenance
}

/** Idle power on one side of the windows. */
export interface RecordedIdle {
  readonly meanPowerW: number
  readonly spreadW: number | null
  readonly parts: number
  readonly durationS: number
  readonly verdict: SessionVerdict['verdict']
  readonly provenance: Provenance
}

/** One measuring window. Energy fields are null where it was not usable; `energyUpperJ` also where nothing bounds it. */
export interface RecordedWindow {
  readonly startS: number
  readonly durationS: number
  readonly inferences: number
  readonly energyJ: number | null
  readonly energyUpperJ: number | null
  readonly meanPowerW: number | null
  readonly samplesLost: number
  readonly samplesInvalid: number
  readonly verdict: SessionVerdict['verdict']
  readonly reason: string | null
  readonly provenance: Provenance
}

/** The instrument of a record. */
export interface RecordedMeter {
  readonly driver: string
  readonly model: string
  readonly serialNumber: string | null
  readonly mode: string
  readonly supplyV: number
  readonly supplySource: string
  readonly sampleRateHz: number
  readonly calibration: Readonly<Record<string, number | string>>
}

/** What was measured. */
export interface RecordedSubject {
  readonly model: string
  readonly variant: string
  readonly file: string
  /** SHA-256 of the model file (or of the firmware image that holds it), lower-case hex. */
  readonly sha256: string
  /** Engine that ran it, and on what. */
  readonly engine: string
  readonly machine: string
}

/**
 * What one measurement of energy per inference gave, with all that is needed to trust, repeat or refuse it.
 * `schemas/energy-record.schema.json` is generated from this file's schema. Rule for readers: a reader of version 1
 * refuses any other version; a later version that still can read 1 says so here.
 */
export interface EnergyRecord {
  readonly version: 1
  readonly kind: 'milliwatt-energy'
  /** Version of milliwatt that wrote it. */
  readonly milliwatt: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Where every figure of the record comes from. */
  readonly provenance: Provenance
  readonly verdict: SessionVerdict['verdict']
  readonly reasons: readonly string[]
  readonly subject: RecordedSubject
  readonly method: {
    readonly alignment: AlignmentMethod | null
    readonly words: string
    /** Half width of what one edge of a window may be off, in seconds. */
    readonly edgeUncertaintyS: number | null
    readonly integration: string
  }
  /** Null for a modelled record. */
  readonly meter: RecordedMeter | null
  readonly idle: { readonly before: RecordedIdle | null; readonly after: RecordedIdle | null }
  readonly windows: readonly RecordedWindow[]
  /** Energy per inference, idle included. */
  readonly gross: RecordedFigure | null
  /** Energy per inference above idle. */
  readonly net: RecordedFigure | null
  readonly netReason: string | null
  readonly secondsPerInference: number | null
  /** Median latency of one inference by the host's clock. */
  readonly latencyS: number | null
  /** The score by the rules of MLPerf Tiny, and whether they would accept it. */
  readonly official: {
    readonly rule: string
    readonly energyPerInferenceJ: number
    readonly windows: number
    readonly valid: boolean
    readonly reasons: readonly string[]
    readonly provenance: Provenance
  } | null
  readonly environment: {
    readonly platform: string
    readonly architecture: string
    readonly runtime: string
    readonly temperatureC: number | null
  }
  /** The recorded trace; null when none was kept. */
  readonly trace: { readonly file: string; readonly bytes: number; readonly sha256: string } | null
}

const provenance = z.enum(provenances as readonly [Provenance, ...Provenance[]])
const verdict = z.enum(['complete', 'lower bound', 'invalid'])
const count = z.number().nonnegative()
const hash = z.string().regex(/^[0-9a-f]{64}$/)

const budgetRow: z.ZodType<BudgetRow> = z.strictObject({
  name: z.string(),
  given: z.string(),
  source: z.string(),
  kind: z.enum(['A', 'B']),
  distribution: z.enum(['rectangular', "Student's t"]),
  standardUncertaintyJ: z.number().nonnegative(),
  degreesOfFreedom: z.number().nonnegative().nullable(),
  relativeLimit: z.number().nonnegative().nullable(),
  averages: z.boolean(),
  origin: z.enum(['meter', 'session']),
  counted: z.boolean(),
})

const figure: z.ZodType<RecordedFigure> = z.strictObject({
  valueJ: z.number().describe('joules per inference'),
  intervalJ: z.tuple([z.number(), z.number()]).nullable().describe('holds the truth with this confidence'),
  confidence: z.number().gt(0).lt(1),
  standardUncertaintyJ: z.number().nonnegative(),
  model: z.strictObject({
    additiveUncertaintyJ: z.number().nonnegative(),
    degreesOfFreedom: z.number().nonnegative().nullable(),
    gainLimit: z.number().nonnegative(),
  }),
  missingAtMostJ: z.number().nonnegative().nullable().describe('null where nothing bounds it'),
  budget: z.array(budgetRow),
  provenance,
})

const idle = z.strictObject({
  meanPowerW: z.number(),
  spreadW: z.number().nonnegative().nullable(),
  parts: count,
  durationS: count,
  verdict,
  provenance,
})

const window = z.strictObject({
  startS: z.number(),
  durationS: count,
  inferences: z.number().positive(),
  energyJ: z.number().nullable(),
  energyUpperJ: z.number().nullable(),
  meanPowerW: z.number().nullable(),
  samplesLost: count,
  samplesInvalid: count,
  verdict,
  reason: z.string().nullable(),
  provenance,
})

const shape = z.strictObject({
  version: z.literal(1),
  kind: z.literal('milliwatt-energy'),
  milliwatt: z.string(),
  createdAt: z.string(),
  provenance,
  verdict,
  reasons: z.array(z.string()),
  subject: z.strictObject({
    model: z.string(),
    variant: z.string(),
    file: z.string(),
    sha256: hash,
    engine: z.string(),
    machine: z.string(),
  }),
  method: z.strictObject({
    alignment: z.enum(alignmentMethods).nullable(),
    words: z.string(),
    edgeUncertaintyS: z.number().nonnegative().nullable(),
    integration: z.string(),
  }),
  meter: z
    .strictObject({
      driver: z.string(),
      model: z.string(),
      serialNumber: z.string().nullable(),
      mode: z.string(),
      supplyV: z.number(),
      supplySource: z.string(),
      sampleRateHz: z.number().positive(),
      calibration: z.record(z.string(), z.union([z.number(), z.string()])),
    })
    .nullable(),
  idle: z.strictObject({ before: idle.nullable(), after: idle.nullable() }),
  windows: z.array(window),
  gross: figure.nullable(),
  net: figure.nullable(),
  netReason: z.string().nullable(),
  secondsPerInference: z.number().nonnegative().nullable(),
  latencyS: z.number().nonnegative().nullable(),
  official: z
    .strictObject({
      rule: z.string(),
      energyPerInferenceJ: z.number(),
      windows: count,
      valid: z.boolean(),
      reasons: z.array(z.string()),
      provenance,
    })
    .nullable(),
  environment: z.strictObject({
    platform: z.string(),
    architecture: z.string(),
    runtime: z.string(),
    temperatureC: z.number().nullable(),
  }),
  trace: z.strictObject({ file: z.string(), bytes: count, sha256: hash }).nullable(),
})

/** The JSON Schema that lies in `schemas/energy-record.schema.json`; a test keeps the file equal to it. */
export function energyRecordJsonSchema(): Record<string, unknown> {
  return { title: 'milliwatt energy record', ...z.toJSONSchema(shape, { io: 'input' }) }
}

/** Equal but for rounding. */
const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

/** Whether the error model of a figure is what its budget adds up to. */
function followsBudget({ valueJ, model, budget }: RecordedFigure): boolean {
  const { standardUncertainty, degreesOfFreedom, gainLimit } = combineBudget(valueJ, budget)
  return (
    isClose(model.additiveUncertaintyJ, standardUncertainty) &&
    model.degreesOfFreedom === degreesOfFreedom &&
    isClose(model.gainLimit, gainLimit)
  )
}

/** Whether the gross figure is the mean over the windows. */
function followsWindows({ gross, windows }: EnergyRecord): boolean {
  const values = windows.flatMap(({ energyJ, inferences }) => (energyJ === null ? [] : [energyJ / inferences]))
  return !gross || isClose(gross.valueJ, values.reduce((sum, value) => sum + value, 0) / values.length)
}

/** What a record contradicts itself in; null when nothing. */
function contradiction(record: EnergyRecord): string | null {
  const { gross, net, idle: sides, windows, official } = record
  const parts = [gross, net, sides.before, sides.after, official, ...windows].filter((part) => part !== null)
  const strange = parts.find((part) => part.provenance !== record.provenance)
  if (strange) return `It is ${record.provenance}, but holds a figure that is ${strange.provenance}.`
  if (record.provenance !== 'modelled' && record.meter === null) return 'It has no meter and yet is not modelled.'
  if (record.verdict === 'invalid' && (gross || net)) return 'It is invalid and yet holds figures.'
  if (record.verdict !== 'invalid' && !gross) return `It is ${record.verdict} and yet holds no figure.`
  if (record.provenance !== 'modelled' && !followsWindows(record)) return 'Its figure is not the mean of its windows.'
  if ([gross, net].some((one) => one && !followsBudget(one))) return 'A figure does not follow from its budget.'
  const whole = windows.every((one) => one.verdict === 'complete') && gross?.missingAtMostJ === 0
  if (record.verdict === 'complete' && !whole) return 'It is called complete, but its windows miss samples.'
  return null
}

/**
 * Reads a record and checks that it follows the schema and does not contradict itself.
 * @param path name for messages
 * @throws MilliwattError RECORD_INVALID
 */
export function readEnergyRecord(text: string, path: string): EnergyRecord {
  const fail = (detail: string, cause?: unknown): never => {
    throw new MilliwattError('RECORD_INVALID', path, detail, cause)
  }
  let value: { readonly version?: unknown; readonly kind?: unknown } | null = null
  try {
    value = JSON.parse(text)
  } catch (error) {
    fail(`It is not whole JSON: ${messageOf(error)}.`, error)
  }
  if (value?.kind === 'milliwatt-energy' && value.version !== 1)
    fail(`It has version ${value.version}; this milliwatt reads version 1.`)
  const parsed = shape.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return fail(`Field ${issue?.path.join('.') || '(whole)'}: ${issue?.message}.`)
  }
  const problem = contradiction(parsed.data)
  return problem === null ? parsed.data : fail(problem)
}
