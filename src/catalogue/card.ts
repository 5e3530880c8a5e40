import { z } from 'zod'
import type { CardFeatures } from '../audio/feature-spec.ts'
import type { DetectorSettings } from '../audio/stream/detector.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const share = z.number().min(0).max(1)

const features = z
  .strictObject({
    kind: z.enum(['mfcc', 'log-mel']),
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
    spectrum: z.enum(['power', 'magnitude']).exactOptional(),
    melSlopes: z.enum(['hertz', 'mel']).exactOptional(),
    floorBy: z.enum(['max', 'add']).exactOptional(),
    dct: z.enum(['orthonormal', 'uniform']).exactOptional(),
    peakNormalized: z.boolean().exactOptional(),
  })
  .refine(
    ({ kind, coefficients, melBins }) => kind === 'mfcc' || coefficients === melBins,
    'log-mel gives as many coefficients as melBins',
  )

const modelFeatures = z.strictObject({
  kind: z.literal('model'),
  file: z.string().min(1),
  sampleRateHz: z.number().positive(),
  clipS: z.number().positive(),
  frameS: z.number().positive(),
  hopS: z.number().positive(),
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

const rate = z.record(z.string(), z.strictObject({ missed: z.number().int(), total: z.number().int() }))

const detector = z.strictObject({
  stepS: z.number().positive(),
  smoothing: z.number().int().positive(),
  refractoryS: z.number().nonnegative(),
  thresholds: z.record(z.string(), share),
  validation: z
    .strictObject({
      split: z.string(),
      hours: z.number().positive(),
      falseAlarms: z.number().int().nonnegative(),
      wantedFalseAlarmsPerHour: z.number().nonnegative(),
      misses: z.record(z.string(), rate),
      method: z.string(),
    })
    .exactOptional(),
})

const cascade = z.strictObject({
  small: z.string().min(1),
  large: z.string().min(1),
  margin: z.number().nonnegative(),
  holdLooks: z.number().int().positive(),
  passAt: share,
  exitAt: share.exactOptional(),
  everyLooks: z.number().int().positive().exactOptional(),
  detector,
  speech: z.strictObject({ smallShare: share, largeShare: share, macsALook: z.number(), aloneMacsALook: z.number() }),
})

const others = z.strictObject({ file: z.string().min(1), sha256 })

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
  detector: detector.exactOptional(),
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

/** How a variant's posteriors make events in a stream, and what that gave on validation audio. */
export interface CardDetector extends DetectorSettings {
  readonly validation?: {
    readonly split: string
    /** Length of the stream that held no keyword. */
    readonly hours: number
    readonly falseAlarms: number
    readonly wantedFalseAlarmsPerHour: number
    /** By condition (`clean`, `10 dB`) and keyword: keywords that made no event. */
    readonly misses: Readonly<
      Record<string, Readonly<Record<string, { readonly missed: number; readonly total: number }>>>
    >
    readonly method: string
  }
}

/**
 * When a small variant, and when a large one looks at a stream, and how often they do in non-stop speech. Where both are the
 * same variant, which then has exits, the small one is its first exit.
 */
export interface CardCascade {
  readonly small: string
  readonly large: string
  /** Sound gate: how far above the quietest of late a sound is (1 is 4.3 dB), and for how many looks it stays open. */
  readonly margin: number
  readonly holdLooks: number
  /** Posterior of any keyword by the small one from which on the large one looks. */
  readonly passAt: number
  /** Posterior of any keyword at the large one's first exit from which on the rest of it runs; without it all of it does. */
  readonly exitAt?: number
  /** Looks from one of the small one to the next where it hears no keyword; 1 by default. */
  readonly everyLooks?: number
  readonly detector: CardDetector
  readonly speech: {
    readonly smallShare: number
    /** Of the large one, at least up to its first exit. */
    readonly largeShare: number
    /** Multiply-accumulates of a look on average, and of the large one alone. */
    readonly macsALook: number
    readonly aloneMacsALook: number
  }
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
  /** Thresholds for a stream; "milliwatt kws calibrate" sets them. */
  readonly detector?: CardDetector
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
  readonly features: CardFeatures
  readonly trainingData: string
  readonly limits: string
  readonly recipe: string
  readonly variants: readonly CardVariant[]
  /** Two variants in turn behind a sound gate; "milliwatt kws calibrate --cascade" sets it. */
  readonly cascade?: CardCascade
  /** Features of other words, speech and noise, that "milliwatt kws enrol" tells a new word from. */
  readonly others?: { readonly file: string; readonly sha256: string }
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
  features: z.union([features, modelFeatures]),
  trainingData: z.string(),
  limits: z.string(),
  recipe: z.string(),
  variants: z.array(variant).min(1),
  cascade: cascade.exactOptional(),
  others: others.exactOptional(),
})
