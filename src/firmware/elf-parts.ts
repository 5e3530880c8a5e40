import type { ImagePart } from './flash/image-part.ts'

const loadable = 1

/**
 * What an executable of 32 bits, little-endian, holds in a board's memory before it starts (System V ABI, "Program Header"):
 * every segment at the address that it is loaded to, in order of address.
 */
export function readElfParts(elf: Uint8Array): readonly ImagePart[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength)
  const [table, entryBytes, entries] = [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)]
  const parts: ImagePart[] = []
  for (let entry = 0; entry < entries; entry++) {
    const word = (field: number) => view.getUint32(table + entry * entryBytes + field, true)
    const [type, offset, address, bytes] = [word(0), word(4), word(12), word(16)]
    if (type === loadable && bytes > 0) parts.push({ address, bytes: elf.slice(offset, offset + bytes) })
  }
  return parts.sort((a, b) => a.address - b.address)
}
