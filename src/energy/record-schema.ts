import { z } from 'zod'
import { type Provenance, provenances } from '../core/provenance.ts'
import { alignmentMethods } from '../trace/alignment.ts'
import type { BudgetRow } from './budget.ts'
import type { EnergyRecord, RecordedFigure } from './record.ts'

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

/** The schema of version 1. */
export const energyRecordSchema: z.ZodType<EnergyRecord> = z.strictObject({
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
    file: z.string().nullable(),
    sha256: hash.nullable(),
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
      supplyV: z.number().nullable(),
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
  return { title: 'milliwatt energy record', ...z.toJSONSchema(energyRecordSchema, { io: 'input' }) }
}
