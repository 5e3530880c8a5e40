import type { FileReader } from '../../../core/host.ts'

/** A file read from front to back, so that neighbouring parts cost one read. */
export class SlidingWindow {
  readonly #reader: FileReader
  readonly #readBytes: number
  #start = 0
  #bytes = new Uint8Array(0)

  /** @param readBytes least that is read at a time */
  constructor(reader: FileReader, readBytes: number) {
    this.#reader = reader
    this.#readBytes = readBytes
  }

  /** Bytes from `from` up to `to`, fewer at the end of the file; `from` never goes back. They stay as they are. */
  async bytes(from: number, to: number): Promise<Uint8Array> {
    const end = this.#start + this.#bytes.length
    if (to > end) {
      const rest = from < end ? this.#bytes.subarray(from - this.#start) : new Uint8Array(0)
      const next = await this.#reader.read(from + rest.length, Math.max(to, from + rest.length + this.#readBytes))
      this.#bytes = new Uint8Array(rest.length + next.length)
      this.#bytes.set(rest)
      this.#bytes.set(next, rest.length)
      this.#start = from
    }
    return this.#bytes.subarray(from - this.#start, to - this.#start)
  }
}
