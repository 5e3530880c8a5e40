/** A part of a model that went to another place in the middle of a run, because its own failed. */
export interface SegmentMove {
  /** Wall time at which it ran on, ISO 8601. */
  readonly at: string
  /** Number of the segment in the order of running, from 1. */
  readonly segment: number
  /** Backend and device, as in `onnxruntime-node gpu:webgpu`. */
  readonly from: string
  readonly to: string
  readonly reason: string
  /** Seconds that the run lost: from the start of what failed until the new place was ready. */
  readonly lostS: number
}
