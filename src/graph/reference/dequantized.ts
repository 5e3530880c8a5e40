import { type Operand, quantizationOf } from './kernel.ts'

/** Reals that quantised values stand for: fl32(scale · (q − zero point)), by slice where the scales are. */
export function dequantized(values: ArrayLike<number>, { tensor, shape }: Operand): Float32Array {
  const { scales, zeroPoints, axis } = quantizationOf(tensor)
  const inner = axis === null ? values.length : shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  return Float32Array.from({ length: values.length }, (_, at) => {
    const slice = Math.floor(at / inner) % scales.length
    return scales[slice]! * (values[at]! - zeroPoints[slice]!)
  })
}
