/**
 * Affine quantisation of a tensor: real = scale · (q − zeroPoint). One scale and zero point for the whole tensor
 * (`axis` null), or one a slice along `axis`. Scales are float32 values.
 */
export interface Quantization {
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
  readonly axis: number | null
}

/** One scale and zero point for all elements of a tensor: real = scale · (q − zeroPoint). */
export interface QuantizationParameters {
  readonly scale: number
  readonly zeroPoint: number
}

/** The one scale and zero point of a tensor; null for plain numbers and for one scale a channel. */
export function perTensorParameters(quantization: Quantization | null | undefined): QuantizationParameters | null {
  if (quantization?.axis !== null) return null
  return { scale: quantization.scales[0]!, zeroPoint: quantization.zeroPoints[0] ?? 0 }
}
