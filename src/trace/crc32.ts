type Tables = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array]

/** Four tables, so that four bytes go in one step (Kounavis and Berry 2005, "slicing-by-4"). */
function makeTables(polynomial: number): Tables {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1
    return rest
  })
  const after = (table: Uint32Array) => table.map((value) => (value >>> 8) ^ first[value & 255]!)
  const second = after(first)
  const third = after(second)
  return [first, second, third, after(third)]
}

const zipTables = makeTables(0xedb88320)
const castagnoliTables = makeTables(0x82f63b78)

/**
 * CRC-32 as in zip and Ethernet (polynomial EDB88320, reflected).
 * @param before result for the bytes before these, to go on from
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  return checkSum(zipTables, bytes, before)
}

/** CRC-32C (Castagnoli, polynomial 82F63B78, reflected) as in iSCSI and JLS. */
export function crc32c(bytes: Uint8Array): number {
  return checkSum(castagnoliTables, bytes, 0)
}

function checkSum([t0, t1, t2, t3]: Tables, bytes: Uint8Array, before: number): number {
  let crc = ~before
  let at = 0
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc = t3[crc & 255]! ^ t2[(crc >>> 8) & 255]! ^ t1[(crc >>> 16) & 255]! ^ t0[crc >>> 24]!
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 255]!
  return ~crc >>> 0
}
