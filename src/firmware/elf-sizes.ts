/** What an object or a firmware takes of a board. */
export interface FirmwareSizes {
  /** Code, constants and the initial values of variables. */
  readonly flashBytes: number
  /** Variables; neither stack nor heap. */
  readonly ramBytes: number
}

const sectionFlags = { write: 1, allocated: 2 } as const
const noBits = 8

/** Sums the sections of an ELF file of 32 bits, little-endian, that lie in memory (System V ABI, "Section Header"). */
export function elfSizes(elf: Uint8Array): FirmwareSizes {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength)
  const [table, entryBytes, entries] = [view.getUint32(32, true), view.getUint16(46, true), view.getUint16(48, true)]
  let [flashBytes, ramBytes] = [0, 0]
  for (let entry = 0; entry < entries; entry++) {
    const at = table + entry * entryBytes
    const [type, flags, bytes] = [4, 8, 20].map((field) => view.getUint32(at + field, true)) as [number, number, number]
    if (!(flags & sectionFlags.allocated)) continue
    if (type !== noBits) flashBytes += bytes
    if (flags & sectionFlags.write) ramBytes += bytes
  }
  return { flashBytes, ramBytes }
}
