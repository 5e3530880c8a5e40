import { MilliwattError } from '../core/errors.ts'
import type { DataType } from './graph.ts'
import type { Quantization } from './quantization.ts'

/** Integer types that quantised tensors use, with their limits. */
const integerTypes = {
  int8: { array: Int8Array, low: -128, high: 127 },
  uint8: { array: Uint8Array, low: 0, high: 255 },
  int16: { array: Int16Array, low: -32768, high: 32767 },
} as const

/** A quantised tensor's type and scale, as a model's input or output declares them. */
export interface QuantizedSpec {
  readonly name: string
  readonly dtype: DataType
  readonly quantization?: Quantization
}

function scaleOf(spec: QuantizedSpec): { readonly scale: number; readonly zeroPoint: number } {
  const { quantization } = spec
  if (!(spec.dtype in integerTypes) || !quantization)
    throw new MilliwattError(
      'INPUT_SHAPE',
      spec.name,
      `It is ${spec.dtype} without a scale, so reals have no integers.`,
    )
  if (quantization.axis !== null)
    throw new MilliwattError(
      'INPUT_SHAPE',
      spec.name,
      'It has a scale a channel; only one scale a tensor is supported.',
    )
  return { scale: quantization.scales[0]!, zeroPoint: quantization.zeroPoints[0]! }
}

/**
 * Reals to the integers of a quantised tensor: q = round(x / scale) + zeroPoint, ties away from zero, saturated
 * (TensorFlow Lite's quantisation specification).
 * @throws MilliwattError INPUT_SHAPE when the tensor is not quantised with one scale
 */
export function quantizeValues(spec: QuantizedSpec, reals: ArrayLike<number>): Int8Array | Uint8Array | Int16Array {
  const { scale, zeroPoint } = scaleOf(spec)
  const { array, low, high } = integerTypes[spec.dtype as keyof typeof integerTypes]
  const integers = new array(reals.length)
  for (let i = 0; i < reals.length; i++) {
    const steps = reals[i]! / scale
    const rounded = Math.sign(steps) * Math.round(Math.abs(steps))
    integers[i] = Math.min(high, Math.max(low, rounded + zeroPoint))
  }
  return integers
}

/**
 * Integers of a quantised tensor to reals: x = scale · (q − zeroPoint).
 * @throws MilliwattError INPUT_SHAPE when the tensor is not quantised with one scale
 */
export function dequantizeValues(spec: QuantizedSpec, integers: ArrayLike<number>): Float32Array {
  const { scale, zeroPoint } = scaleOf(spec)
  return Float32Array.from(integers, (value) => scale * (value - zeroPoint))
}
