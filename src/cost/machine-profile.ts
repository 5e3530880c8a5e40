import { z } from 'zod'
import type { Provenance } from '../core/provenance.ts'
import type { Sourced } from '../targets/target.ts'
import type { PlaceFit } from './place-model.ts'
import type { Observation } from './trend.ts'

/** One microbenchmark's figure: a low quantile over interleaved visits, and how far the visits lay apart. */
export interface BenchFigure {
  readonly latencyS: number
  /** Relative: 0.02 is 2 %. */
  readonly deviation: number
}

/** Power of a place as a meter read it while a microbenchmark ran, and while nothing did. */
export interface PlacePower {
  readonly activeW: number
  /** How far models lie apart, relative: 0.05 is 5 %. */
  readonly deviation: number
  readonly idleW: number | null
  readonly provenance: Provenance
}

/** A real run that was timed: what it computed and how long it took. */
export type RealRun = Observation & { readonly key: string; readonly measuredAt: string }

/** What was measured of one backend on one device. */
export interface PlaceProfile {
  readonly backend: string
  readonly device: string
  /** Engine with its version: figures of another engine do not count. */
  readonly engine: string
  /** ISO 8601 date of the newest figure. */
  readonly measuredAt: string
  /** Every microbenchmark was timed. */
  readonly complete: boolean
  /** What an inference costs beyond its layers. */
  readonly dispatchS: Sourced<number>
  /** Rates in the fields of a target's datasheet (`targets/chips`); the best that a microbenchmark reached. */
  readonly rates: {
    readonly int8MacsPerS?: Sourced<number>
    readonly float32MacsPerS?: Sourced<number>
    readonly bytesPerS?: Sourced<number>
  }
  readonly power: PlacePower | null
  /** By name of the microbenchmark. */
  readonly figures: Readonly<Record<string, BenchFigure>>
  /** What predictions rest on, fitted to the figures. */
  readonly fit: PlaceFit
  /** The newest real runs, one a key. */
  readonly runs: readonly RealRun[]
}

/**
 * What was measured of a machine by microbenchmarks. `places` go by `BACKEND DEVICE`. A file of an earlier version, whose
 * microbenchmarks computed on other values and whose fit has other terms, is measured anew.
 */
export interface MachineProfile {
  readonly version: 3
  readonly kind: 'milliwatt-machine-profile'
  /** Names machine and runtime; a profile of another fingerprint does not count. */
  readonly fingerprint: string
  readonly places: Readonly<Record<string, PlaceProfile>>
}

const positive = z.number().positive()
const sourced = z.strictObject({ value: z.number(), source: z.string() })
const border = z.array(z.strictObject({ dtype: z.string(), bytes: z.number(), spatial: z.boolean() }))
const work = z.looseObject({ op: z.string(), family: z.string(), dtype: z.string(), macs: z.number() })
const run = z.strictObject({
  key: z.string(),
  measuredAt: z.string(),
  latencyS: positive,
  deviation: z.number(),
  border: z.strictObject({ inputs: border, outputs: border }).nullable(),
  nodes: z.array(work),
})

const place = z.strictObject({
  backend: z.string(),
  device: z.string(),
  engine: z.string(),
  measuredAt: z.string(),
  complete: z.boolean(),
  dispatchS: sourced,
  rates: z.strictObject({
    int8MacsPerS: sourced.optional(),
    float32MacsPerS: sourced.optional(),
    bytesPerS: sourced.optional(),
  }),
  // What a simulated meter read is not kept.
  power: z
    .strictObject({
      activeW: positive,
      deviation: z.number(),
      idleW: z.number().nullable(),
      provenance: z.enum(['measured', 'replayed']),
    })
    .nullable(),
  figures: z.record(z.string(), z.strictObject({ latencyS: positive, deviation: z.number() })),
  fit: z.strictObject({
    terms: z.record(z.string(), z.number()),
    law: z.strictObject({ common: z.number(), group: z.number(), local: z.number(), length: positive }),
    noise: z.number(),
  }),
  runs: z.array(run),
})

const profileSchema = z.strictObject({
  version: z.literal(3),
  kind: z.literal('milliwatt-machine-profile'),
  fingerprint: z.string(),
  places: z.record(z.string(), place),
})

/** Id of a place. */
export function placeId(backend: string, device: string): string {
  return `${backend} ${device}`
}

/** A profile without places. */
function emptyMachineProfile(fingerprint: string): MachineProfile {
  return { version: 3, kind: 'milliwatt-machine-profile', fingerprint, places: {} }
}

/** Reads a kept profile; one that is damaged, of another version or of another machine gives an empty one. */
export function parseMachineProfile(text: string | null, fingerprint: string): MachineProfile {
  try {
    const parsed = profileSchema.safeParse(JSON.parse(text ?? 'null'))
    if (parsed.success && parsed.data.fingerprint === fingerprint) return parsed.data as unknown as MachineProfile
  } catch {
    // Not JSON: as good as no profile.
  }
  return emptyMachineProfile(fingerprint)
}

/** A profile as text, without power that no physical meter read. */
export function machineProfileText(profile: MachineProfile): string {
  const places = Object.entries(profile.places).map(([id, one]) => {
    const physical = one.power?.provenance === 'measured' || one.power?.provenance === 'replayed'
    return [id, physical ? one : { ...one, power: null }] as const
  })
  return `${JSON.stringify({ ...profile, places: Object.fromEntries(places) }, null, 1)}\n`
}

/** Figures older than this are measured again, in seconds: thirty days. */
const mostAgeS = 30 * 24 * 3600

/** Age of a place's newest figure in seconds. */
export function ageS({ measuredAt }: PlaceProfile, now: Date): number {
  return Math.max(0, (now.getTime() - Date.parse(measuredAt)) / 1e3)
}

/** Whether a place's figures can be used: of this engine, complete and not too old. */
export function isFresh(one: PlaceProfile | undefined, engine: string, now: Date): one is PlaceProfile {
  return one?.engine === engine && one.complete && ageS(one, now) <= mostAgeS
}
