/** What an object or a firmware takes of a board. */
export interface FirmwareSizes {
  /** Code, constants and the initial values of variables. */
  readonly flashBytes: number
  /** Variables, and code that is copied to run there; neither stack nor heap. */
  readonly ramBytes: number
}

const sectionFlags = { write: 1, allocated: 2 } as const
const noBits = 8

/** Segments whose content lies elsewhere than where it is loaded: it is copied at the start. */
function copiedSegments(view: DataView): readonly { readonly start: number; readonly end: number }[] {
  const [table, entryBytes, entries] = [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)]
  return Array.from({ length: entries }, (_, entry) => {
    const word = (field: number) => view.getUint32(table + entry * entryBytes + field, true)
    const [start, loaded, bytes] = [word(8), word(12), word(20)]
    return start === loaded ? [] : [{ start, end: start + bytes }]
  }).flat()
}

/** Sums the sections of an ELF file of 32 bits, little-endian, that lie in memory (System V ABI, "Section Header"). */
export function elfSizes(elf: Uint8Array): FirmwareSizes {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength)
  const [table, entryBytes, entries] = [view.getUint32(32, true), view.getUint16(46, true), view.getUint16(48, true)]
  const copied = copiedSegments(view)
  let [flashBytes, ramBytes] = [0, 0]
  for (let entry = 0; entry < entries; entry++) {
    const word = (field: number) => view.getUint32(table + entry * entryBytes + field, true)
    const [type, flags, address, bytes] = [word(4), word(8), word(12), word(20)]
    if (!(flags & sectionFlags.allocated)) continue
    const isCopied = copied.some(({ start, end }) => address >= start && address < end)
    if (type !== noBits) flashBytes += bytes
    if (flags & sectionFlags.write || isCopied) ramBytes += bytes
  }
  return { flashBytes, ramBytes }
}
