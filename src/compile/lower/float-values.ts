import type { Tensor } from '../../graph/graph.ts'
import { dequantized } from '../../graph/reference/dequantized.ts'
import { constantValues } from '../../graph/reference/values.ts'
import type { FloatRange } from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { isConstant, type LowerContext, optionalTensor, refuse, tensorAt, toValue } from './context.ts'

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
  if (!isConstant(tensor)) throw refuse(context, `"${tensor.name}" is not constant`)
  const values = constantValues(tensor, sizeOf(shape))
  if (values instanceof Float32Array) return values
  const integers = ['int4', 'int8', 'uint8', 'int16'].includes(tensor.dtype) && tensor.quantization
  if (!integers) throw refuse(context, `"${tensor.name}" is neither float32 nor quantised to 16 bits or less`)
  return dequantized(values as Int8Array, { tensor, shape, data: values })
}

/** A constant as float32; one of integers (a hybrid layer) is dequantised once, here. */
export function constantFloats(
  context: LowerContext,
  index: number,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const tensor = tensorAt(context, index)
  return { shape: toValue(tensor).shape, data: floatsOf(context, tensor) }
}

/** The bias: zeros where there is none. */
export function floatBias(context: LowerContext, index: number, channels: number): Float32Array {
  if (!optionalTensor(context, index)) return new Float32Array(channels)
  const { data } = constantFloats(context, index)
  if (tensorAt(context, index).dtype !== 'float32') throw refuse(context, 'its bias is not float32')
  if (data.length !== channels) throw refuse(context, `its bias has ${data.length} elements for ${channels} channels`)
  return data
}
