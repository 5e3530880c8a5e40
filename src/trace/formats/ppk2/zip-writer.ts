import type { FileAppender } from '../../../core/host.ts'
import { crc32 } from '../../crc32.ts'

/** Sizes stand behind the content (bit 3), names are UTF-8 (bit 11). */
const flags = 0x0808
const deflated = 8

interface Member {
  readonly name: Uint8Array
  readonly offset: number
  crc: number
  sizeBytes: number
  packedBytes: number
}

/** Little-endian fields in a row: value and bytes of each. */
function fields(...parts: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, [, length]) => sum + length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [value, length] of parts) {
    if (length === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += length
  }
  return bytes
}

/** Midnight of the first day that a zip can tell: the file says itself when it was recorded. */
const [time, date] = [0, 0x21]

/**
 * Writes a zip archive member by member, each packed while it comes (APPNOTE 6.3; no zip64, so no member and no
 * archive of 4 GiB or more). The platform's own deflate packs.
 */
export class ZipWriter {
  readonly #appender: FileAppender
  readonly #members: Member[] = []
  #offset = 0
  #open: {
    readonly pack: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>
    readonly packed: Promise<void>
  } | null = null

  constructor(appender: FileAppender) {
    this.#appender = appender
  }

  /** Begins a member. */
  async begin(name: string): Promise<void> {
    const member: Member = {
      name: new TextEncoder().encode(name),
      offset: this.#offset,
      crc: 0,
      sizeBytes: 0,
      packedBytes: 0,
    }
    this.#members.push(member)
    await this.#append(fields([0x04034b50, 4], [20, 2], [flags, 2], [deflated, 2], [time, 2], [date, 2]))
    await this.#append(fields([0, 4], [0, 4], [0, 4], [member.name.length, 2], [0, 2]))
    await this.#append(member.name)
    const stream = new CompressionStream('deflate-raw')
    const packed = this.#drain(stream.readable.getReader(), member)
    // Waited for where the member ends; until then a failure shows in the writes.
    packed.catch(() => {})
    this.#open = { pack: stream.writable.getWriter(), packed }
  }

  /** Appends to the member that was begun. @throws the system's error of a failed write */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const member = this.#members.at(-1)!
    member.crc = crc32(bytes, member.crc)
    member.sizeBytes += bytes.length
    const { pack, packed } = this.#open!
    await pack.write(bytes).catch(() => packed)
  }

  /** Ends the member. @throws the system's error of a failed write */
  async end(): Promise<void> {
    const { pack, packed } = this.#open!
    await pack.close().catch(() => {})
    await packed
    this.#open = null
    const { crc, packedBytes, sizeBytes } = this.#members.at(-1)!
    await this.#append(fields([0x08074b50, 4], [crc, 4], [packedBytes, 4], [sizeBytes, 4]))
  }

  /** Writes the directory and closes the file. */
  async close(): Promise<void> {
    const start = this.#offset
    for (const { name, offset, crc, sizeBytes, packedBytes } of this.#members) {
      await this.#append(fields([0x02014b50, 4], [20, 2], [20, 2], [flags, 2], [deflated, 2], [time, 2], [date, 2]))
      await this.#append(fields([crc, 4], [packedBytes, 4], [sizeBytes, 4], [name.length, 2], [0, 2], [0, 2]))
      await this.#append(fields([0, 2], [0, 2], [0, 4], [offset, 4]))
      await this.#append(name)
    }
    const count = this.#members.length
    const length = this.#offset - start
    await this.#append(fields([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [start, 4], [0, 2]))
    await this.#appender.close()
  }

  /** Gives up: lets the packing go and closes the file. */
  async abort(): Promise<void> {
    await this.#open?.pack.abort().catch(() => {})
    await this.#appender.close()
  }

  async #drain(reader: ReadableStreamDefaultReader<Uint8Array>, member: Member): Promise<void> {
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
        member.packedBytes += chunk.value.length
        await this.#append(chunk.value)
      }
    } catch (error) {
      // Without a reader the packing would wait for ever.
      await reader.cancel(error).catch(() => {})
      throw error
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.#appender.append(bytes)
    this.#offset += bytes.length
  }
}
