/** A frame without its CRC: what it is, its number, the number of the next one that is awaited from the other end. */
export interface Frame {
  /** Code of the message, highest bit set. */
  readonly type: number
  readonly seq: number
  readonly ack: number
  readonly content: Uint8Array
}

const headBytes = 3
const crcBytes = 4

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 of ISO-HDLC (polynomial 0x04c11db7, reflected). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Bytes without zeros that stand for others (consistent overhead byte stuffing, Cheshire and Baker 1999). */
function stuff(bytes: Uint8Array, to: Uint8Array, start: number): number {
  let code = start
  let at = start + 1
  const close = () => {
    to[code] = at - code
    code = at++
  }
  for (const byte of bytes) {
    if (byte !== 0) to[at++] = byte
    if (byte === 0 || at - code === 255) close()
  }
  to[code] = at - code
  return at
}

/** Undoes `stuff`; null for bytes that it does not make. */
function unstuff(bytes: Uint8Array): Uint8Array | null {
  const to = new Uint8Array(bytes.length)
  let at = 0
  for (let from = 0; from < bytes.length; ) {
    const code = bytes[from++]!
    if (code === 0 || from + code - 1 > bytes.length) return null
    to.set(bytes.subarray(from, from + code - 1), at)
    at += code - 1
    from += code - 1
    if (code < 255 && from < bytes.length) to[at++] = 0
  }
  return to.subarray(0, at)
}

/** A frame as it goes over the wire, the zeros around it included. */
export function writeFrame({ type, seq, ack, content }: Frame): Uint8Array {
  const bytes = new Uint8Array(headBytes + content.length + crcBytes)
  bytes.set([type, seq, ack])
  bytes.set(content, headBytes)
  const end = headBytes + content.length
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true)
  const wire = new Uint8Array(bytes.length + 3 + Math.ceil(bytes.length / 254))
  const at = stuff(bytes, wire, 1)
  return wire.subarray(0, at + 1)
}

/** Reads what came between two zeros; null for what is no frame or was damaged. Never throws. */
export function readFrame(wire: Uint8Array): Frame | null {
  const bytes = unstuff(wire)
  if (!bytes || bytes.length < headBytes + crcBytes) return null
  const end = bytes.length - crcBytes
  const crc = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true)
  if (crc !== crc32(bytes.subarray(0, end))) return null
  const [type, seq, ack] = bytes as unknown as readonly [number, number, number]
  return { type, seq, ack, content: bytes.slice(headBytes, end) }
}

/** Longer than any frame: what has no zero for so long is noise. */
const longest = 1 << 16

/** Cuts a stream at its zeros, whatever its chunks. */
export class FrameSplitter {
  #parts: number[] = []

  /** What these bytes complete: the bytes between two zeros, in order, empty ones left out. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const found: Uint8Array[] = []
    for (const byte of chunk) {
      if (byte !== 0) {
        if (this.#parts.length < longest) this.#parts.push(byte)
        continue
      }
      if (this.#parts.length > 0) found.push(Uint8Array.from(this.#parts))
      this.#parts = []
    }
    return found
  }
}
