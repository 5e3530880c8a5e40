import type { Builder } from 'flatbuffers'
import { MilliwattError } from '../../core/errors.ts'
import type { Tensor } from '../../graph/graph.ts'
import { dataTypeCode } from './types.ts'
import { int32Vector } from './write-options.ts'

/** A buffer; constants lie at multiples of 16 bytes, as the schema demands. */
export function writeBuffer(builder: Builder, data: Uint8Array): number {
  builder.prep(16, data.length)
  const bytes = data.length > 0 ? builder.createByteVector(data) : 0
  builder.startObject(3)
  builder.addFieldOffset(0, bytes, 0)
  return builder.endObject()
}

/** Quantisation parameters; 0 when there are none. */
function writeQuantization(builder: Builder, { quantization }: Tensor): number {
  if (!quantization) return 0
  builder.startVector(8, quantization.zeroPoints.length, 8)
  for (const zero of quantization.zeroPoints.toReversed()) builder.addInt64(BigInt(zero))
  const zeroPoints = builder.endVector()
  builder.startVector(4, quantization.scales.length, 4)
  for (const scale of quantization.scales.toReversed()) builder.addFloat32(scale)
  const scales = builder.endVector()
  builder.startObject(7)
  builder.addFieldOffset(2, scales, 0)
  builder.addFieldOffset(3, zeroPoints, 0)
  builder.addFieldInt32(6, quantization.axis ?? 0, 0)
  return builder.endObject()
}

/** A tensor that names its buffer. @throws MilliwattError OP_UNSUPPORTED for types that TFLite has not got */
export function writeTensor(builder: Builder, tensor: Tensor, buffer: number): number {
  const code = dataTypeCode(tensor.dtype)
  if (code === null)
    throw new MilliwattError('OP_UNSUPPORTED', tensor.name, `TFLite has no tensors of ${tensor.dtype}.`)
  const quantization = writeQuantization(builder, tensor)
  const lengths = (tensor.shape ?? []).map((length) => (typeof length === 'number' ? length : -1))
  const shape = int32Vector(builder, lengths)
  const open = tensor.signature?.map((length) => (typeof length === 'number' ? length : -1)) ?? lengths
  const signature = open.includes(-1) ? int32Vector(builder, open) : 0
  const name = builder.createString(tensor.name)
  builder.startObject(9)
  builder.addFieldOffset(0, shape, 0)
  builder.addFieldInt8(1, code, 0)
  builder.addFieldInt32(2, buffer, 0)
  builder.addFieldOffset(3, name, 0)
  builder.addFieldOffset(4, quantization, 0)
  builder.addFieldInt8(5, tensor.variable ? 1 : 0, 0)
  builder.addFieldOffset(7, signature, 0)
  builder.addFieldInt8(8, tensor.shape ? 1 : 0, 0)
  return builder.endObject()
}
