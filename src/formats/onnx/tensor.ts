import { type DataType, dataTypeBits, type Tensor } from '../../graph/graph.ts'
import type { ExternalFiles } from '../format.ts'
import { externalBytes, externalReference, readEntry } from './external.ts'
import { readFields, readFloat, readInteger, readRepeated } from './wire.ts'

/** ONNX's numbers of element types (TensorProto.DataType of the public schema). */
const dataTypes: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
  21: 'uint4',
  22: 'int4',
}

/** Element type of an ONNX number. @throws RangeError for one that milliwatt does not know */
export function dataTypeOf(code: number): DataType {
  const type = dataTypes[code]
  if (!type) throw new RangeError(`element type ${code} is not known`)
  return type
}

/** ONNX's number of an element type; null when ONNX has not got it. */
export function dataTypeCode(type: DataType): number | null {
  const row = Object.entries(dataTypes).find(([, name]) => name === type)
  return row ? Number(row[0]) : null
}

interface TypedValues {
  readonly raw: Uint8Array | null
  readonly floats: readonly number[]
  readonly integers: readonly number[]
  readonly longs: readonly bigint[]
  readonly doubles: readonly number[]
}

/** Bytes of a tensor whose values stand in the typed fields: int32_data also carries the narrow types. */
function typedBytes(dtype: DataType, values: TypedValues): Uint8Array {
  const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  if (dtype === 'float32') return bytesOf(Float32Array.from(values.floats))
  if (dtype === 'float64') return bytesOf(Float64Array.from(values.doubles))
  if (dtype === 'int64' || dtype === 'uint64' || dtype === 'uint32') {
    const longs = BigInt64Array.from(values.longs)
    return dtype === 'uint32' ? bytesOf(Uint32Array.from(longs, Number)) : bytesOf(longs)
  }
  if (dataTypeBits[dtype] === 16) return bytesOf(Uint16Array.from(values.integers))
  if (dtype === 'int32') return bytesOf(Int32Array.from(values.integers))
  return Uint8Array.from(values.integers)
}

/** Reads a TensorProto. @throws on malformed bytes, unknown element types and external data that is not there */
export function readTensor(bytes: Uint8Array, files: ExternalFiles): Tensor {
  const shape: number[] = []
  const floats: number[] = []
  const integers: number[] = []
  const longs: bigint[] = []
  const doubles: number[] = []
  let name = ''
  let code = 0
  let raw: Uint8Array | null = null
  const entries: (readonly [string, string])[] = []
  let external = false
  readFields(bytes, {
    1: (reader, wire) => readRepeated(shape, reader, wire, readInteger),
    2: (reader) => {
      code = reader.int32()
    },
    4: (reader, wire) => readRepeated(floats, reader, wire, readFloat),
    5: (reader, wire) => readRepeated(integers, reader, wire, (r) => r.int32()),
    7: (reader, wire) => readRepeated(longs, reader, wire, (r) => BigInt(r.int64())),
    8: (reader) => {
      name = reader.string()
    },
    9: (reader) => {
      raw = reader.bytes()
    },
    10: (reader, wire) => readRepeated(doubles, reader, wire, (r) => r.double()),
    11: (reader, wire) => readRepeated(longs, reader, wire, (r) => BigInt(r.uint64())),
    13: (reader) => {
      entries.push(readEntry(reader.bytes()))
    },
    14: (reader) => {
      external = reader.int32() === 1
    },
  })
  const dtype = dataTypeOf(code)
  if (dtype === 'string') return { name, dtype, shape }
  if (external) return { name, dtype, shape, data: externalBytes(files, externalReference(entries, name), name) }
  return { name, dtype, shape, data: raw ?? typedBytes(dtype, { raw, floats, integers, longs, doubles }) }
}
