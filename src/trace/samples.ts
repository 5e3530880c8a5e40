/**
 * A run of consecutive power samples on the meter's own grid. Sample i stands for the time i/rate to
 * (i+1)/rate of the meter's clock; lost samples keep their places in the count.
 */
export interface SampleBlock {
  readonly kind: 'samples'
  readonly firstIndex: number
  /** Power of each sample in watts; NaN where the sample is not a valid reading. */
  readonly powerW: Float32Array
  /** Levels of the digital channels with each sample: bit c is channel c. */
  readonly digital: Uint8Array
  /** The samples as the meter sent them, for capture. */
  readonly raw: Uint8Array
  /** What the meter itself noted with a sample: an edge of its event line. Their indexes lie within the block or, when the note came late, before it. */
  readonly marks?: readonly SampleMark[]
  /** Host clock when the last byte of the block arrived, in seconds. */
  readonly arrivalS: number
}

/** A note of the meter on its own grid: `label` holds what the meter says, its own count included (`event 05 ris`). */
export interface SampleMark {
  readonly index: number
  readonly label: string
}

/** Samples that the meter took but that did not arrive. */
export interface SampleGap {
  readonly kind: 'gap'
  readonly firstIndex: number
  readonly count: number
}

/** What a meter's stream consists of. */
export type SampleEvent = SampleBlock | SampleGap
