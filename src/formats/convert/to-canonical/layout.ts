import type { Tensor } from '../../../graph/graph.ts'
import { int32Constant, permuteConstant, product } from '../constants.ts'
import { type CanonicalContext, emit, newTensor, type Value } from './context.ts'

/** ONNX axes in the order of the stored ones: NCHW as NHWC, NCL as N1LC without the 1. */
function order(rank: number): readonly number[] {
  return rank === 3 ? [0, 2, 1] : [0, 2, 3, 1]
}

/** Shape of the stored tensor of an N,C,… shape. */
export function channelsLastShape(shape: readonly number[]): readonly number[] {
  const permuted = order(shape.length).map((axis) => shape[axis]!)
  return shape.length === 3 ? [permuted[0]!, 1, permuted[1]!, permuted[2]!] : permuted
}

/** Where an ONNX axis stands in the stored tensor. */
export function storedAxis(value: Pick<Value, 'layout' | 'shape'>, axis: number): number {
  const rank = value.shape.length
  const place = axis < 0 ? axis + rank : axis
  if (value.layout === 'same') return place
  return place === 0 ? 0 : place === 1 ? 3 : place + (rank === 3 ? 0 : -1)
}

/** Elements follow each other in the same order in both layouts. */
export function sameOrder(shape: readonly number[]): boolean {
  return shape[1] === 1 || product(shape.slice(2)) === 1
}

function once(context: CanonicalContext, key: string, make: () => Value): Value {
  const known = context.made.get(key)
  if (known) return known
  const made = make()
  context.made.set(key, made)
  return made
}

/** Adds a node that regroups or transposes a tensor. */
export function regroup(
  context: CanonicalContext,
  tensor: Tensor,
  name: string,
  shape: readonly number[],
  permutation: readonly number[] | null,
): Tensor {
  const list = int32Constant(permutation ? 'permutation' : 'shape', permutation ?? shape)
  const result = newTensor(context, name, shape, tensor)
  emit(context, permutation ? 'transpose' : 'reshape', [tensor, context.builder.constant(list)], [result])
  return result
}

/** The value with its elements as ONNX orders them. */
export function toSame(context: CanonicalContext, value: Value): Value {
  if (value.layout === 'same') return value
  const { tensor, shape } = value
  const name = `${tensor.name}/nchw`
  const make = () => {
    if (sameOrder(shape)) return regroup(context, tensor, name, shape, null)
    if (shape.length === 4) return regroup(context, tensor, name, shape, [0, 3, 1, 2])
    const squeezed = [shape[0]!, shape[2]!, shape[1]!]
    return regroup(context, regroup(context, tensor, `${name}/rows`, squeezed, null), name, shape, [0, 2, 1])
  }
  const made = once(context, `same|${tensor.name}`, () => ({ ...value, layout: 'same', tensor: make() }))
  return { ...made, real: value.real }
}

function constantChannelsLast(context: CanonicalContext, { tensor, shape }: Value): Tensor {
  const permuted = permuteConstant(tensor, order(shape.length))
  const { quantization } = permuted
  const axis = quantization && shape.length === 3 && (quantization.axis ?? 0) > 0 ? 1 : 0
  return context.builder.constant({
    ...permuted,
    shape: channelsLastShape(shape),
    ...(quantization && quantization.axis !== null
      ? { quantization: { ...quantization, axis: quantization.axis + axis } }
      : {}),
  })
}

/** The value (rank 3 or 4) with its channels last. */
export function toChannelsLast(context: CanonicalContext, value: Value): Value {
  if (value.layout === 'channelsLast') return value
  const { tensor, shape } = value
  const last = channelsLastShape(shape)
  const name = `${tensor.name}/nhwc`
  const make = () => {
    if (tensor.data) return constantChannelsLast(context, value)
    if (sameOrder(shape)) return regroup(context, tensor, name, last, null)
    if (shape.length === 4) return regroup(context, tensor, name, last, [0, 2, 3, 1])
    const rows = [shape[0]!, shape[2]!, shape[1]!]
    return regroup(context, regroup(context, tensor, `${name}/rows`, rows, [0, 2, 1]), name, last, null)
  }
  const made = once(context, `last|${tensor.name}`, () => ({ ...value, layout: 'channelsLast', tensor: make() }))
  return { ...made, real: value.real }
}

/** The value in floats: DEQUANTIZE where the tensor is quantised. */
export function toFloat(context: CanonicalContext, value: Value): Value {
  if (!value.real) return value
  const { tensor } = value
  return once(context, `float|${tensor.name}`, () => {
    const float = newTensor(context, `${tensor.name}/real`, tensor.shape as readonly number[], { dtype: 'float32' })
    emit(context, 'dequantize', [tensor], [float])
    return { ...value, real: false, tensor: float }
  })
}
