import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** Writes a nested message. */
export function writeMessage(writer: BinaryWriter, field: number, fill: (inner: BinaryWriter) => void): void {
  const inner = new BinaryWriter()
  fill(inner)
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish())
}

/** Writes a text field. */
export function writeText(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value)
}

/** Writes an int32, int64 or enum field. */
export function writeInteger(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value)
}

/** Writes a float field. */
export function writeFloat(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Bit32).float(value)
}
