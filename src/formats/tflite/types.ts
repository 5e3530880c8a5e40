import type { DataType } from '../../graph/graph.ts'
import { NotTflite } from './faults.ts'

/** Element types by TFLite's number (TensorType); null for those that milliwatt has not got. */
const dataTypes: readonly (DataType | null)[] = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  null,
  'int8',
  'float64',
  null,
  'uint64',
  'resource',
  null,
  'uint32',
  'uint16',
  'int4',
]

/** Element type of a TFLite number. @throws NotTflite for one that milliwatt does not know */
export function dataTypeOf(code: number): DataType {
  const type = dataTypes[code]
  if (!type) throw new NotTflite(`element type ${code} is not known`)
  return type
}

/** TFLite's number of an element type; null when TFLite has not got it. */
export function dataTypeCode(type: DataType): number | null {
  const code = dataTypes.indexOf(type)
  return code === -1 ? null : code
}
