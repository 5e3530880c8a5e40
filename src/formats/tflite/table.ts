import { ByteBuffer } from 'flatbuffers'
import { NotTflite, OutsideFile } from './faults.ts'

/**
 * The file under the `flatbuffers` accessor, with a budget: the elements of all vectors and strings that are read
 * into values never outnumber twice the file's bytes, however often the file points at the same ones.
 */
export interface FlatFile {
  readonly buffer: ByteBuffer
  readonly bytes: Uint8Array
  budget: number
}

/** A table in the file: its absolute position, checked, and that of its table of fields. */
export interface Table {
  readonly file: FlatFile
  readonly at: number
  readonly fields: number
  readonly fieldsEnd: number
  readonly end: number
}

/** Opens a file of flat tables. */
export function openFlatFile(given: Uint8Array): FlatFile {
  // A plain view, also of a Node Buffer, whose slices behave otherwise.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  return { buffer: new ByteBuffer(bytes), bytes, budget: 2 * bytes.length }
}

/** Refuses places outside the file. @throws OutsideFile */
export function needBytes(file: FlatFile, at: number, length: number): void {
  if (at >= 0 && length >= 0 && at + length <= file.bytes.length) return
  throw new OutsideFile(`${length} bytes at ${at} lie outside the file of ${file.bytes.length} bytes`)
}

/** Takes `count` elements from the budget. @throws NotTflite when the file shares its vectors beyond measure */
export function spend(file: FlatFile, count: number): void {
  file.budget -= count
  if (file.budget < 0) throw new NotTflite('its vectors overlap so often that they exceed the file many times')
}

/** Follows the offset that stands at a position. */
export function follow(file: FlatFile, at: number): number {
  needBytes(file, at, 4)
  const target = at + file.buffer.readUint32(at)
  needBytes(file, target, 4)
  return target
}

/** The table at a position. @throws OutsideFile, NotTflite */
export function tableAt(file: FlatFile, at: number): Table {
  needBytes(file, at, 4)
  const fields = at - file.buffer.readInt32(at)
  needBytes(file, fields, 4)
  const fieldsSize = file.buffer.readUint16(fields)
  const size = file.buffer.readUint16(fields + 2)
  if (fieldsSize < 4 || fieldsSize % 2 !== 0 || size < 4) throw new NotTflite(`there is no table at ${at}`)
  needBytes(file, fields, fieldsSize)
  needBytes(file, at, size)
  return { file, at, fields, fieldsEnd: fields + fieldsSize, end: at + size }
}

/** The root table. */
export function rootTable(file: FlatFile): Table {
  return tableAt(file, follow(file, 0))
}

/** Absolute position of a field's value of this many bytes; 0 when the table has not got it. */
export function fieldAt(table: Table, field: number, width: number): number {
  const slot = table.fields + 4 + 2 * field
  if (slot + 2 > table.fieldsEnd) return 0
  const offset = table.file.buffer.readUint16(slot)
  if (offset === 0) return 0
  if (offset < 4 || table.at + offset + width > table.end) throw new NotTflite(`field ${field} lies outside its table`)
  return table.at + offset
}

const scalar =
  (width: number, read: (buffer: ByteBuffer, at: number) => number) =>
  (table: Table, field: number, fallback = 0): number => {
    const at = fieldAt(table, field, width)
    return at === 0 ? fallback : read(table.file.buffer, at)
  }

/** A scalar field by type, with the schema's default. */
export const readInt8: (table: Table, field: number, fallback?: number) => number = scalar(1, (b, at) => b.readInt8(at))
export const readUint8: (table: Table, field: number, fallback?: number) => number = scalar(1, (b, at) =>
  b.readUint8(at),
)
export const readInt32: (table: Table, field: number, fallback?: number) => number = scalar(4, (b, at) =>
  b.readInt32(at),
)
export const readUint32: (table: Table, field: number, fallback?: number) => number = scalar(4, (b, at) =>
  b.readUint32(at),
)
export const readFloat32: (table: Table, field: number, fallback?: number) => number = scalar(4, (b, at) =>
  b.readFloat32(at),
)
/** A 64-bit field as a number. @throws NotTflite when a double cannot hold it */
export const readInteger64: (table: Table, field: number, fallback?: number) => number = scalar(8, (b, at) =>
  toSafeNumber(b.readInt64(at)),
)

/** A 64-bit integer as a number. @throws NotTflite when a double cannot hold it */
export function toSafeNumber(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new NotTflite(`integer ${value} is out of range`)
  return number
}
