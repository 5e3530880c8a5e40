import type { Quantization } from './quantization.ts'

/** Element types that a tensor can have. */
export type DataType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int4'
  | 'uint4'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'resource'

/** A dimension: a length, or the name of an unknown one. */
export type Dimension = number | string

/** Value of a node's attribute. Integers that do not fit a double are refused by the reader. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly tensor: Tensor }
  | { readonly unsupported: string }

/** A named value: `shape` is null when nothing is known of it. Constants carry their bytes, little-endian. */
export interface Tensor {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly Dimension[] | null
  readonly data?: Uint8Array
  /** Which lengths of the shape the file leaves open (`?`); only where it records a shape and leaves one open. */
  readonly signature?: readonly Dimension[]
  /** How integers stand for reals; absent for plain numbers and in graphs that quantise by nodes (ONNX QDQ). */
  readonly quantization?: Quantization
  /** State: keeps its value from one run to the next and begins as zeros (the zero point). */
  readonly variable?: true
}

/** One operation. Missing optional inputs are empty names. */
export interface Node {
  readonly name: string
  readonly op: string
  /** Operator set; empty for the standard one. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

/** A model as a frozen plain value: nodes in an order in which they can run, tensors by name. */
export interface Graph {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Operator set versions by domain. */
  readonly opsets: Readonly<Record<string, number>>
}

/** Bits of one element; 0 for text and for handles of variables, which have no fixed size. */
export const dataTypeBits: Readonly<Record<DataType, number>> = {
  float32: 32,
  float16: 16,
  bfloat16: 16,
  float64: 64,
  int4: 4,
  uint4: 4,
  int8: 8,
  uint8: 8,
  int16: 16,
  uint16: 16,
  int32: 32,
  uint32: 32,
  int64: 64,
  uint64: 64,
  bool: 8,
  string: 0,
  resource: 0,
}

/** Number of elements of a fully known shape; null when a dimension is unknown. */
export function elementCount(shape: readonly Dimension[] | null): number | null {
  if (!shape) return null
  let count = 1
  for (const dimension of shape) {
    if (typeof dimension !== 'number') return null
    count *= dimension
  }
  return count
}

/** A number attribute, or the operator's default. */
export function numberAttribute(node: Node, name: string, fallback: number): number {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}

/** A list-of-numbers attribute, or the operator's default. */
export function numbersAttribute(node: Node, name: string, fallback: readonly number[]): readonly number[] {
  const value = node.attributes[name]
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? (value as number[]) : fallback
}

/** The integers of a constant int64 or int32 tensor (a shape, say); null when it is not one. */
export function constantIntegers(tensor: Tensor | undefined): readonly number[] | null {
  if (!tensor?.data) return null
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)
  if (tensor.dtype === 'int64')
    return Array.from({ length: tensor.data.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)))
  if (tensor.dtype === 'int32')
    return Array.from({ length: tensor.data.length / 4 }, (_, i) => view.getInt32(4 * i, true))
  return null
}
