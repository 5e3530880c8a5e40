import { MilliwattError } from '../../core/errors.ts'
import { type DataType, dataTypeBits, elementCount, type Tensor } from '../../graph/graph.ts'

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** A float32 constant; a scalar without a shape. */
export function floatConstant(name: string, values: readonly number[], shape: readonly number[] = []): Tensor {
  return { name, dtype: 'float32', shape, data: bytesOf(Float32Array.from(values)) }
}

/** An int64 constant of rank 1: a shape or axes in ONNX. */
export function int64Constant(name: string, values: readonly number[]): Tensor {
  return { name, dtype: 'int64', shape: [values.length], data: bytesOf(BigInt64Array.from(values, BigInt)) }
}

/** An int32 constant: a shape or axes in TFLite. */
export function int32Constant(name: string, values: readonly number[], shape?: readonly number[]): Tensor {
  return { name, dtype: 'int32', shape: shape ?? [values.length], data: bytesOf(Int32Array.from(values)) }
}

/** A constant of an integer type of at most 32 bits: zero points. */
export function integerConstant(
  name: string,
  dtype: DataType,
  values: readonly number[],
  shape: readonly number[] = [],
): Tensor {
  const width = dataTypeBits[dtype]
  if (width === 32) return { ...int32Constant(name, values, shape), dtype }
  const data = width === 16 ? bytesOf(Int16Array.from(values)) : bytesOf(Int8Array.from(values))
  return { name, dtype, shape, data }
}

/** Numbers of a constant tensor of at most 32 bits or int64; null without data or for other types. */
export function constantNumbers(tensor: Tensor | undefined): readonly number[] | null {
  if (!tensor?.data) return null
  const { buffer } = new Uint8Array(tensor.data)
  if (tensor.dtype === 'float32') return [...new Float32Array(buffer)]
  if (tensor.dtype === 'int8') return [...new Int8Array(buffer)]
  if (tensor.dtype === 'uint8' || tensor.dtype === 'bool') return [...new Uint8Array(buffer)]
  if (tensor.dtype === 'int16') return [...new Int16Array(buffer)]
  if (tensor.dtype === 'uint16') return [...new Uint16Array(buffer)]
  if (tensor.dtype === 'int32') return [...new Int32Array(buffer)]
  if (tensor.dtype === 'int64') return [...new BigInt64Array(buffer)].map(Number)
  return tensor.dtype === 'float64' ? [...new Float64Array(buffer)] : null
}

/** The lengths of a fully known shape. @throws MilliwattError MODEL_ILLEGAL when a length is open */
export function lengthsOf(tensor: Tensor): readonly number[] {
  const { shape } = tensor
  if (!shape?.every((length) => typeof length === 'number'))
    throw new MilliwattError('MODEL_ILLEGAL', tensor.name, `The shape of this tensor is open: [${shape ?? 'unknown'}].`)
  return shape as readonly number[]
}

/** Product of lengths. */
export function product(lengths: readonly number[]): number {
  return lengths.reduce((a, b) => a * b, 1)
}

/** Elements of a row-major block in the order of permuted axes: output axis i is input axis order[i]. */
function permutedBytes(data: Uint8Array, shape: readonly number[], order: readonly number[], size: number): Uint8Array {
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)))
  const lengths = order.map((axis) => shape[axis]!)
  const steps = order.map((axis) => strides[axis]!)
  const result = new Uint8Array(data.length)
  const index = lengths.map(() => 0)
  for (let at = 0; at < data.length; at += size) {
    const from = index.reduce((sum, place, axis) => sum + place * steps[axis]!, 0) * size
    for (let byte = 0; byte < size; byte++) result[at + byte] = data[from + byte]!
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      index[axis]! += 1
      if (index[axis]! < lengths[axis]!) break
      index[axis] = 0
    }
  }
  return result
}

/** A constant with its axes permuted; the axis of its quantisation moves along. Not for types below 8 bits. */
export function permuteConstant(tensor: Tensor, order: readonly number[]): Tensor {
  const shape = lengthsOf(tensor)
  const size = dataTypeBits[tensor.dtype] / 8
  const { quantization } = tensor
  return {
    ...tensor,
    shape: order.map((axis) => shape[axis]!),
    data: permutedBytes(tensor.data!, shape, order, size),
    ...(quantization && quantization.axis !== null
      ? { quantization: { ...quantization, axis: order.indexOf(quantization.axis) } }
      : {}),
  }
}

/** A constant of 4-bit integers (two a byte, the low half first) as int8 of the same values; others as they are. */
export function widenInt4(tensor: Tensor): Tensor {
  const { dtype, data } = tensor
  if (!data || (dtype !== 'int4' && dtype !== 'uint4')) return tensor
  const shift = dtype === 'int4' ? 28 : 0
  const values = Int8Array.from({ length: elementCount(tensor.shape) ?? 0 }, (_, index) => {
    const half = (data[index >> 1]! >> (index % 2 === 0 ? 0 : 4)) & 15
    return (half << shift) >> shift
  })
  return { ...tensor, dtype: 'int8', data: bytesOf(values) }
}
