import type { Tensor } from '../../graph/graph.ts'
import type { Quantization } from '../../graph/quantization.ts'

/** Quantisation whose integers are `steps` higher; the reals stay the same. */
export function shiftZeroPoints(quantization: Quantization, steps: number): Quantization {
  return { ...quantization, zeroPoints: quantization.zeroPoints.map((zero) => zero + steps) }
}

/** A uint8 constant as int8 or the other way round: every integer by 128, which flips the top bit. */
export function flipSign(tensor: Tensor, quantization: Quantization): Tensor {
  const toSigned = tensor.dtype === 'uint8'
  return {
    ...tensor,
    dtype: toSigned ? 'int8' : 'uint8',
    ...(tensor.data ? { data: tensor.data.map((byte) => byte ^ 0x80) } : {}),
    quantization: shiftZeroPoints(quantization, toSigned ? -128 : 128),
  }
}

/** Tells whether two tensors stand for reals in the same way. */
export function sameQuantization(a: Quantization | undefined, b: Quantization | undefined): boolean {
  const equal = (x: readonly number[], y: readonly number[]) =>
    x.length === y.length && x.every((value, index) => value === y[index])
  if (!a || !b) return a === b
  return a.axis === b.axis && equal(a.scales, b.scales) && equal(a.zeroPoints, b.zeroPoints)
}
