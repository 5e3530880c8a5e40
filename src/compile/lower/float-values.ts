import type { Tensor } from '../../graph/graph.ts'
import { dequantized } from '../../graph/reference/dequantized.ts'
import type { FloatRange } from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { type LowerContext, optionalTensor, refuse, tensorAt, toValue } from './context.ts'

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  none: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  relu: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
  relu_n1_to_1: [-1, 1],
}

/** The range to which an activation cuts floats. @throws MilliwattError OP_UNSUPPORTED for other activations */
export function floatRange(context: LowerContext, activation: string): FloatRange {
  const range = ranges[activation]
  if (!range) throw refuse(context, `the fused activation ${activation} is not compiled yet`)
  return { min: range[0], max: range[1] }
}

function floatsOf(context: LowerContext, tensor: Tensor): Float32Array {
  const { shape } = toValue(tensor)
  const length = sizeOf(shape)
  const bytes = Uint8Array.from(tensor.data ?? [])
  if (tensor.dtype === 'float32' && bytes.length >= 4 * length) return new Float32Array(bytes.buffer, 0, length)
  const integers = tensor.dtype === 'int8' ? new Int8Array(bytes.buffer) : tensor.dtype === 'uint8' ? bytes : null
  if (!integers || integers.length < length || !tensor.quantization)
    throw refuse(context, `"${tensor.name}" is not constant float32 or quantised to 8 bits`)
  return dequantized(integers.subarray(0, length), { tensor, shape, data: integers })
}

/** A constant as float32; one of 8 bits (a hybrid layer) is dequantised once, here. */
export function constantFloats(
  context: LowerContext,
  index: number,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const tensor = tensorAt(context, index)
  return { shape: toValue(tensor).shape, data: floatsOf(context, tensor) }
}

/** The bias: zeros where there is none. */
export function floatBias(context: LowerContext, channels: number): Float32Array {
  if (!optionalTensor(context, 2)) return new Float32Array(channels)
  const { data } = constantFloats(context, 2)
  if (data.length !== channels) throw refuse(context, `its bias has ${data.length} elements for ${channels} channels`)
  return data
}
