import { median, quantile } from '../core/stats.ts'

/** What one segment of a partition took over its last runs (at most 256) at the place where it is now. */
export interface SegmentTiming {
  /** Number of the segment, from 1. */
  readonly segment: number
  readonly place: string
  readonly runs: number
  /** NaN before the first run. */
  readonly medianS: number
  readonly p95S: number
  /** The seconds are those of a simulated device's declared model. */
  readonly emulated: boolean
}

const kept = 256

/** The last latencies of something that is run again and again; recording allocates nothing. */
export class Latencies {
  readonly #ring: Float64Array = new Float64Array(kept)
  #runs = 0

  get runs(): number {
    return this.#runs
  }

  record(latencyS: number): void {
    this.#ring[this.#runs++ % kept] = latencyS
  }

  /** Forgets all. */
  clear(): void {
    this.#runs = 0
  }

  /** Median and 95th percentile; NaN before the first run. */
  figures(): { readonly medianS: number; readonly p95S: number } {
    const values = this.#ring.subarray(0, Math.min(this.#runs, kept))
    return { medianS: median(values), p95S: quantile(values, 0.95) }
  }
}
