import { MilliwattError } from '../../core/errors.ts'
import type { DataType, Tensor } from '../graph.ts'

/** Elements of a tensor. int4 values are unpacked to int8, booleans are 0 or 1. */
export type Values =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

type ArrayType = {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): Values
  new (buffer: ArrayBuffer): Values
}

const arrays: Partial<Record<DataType, ArrayType>> = {
  float32: Float32Array,
  float64: Float64Array,
  int4: Int8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  resource: Uint8Array,
}

function arrayOf(dtype: DataType, name: string): ArrayType {
  const type = arrays[dtype]
  if (!type) throw new MilliwattError('OP_UNSUPPORTED', name, `The reference interpreter has no tensors of ${dtype}.`)
  return type
}

/** Zeros for a tensor's elements. @throws MilliwattError OP_UNSUPPORTED for float16, which only constants have, and text */
export function emptyValues(dtype: DataType, length: number, name: string): Values {
  return new (arrayOf(dtype, name))(length)
}

/** Tells whether values are of the array type that a tensor wants. */
export function fits(values: Values, dtype: DataType, name: string): boolean {
  return values instanceof (arrayOf(dtype, name) as unknown as { new (): Values })
}

/** Two int4 values a byte, the low half first. */
function unpackInt4(bytes: Uint8Array, length: number): Int8Array {
  return Int8Array.from({ length }, (_, index) => {
    const byte = bytes[index >> 1]!
    return ((index % 2 === 0 ? byte << 28 : byte << 24) | 0) >> 28
  })
}

/** float16 (IEEE 754 binary16) as the float32 of the same value. */
function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** Elements of a constant (little-endian bytes, at any alignment); those of float16 as float32. */
export function constantValues(tensor: Tensor, length: number): Values {
  const data = tensor.data!
  if (tensor.dtype === 'int4') return unpackInt4(data, length)
  if (tensor.dtype === 'float16') return Float32Array.from(new Uint16Array(new Uint8Array(data).buffer), widenHalf)
  return new (arrayOf(tensor.dtype, tensor.name))(new Uint8Array(data).buffer)
}

/** Elements as numbers; int64 values beyond 2^53 lose digits. */
export function toNumbers(values: Values): readonly number[] {
  return Array.from(values as ArrayLike<number | bigint>, Number)
}
