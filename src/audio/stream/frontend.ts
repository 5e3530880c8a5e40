/** What makes columns of features of samples, hop by hop, in whole numbers. */
export interface Frontend {
  /** The last column. */
  readonly values: Int16Array
  /** The last `push` ended a frame. */
  readonly ended: boolean
  /** Highest sample of the clip, 1 to 32768, for front ends that divide by it. */
  peak: number
  /** How values stand for reals: (value − zeroPoint) · scale. */
  readonly scale: number
  readonly zeroPoint: number
  /** Forgets what it heard. */
  reset(): void
  /** Takes samples up to the one that ends a frame; gives the place of the first that was not taken. */
  push(samples: Int16Array, from?: number): number
}
