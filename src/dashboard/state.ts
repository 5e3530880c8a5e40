import type { Provenance } from '../core/provenance.ts'

/** One measured stretch of inferences. Times count from the first sample of the page's plot. */
export interface MonitorInference {
  readonly startS: number
  readonly endS: number
  readonly inferences: number
  /** Energy of one inference in joules; null where the stretch has none. */
  readonly energyJ: number | null
  readonly meanPowerW: number | null
  /** How the borders were found. */
  readonly method: string
  /** Why the energy is missing or incomplete. */
  readonly reason: string | null
}

/** What the meter tells of itself. */
export interface MonitorMeter {
  readonly model: string
  readonly path: string
  readonly provenance: Provenance
  readonly sampleRateHz: number
  readonly supplyV: number
  readonly warnings: readonly string[]
}

/** What a monitor knows at a moment. */
export interface MonitorState {
  /** `waiting`: there is no meter; `lost`: it went away. Both go on looking for one. */
  readonly status: 'measuring' | 'waiting' | 'lost'
  /** Why it is not measuring, and what to do. */
  readonly message: string | null
  /** The meter that measures, or measured last. */
  readonly meter: MonitorMeter | null
  /** What runs in this process while the page is open. */
  readonly model: string | null
  /** What is being made ready before the model runs; null once it does. */
  readonly activity: string | null
  /** Seconds from the first to the newest sample. */
  readonly durationS: number
  readonly received: number
  readonly lost: number
  readonly saturated: number
  /** Mean power of the last second in watts. */
  readonly powerW: number | null
  /** Energy of all samples so far, in joules. */
  readonly energyJ: number
  /** The newest stretches, oldest first. */
  readonly inferences: readonly MonitorInference[]
  /** Number of all stretches so far. */
  readonly inferenceCount: number
}
