/**
 * Affine quantisation of a tensor: real = scale · (q − zeroPoint). One scale and zero point for the whole tensor
 * (`axis` null), or one a slice along `axis`. Scales are float32 values.
 */
export interface Quantization {
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
  readonly axis: number | null
}
