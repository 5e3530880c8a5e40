import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'

/** Reads the value of one field; the wire type tells packed lists from single values. */
export type FieldHandler = (reader: BinaryReader, wireType: WireType) => void

/** Walks the fields of a protobuf message; unknown fields are skipped. @throws on malformed bytes */
export function readFields(bytes: Uint8Array, handlers: Readonly<Record<number, FieldHandler>>): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    const handler = handlers[field]
    if (handler) handler(reader, wireType)
    else reader.skip(wireType, field)
  }
}

/** Reads one element or a packed run of a repeated scalar field into `list`. */
export function readRepeated<T>(
  list: T[],
  reader: BinaryReader,
  wireType: WireType,
  one: (reader: BinaryReader) => T,
): void {
  if (wireType !== WireType.LengthDelimited) {
    list.push(one(reader))
    return
  }
  const packed = new BinaryReader(reader.bytes())
  while (packed.pos < packed.len) list.push(one(packed))
}

/** An int64 as a number. @throws RangeError when it does not fit a double exactly */
export function readInteger(reader: BinaryReader): number {
  const value = Number(reader.int64())
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer ${value} is out of range`)
  return value
}

/** A float32 field. */
export const readFloat = (reader: BinaryReader): number => reader.float()
