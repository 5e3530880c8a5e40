import type { BinaryWriter } from '@bufbuild/protobuf/wire'
import { WireType } from '@bufbuild/protobuf/wire'
import { MilliwattError } from '../../core/errors.ts'
import type { DataType, Dimension, Tensor } from '../../graph/graph.ts'
import { dataTypeCode } from './tensor.ts'
import { writeInteger, writeMessage, writeText } from './write-wire.ts'

function codeOf(dtype: DataType, name: string): number {
  const code = dataTypeCode(dtype)
  if (code === null) throw new MilliwattError('OP_UNSUPPORTED', name, `ONNX has no tensors of ${dtype}.`)
  return code
}

/** Fills a TensorProto with raw data. @throws MilliwattError OP_UNSUPPORTED for types that ONNX has not got */
export function writeTensor(writer: BinaryWriter, tensor: Tensor): void {
  for (const length of tensor.shape ?? []) writeInteger(writer, 1, Number(length))
  writeInteger(writer, 2, codeOf(tensor.dtype, tensor.name))
  writeText(writer, 8, tensor.name)
  writer.tag(9, WireType.LengthDelimited).bytes(tensor.data ?? new Uint8Array(0))
}

/** A dimension of unknown length and name is an empty message. */
function writeDimension(writer: BinaryWriter, dimension: Dimension): void {
  if (typeof dimension === 'number') writeInteger(writer, 1, dimension)
  else if (dimension !== '?') writeText(writer, 2, dimension)
}

/** Fills a ValueInfoProto: name, element type, and the shape where it is known. */
export function writeValueInfo(writer: BinaryWriter, { name, dtype, shape }: Tensor): void {
  writeText(writer, 1, name)
  writeMessage(writer, 2, (type) =>
    writeMessage(type, 1, (tensorType) => {
      writeInteger(tensorType, 1, codeOf(dtype, name))
      if (!shape) return
      writeMessage(tensorType, 2, (message) => {
        for (const dimension of shape) writeMessage(message, 1, (inner) => writeDimension(inner, dimension))
      })
    }),
  )
}
