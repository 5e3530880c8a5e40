import { z } from 'zod'
import type { Provenance } from '../core/provenance.ts'

/**
 * Measured latency of one variant on one backend and device, in seconds, over `n` runs after warm-up. `p95S` is the 95th
 * percentile, `p95HighS` its upper bound with 95 % confidence, where enough was measured to tell: limits are held against it.
 */
export interface LatencyFigure {
  readonly medianS: number
  readonly p95S: number
  readonly p95HighS?: number
  readonly n: number
}

/** A figure of something that takes so many times as long. */
export function scaledLatency({ medianS, p95S, p95HighS, n }: LatencyFigure, factor: number): LatencyFigure {
  const scaled = { medianS: medianS * factor, p95S: p95S * factor, n }
  return p95HighS === undefined ? scaled : { ...scaled, p95HighS: p95HighS * factor }
}

/** Energy of one inference, with its source. */
export interface EnergyFigure {
  readonly energyJ: number
  readonly provenance: Provenance
  /** What it may plausibly be at most, where it is predicted: limits are held against this. */
  readonly highJ?: number
}

/** What was measured of one variant × backend × device. */
export interface ProfileEntry {
  readonly latency: LatencyFigure
  /** Only what a physical meter read is kept; emulated and modelled figures are made anew each time. */
  readonly energy: EnergyFigure | null
  /** ISO 8601 date of the measurement. */
  readonly measuredAt: string
}

/**
 * Measurements of one machine, kept between runs. `fingerprint` names the machine and the runtime; entries of
 * another fingerprint do not count. Version 1 is the first; a file of another version is measured anew.
 */
export interface Profile {
  readonly version: 1
  readonly fingerprint: string
  readonly entries: Readonly<Record<string, ProfileEntry>>
}

const provenance = z.enum(['measured', 'replayed'])

const profileSchema: z.ZodType<Profile> = z.strictObject({
  version: z.literal(1),
  fingerprint: z.string(),
  entries: z.record(
    z.string(),
    z.strictObject({
      latency: z.strictObject({
        medianS: z.number().positive(),
        p95S: z.number().positive(),
        p95HighS: z.number().positive().exactOptional(),
        n: z.number().int().positive(),
      }),
      energy: z.strictObject({ energyJ: z.number(), provenance }).nullable(),
      measuredAt: z.string(),
    }),
  ),
})

/** Key of an entry: hash of the variant's file, backend with engine version, device. */
export function profileKey(sha256: string, backend: string, engine: string, device: string): string {
  return `${sha256.slice(0, 16)} ${backend} (${engine}) ${device}`
}

/** A profile without measurements. */
export function emptyProfile(fingerprint: string): Profile {
  return { version: 1, fingerprint, entries: {} }
}

/** Reads a kept profile; one that is damaged, of another version or of another machine gives an empty one. */
export function parseProfile(text: string | null, fingerprint: string): Profile {
  if (text === null) return emptyProfile(fingerprint)
  try {
    const parsed = profileSchema.safeParse(JSON.parse(text))
    if (parsed.success && parsed.data.fingerprint === fingerprint) return parsed.data
  } catch {
    // Not JSON: as good as no profile.
  }
  return emptyProfile(fingerprint)
}

/** The profile with a new measurement in it; energy that no physical meter read is left out. */
export function refit(profile: Profile, key: string, entry: ProfileEntry): Profile {
  const physical = entry.energy?.provenance === 'measured' || entry.energy?.provenance === 'replayed'
  const kept: ProfileEntry = { ...entry, energy: physical ? entry.energy : null }
  return { ...profile, entries: { ...profile.entries, [key]: kept } }
}
