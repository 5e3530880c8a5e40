import { crc32 } from './crc32.ts'

/**
 * The raw file of a capture is a row of blocks, each whole in itself, so that a reader of a file that was cut
 * anywhere finds every block before the cut. Little-endian:
 *
 *     0  u32  4D 57 42 4C, "MWBL"
 *     4  u8   kind
 *     5  u8   version of the file, 1
 *     6  u16  flags: bit 0, no sample of the block is a valid reading
 *     8  u32  bytes of the payload
 *    12  u32  samples in the payload
 *    16  f64  index of its first sample on the meter's grid
 *    24  f64  host clock in seconds when its last sample arrived
 *    32  u32  CRC-32 of the payload
 *    36  u32  CRC-32 of bytes 0 to 35
 *    40       payload
 *
 * Kind 0 comes first and holds the sidecar as it was at the start, as JSON; kind 1 holds samples in the raw
 * layout; kind 2 holds one mark as JSON. Rule for readers: a reader of version 1 refuses any other version.
 */
export interface CaptureBlock {
  readonly kind: 'header' | 'samples' | 'mark'
  readonly isInvalid: boolean
  readonly payloadBytes: number
  readonly samples: number
  readonly firstIndex: number
  readonly arrivalS: number
}

/** Bytes of a block before its payload. */
export const blockHeadBytes = 40
/** The version that is written, and the only one that is read. */
export const captureVersion = 1
/** No block is longer: a greater length is damage. */
const longestPayload = 16 * 1024 * 1024

const magic = 0x4c42574d
const kinds = ['header', 'samples', 'mark'] as const

/** A whole block as bytes. */
export function writeBlock(
  kind: CaptureBlock['kind'],
  payload: Uint8Array,
  place: Partial<Pick<CaptureBlock, 'samples' | 'firstIndex' | 'arrivalS' | 'isInvalid'>> = {},
): Uint8Array {
  const bytes = new Uint8Array(blockHeadBytes + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint8(4, kinds.indexOf(kind))
  view.setUint8(5, captureVersion)
  view.setUint16(6, place.isInvalid ? 1 : 0, true)
  view.setUint32(8, payload.length, true)
  view.setUint32(12, place.samples ?? 0, true)
  view.setFloat64(16, place.firstIndex ?? 0, true)
  view.setFloat64(24, place.arrivalS ?? 0, true)
  view.setUint32(32, crc32(payload), true)
  view.setUint32(36, crc32(bytes.subarray(0, 36)), true)
  bytes.set(payload, blockHeadBytes)
  return bytes
}

/** The head of a block, or why there is none. `version` is told apart, since a newer file is no damage. */
export function readBlockHead(head: Uint8Array): CaptureBlock | { readonly version: number } | null {
  if (head.length < blockHeadBytes) return null
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (view.getUint32(0, true) !== magic) return null
  if (head[5] !== captureVersion) return { version: head[5]! }
  if (view.getUint32(36, true) !== crc32(head.subarray(0, 36))) return null
  const kind = kinds[head[4]!]
  const payloadBytes = view.getUint32(8, true)
  const samples = view.getUint32(12, true)
  const firstIndex = view.getFloat64(16, true)
  const isPlace = Number.isSafeInteger(firstIndex) && firstIndex >= 0
  if (!kind || payloadBytes > longestPayload || samples > payloadBytes || !isPlace) return null
  return {
    kind,
    isInvalid: (head[6]! & 1) === 1,
    payloadBytes,
    samples,
    firstIndex,
    arrivalS: view.getFloat64(24, true),
  }
}

/** Whether the payload of a whole block with a sound head is as it was written. */
export function isPayloadSound(block: Uint8Array): boolean {
  const stored = new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(32, true)
  return crc32(block.subarray(blockHeadBytes)) === stored
}
