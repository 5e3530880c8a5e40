import { fieldAt, follow, needBytes, spend, type Table, tableAt, toSafeNumber } from './table.ts'

/** Where a vector's elements are; null when the field is absent. */
function vectorAt(table: Table, field: number, width: number): { readonly at: number; readonly length: number } | null {
  const slot = fieldAt(table, field, 4)
  if (slot === 0) return null
  const start = follow(table.file, slot)
  const length = table.file.buffer.readUint32(start)
  needBytes(table.file, start + 4, length * width)
  return { at: start + 4, length }
}

function list<T>(table: Table, field: number, width: number, one: (at: number) => T): readonly T[] | null {
  const vector = vectorAt(table, field, width)
  if (!vector) return null
  spend(table.file, vector.length)
  return Array.from({ length: vector.length }, (_, index) => one(vector.at + width * index))
}

/** A vector field as a list; null when it is absent. @throws OutsideFile, NotTflite */
export function readInt32s(table: Table, field: number): readonly number[] | null {
  return list(table, field, 4, (at) => table.file.buffer.readInt32(at))
}

/** A vector of float32. */
export function readFloat32s(table: Table, field: number): readonly number[] | null {
  return list(table, field, 4, (at) => table.file.buffer.readFloat32(at))
}

/** A vector of int64, as numbers. */
export function readInteger64s(table: Table, field: number): readonly number[] | null {
  return list(table, field, 8, (at) => toSafeNumber(table.file.buffer.readInt64(at)))
}

/** A vector of tables; empty when it is absent. */
export function readTables(table: Table, field: number): readonly Table[] {
  return list(table, field, 4, (at) => tableAt(table.file, follow(table.file, at))) ?? []
}

/** A table field; null when it is absent. */
export function readTable(table: Table, field: number): Table | null {
  const slot = fieldAt(table, field, 4)
  return slot === 0 ? null : tableAt(table.file, follow(table.file, slot))
}

/** A vector of bytes as a view of the file; null when it is absent. */
export function readBytes(table: Table, field: number): Uint8Array | null {
  const vector = vectorAt(table, field, 1)
  return vector && table.file.bytes.subarray(vector.at, vector.at + vector.length)
}

const text = new TextDecoder()

/** A string; empty when it is absent. */
export function readString(table: Table, field: number): string {
  const bytes = readBytes(table, field)
  if (!bytes) return ''
  spend(table.file, bytes.length)
  return text.decode(bytes)
}
