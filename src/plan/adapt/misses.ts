/** Inferences that are looked back on. */
const length = 40

/**
 * Missed deadlines that are too many for a limit at the 95th percentile: where exactly one in twenty is missed, 8 of 40 come
 * up in fewer than one of a thousand stretches.
 */
const tooMany = 8

/** Deadlines missed lately. */
export class Misses {
  #recent: readonly boolean[] = []

  /** Takes note of one inference. */
  add(missed: boolean): void {
    this.#recent = [...this.#recent, missed].slice(-length)
  }

  /** The misses in words when they are too many, else null. */
  get complaint(): string | null {
    const count = this.#recent.filter((missed) => missed).length
    return count < tooMany ? null : `it missed ${count} of the last ${this.#recent.length} deadlines`
  }

  /** Begins anew. */
  clear(): void {
    this.#recent = []
  }
}
