/**
 * Numbers for different rows of bytes, in order of their first appearance: a hash table with open addressing. A `Map` of
 * strings would do the same at a tenth of the speed.
 */
export class StateTable {
  readonly width: number
  /** Row `n` lies at `n * width`. */
  rows: Uint8Array
  count = 0
  #slots: Int32Array = new Int32Array(64).fill(-1)

  /** @param width bytes of a row */
  constructor(width: number) {
    this.width = width
    this.rows = new Uint8Array(32 * width)
  }

  /** The number of a row, a new one for a row that was not seen. */
  intern(row: Uint8Array): number {
    if (2 * this.count >= this.#slots.length) this.#grow()
    const slot = this.#slotOf(row, 0)
    const known = this.#slots[slot]!
    if (known >= 0) return known
    this.#slots[slot] = this.count
    if ((this.count + 1) * this.width > this.rows.length) this.#widen()
    for (let i = 0, at = this.count * this.width; i < this.width; i++) this.rows[at + i] = row[i]!
    return this.count++
  }

  /** The place of a row, which begins at `from` of `bytes`, or the free one where it belongs. */
  #slotOf(bytes: Uint8Array, from: number): number {
    const { width } = this
    let hash = 0x811c9dc5
    for (let i = 0; i < width; i++) hash = Math.imul(hash ^ bytes[from + i]!, 0x01000193)
    const mask = this.#slots.length - 1
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const known = this.#slots[slot]!
      if (known < 0 || this.#isRow(known, bytes, from)) return slot
    }
  }

  #isRow(known: number, bytes: Uint8Array, from: number): boolean {
    for (let i = 0, at = known * this.width; i < this.width; i++)
      if (this.rows[at + i] !== bytes[from + i]) return false
    return true
  }

  #widen(): void {
    const rows = new Uint8Array(2 * this.rows.length)
    rows.set(this.rows)
    this.rows = rows
  }

  #grow(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(-1)
    for (let row = 0; row < this.count; row++) this.#slots[this.#slotOf(this.rows, row * this.width)] = row
  }
}
