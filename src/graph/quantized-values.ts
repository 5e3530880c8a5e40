import { MilliwattError } from '../core/errors.ts'
import type { DataType } from './graph.ts'
import { perTensorParameters, type Quantization, type QuantizationParameters } from './quantization.ts'

/** Integer types that quantised tensors use, with their limits. */
const integerTypes = {
  int8: { array: Int8Array, low: -128, high: 127 },
  uint8: { array: Uint8Array, low: 0, high: 255 },
  int16: { array: Int16Array, low: -32768, high: 32767 },
} as const

/** Elements of a quantised tensor. */
export type QuantizedValues = Int8Array | Uint8Array | Int16Array

/** A quantised tensor's type and scale, as a model's input or output declares them. */
export interface QuantizedSpec {
  /** For messages. */
  readonly name?: string
  readonly dtype: DataType
  readonly quantization?: QuantizationParameters | Quantization | null
}

const refuse = (spec: QuantizedSpec, detail: string) => new MilliwattError('INPUT_SHAPE', spec.name ?? 'tensor', detail)

function parametersOf(spec: QuantizedSpec): QuantizationParameters & (typeof integerTypes)[keyof typeof integerTypes] {
  const { dtype, quantization } = spec
  if (!Object.hasOwn(integerTypes, dtype) || !quantization)
    throw refuse(spec, `It is ${dtype} without a scale, so reals have no integers.`)
  const parameters = 'scales' in quantization ? perTensorParameters(quantization) : quantization
  if (!parameters) throw refuse(spec, 'It has a scale a channel; only one scale a tensor is supported.')
  return { ...parameters, ...integerTypes[dtype as keyof typeof integerTypes] }
}

/**
 * Reals to the integers of a quantised tensor: q = round(x / scale) + zeroPoint, ties away from zero, saturated
 * (TensorFlow Lite's quantisation specification).
 * @throws MilliwattError INPUT_SHAPE when the tensor is not quantised with one scale, or a real is no number
 */
export function quantizeValues(spec: QuantizedSpec, reals: ArrayLike<number>): QuantizedValues {
  const { scale, zeroPoint, array, low, high } = parametersOf(spec)
  const integers = new array(reals.length)
  for (let i = 0; i < reals.length; i++) {
    const steps = reals[i]! / scale
    if (Number.isNaN(steps)) throw refuse(spec, `Element ${i} is no number.`)
    const rounded = Math.sign(steps) * Math.round(Math.abs(steps))
    integers[i] = Math.min(high, Math.max(low, rounded + zeroPoint))
  }
  return integers
}

/**
 * Integers of a quantised tensor to reals: x = scale · (q − zeroPoint).
 * @throws MilliwattError INPUT_SHAPE when the tensor is not quantised with one scale, or the array is of another type
 */
export function dequantizeValues(spec: QuantizedSpec, integers: ArrayLike<number>): Float32Array {
  const { scale, zeroPoint, array } = parametersOf(spec)
  if (ArrayBuffer.isView(integers) && !(integers instanceof array))
    throw refuse(spec, `It is ${spec.dtype}, but the elements are in ${integers.constructor.name}.`)
  return Float32Array.from(integers, (value) => scale * (value - zeroPoint))
}
