import { z } from 'zod'
import type { FeatureSpec } from '../audio/features.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const share = z.number().min(0).max(1)

const features = z.strictObject({
  kind: z.literal('mfcc'),
  sampleRateHz: z.number().positive(),
  clipS: z.number().positive(),
  frameS: z.number().positive(),
  hopS: z.number().positive(),
  fftSize: z.number().int().positive(),
  melBins: z.number().int().positive(),
  melLowHz: z.number().positive(),
  melHighHz: z.number().positive(),
  logFloor: z.number().positive(),
  coefficients: z.number().int().positive(),
})

const accuracy = z.strictObject({
  metric: z.string(),
  split: z.string(),
  correct: z.number().int().nonnegative(),
  total: z.number().int().positive(),
  value: share,
  interval95: z.tuple([share, share]),
  perClass: z.record(z.string(), z.strictObject({ correct: z.number().int(), total: z.number().int() })),
  method: z.string(),
})

const variant = z.strictObject({
  name: z.string().min(1),
  file: z.string().min(1),
  sha256,
  dtype: z.string(),
  bytes: z.number().int().positive(),
  parameters: z.number().int().nonnegative(),
  macs: z.number().int().nonnegative().nullable(),
  exits: z
    .array(z.strictObject({ output: z.string().min(1), macs: z.number().int().positive() }))
    .min(2)
    .optional(),
  accuracy: accuracy.nullable(),
})

/** Accuracy of a variant: what was counted, on which clips, and how anyone can count again. */
export interface CardAccuracy {
  readonly metric: string
  readonly split: string
  readonly correct: number
  readonly total: number
  readonly value: number
  /** Wilson's 95 % interval. */
  readonly interval95: readonly [number, number]
  readonly perClass: Readonly<Record<string, { readonly correct: number; readonly total: number }>>
  readonly method: string
}

/** One variant as the card states it; everything but the accuracy is read from the file and checked by a test. */
export interface CardVariant {
  readonly name: string
  readonly file: string
  readonly sha256: string
  readonly dtype: string
  readonly bytes: number
  readonly parameters: number
  /** Multiply-accumulates of one inference. */
  readonly macs: number | null
  /**
   * Of a net that answers at several depths: its outputs in the file's order, the last exit first, each with the
   * multiply-accumulates of all that it needs.
   */
  readonly exits?: readonly { readonly output: string; readonly macs: number }[] | undefined
  readonly accuracy: CardAccuracy | null
}

/** A catalogue card: what a model family is for, what it was trained on, and each variant's facts. */
export interface Card {
  readonly version: 1
  readonly name: string
  readonly title: string
  readonly task: 'keyword-spotting'
  readonly licence: string
  readonly labels: readonly string[]
  /** Label given to everything that is not a keyword. */
  readonly otherLabel: string
  /** Label of the absence of speech. */
  readonly silenceLabel: string
  readonly features: FeatureSpec
  readonly trainingData: string
  readonly limits: string
  readonly recipe: string
  readonly variants: readonly CardVariant[]
}

/** Schema of a catalogue card, `card.json`; models/README.md tells every field. Version 1 is the first. */
export const cardSchema: z.ZodType<Card> = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1),
  title: z.string(),
  task: z.literal('keyword-spotting'),
  licence: z.string(),
  labels: z.array(z.string()).min(2),
  otherLabel: z.string(),
  silenceLabel: z.string(),
  features,
  trainingData: z.string(),
  limits: z.string(),
  recipe: z.string(),
  variants: z.array(variant).min(1),
})
