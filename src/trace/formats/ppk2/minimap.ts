const maxNumberOfElements = 10_000
/** The app draws nothing below 200 nA. */
const floorNa = 200

interface Point {
  readonly x: number
  readonly y: number
}

/**
 * The overview that the app shows below its plot: least and most of equal stretches, at most 10 000 of them.
 * When all are used, neighbours are folded by two. Times in microseconds, currents in nanoamperes.
 */
export class Minimap {
  readonly #stepUs: number
  readonly #min = new Float64Array(maxNumberOfElements)
  readonly #max = new Float64Array(maxNumberOfElements)
  #length = 0
  /** Samples that one element stands for. */
  #fold = 1
  /** Samples in the last element. */
  #filled = 0

  constructor(sampleRateHz: number) {
    this.#stepUs = 1e6 / sampleRateHz
  }

  /** Takes the next sample in nanoamperes; NaN for a lost one, which only takes its time. */
  add(currentNa: number): void {
    if (this.#filled === this.#fold || this.#length === 0) this.#begin()
    const at = this.#length - 1
    this.#filled++
    if (Number.isNaN(currentNa)) return
    const value = Math.max(floorNa, currentNa)
    if (value < this.#min[at]!) this.#min[at] = value
    if (value > this.#max[at]!) this.#max[at] = value
  }

  #begin(): void {
    if (this.#length === maxNumberOfElements) {
      for (let at = 0; at < maxNumberOfElements / 2; at++) {
        this.#min[at] = Math.min(this.#min[2 * at]!, this.#min[2 * at + 1]!)
        this.#max[at] = Math.max(this.#max[2 * at]!, this.#max[2 * at + 1]!)
      }
      this.#length = maxNumberOfElements / 2
      this.#fold *= 2
    }
    this.#min[this.#length] = Number.POSITIVE_INFINITY
    this.#max[this.#length] = Number.NEGATIVE_INFINITY
    this.#length++
    this.#filled = 0
  }

  /** The member `minimap.raw`. */
  toJson(): string {
    const points = (values: Float64Array): readonly Point[] =>
      Array.from({ length: this.#length }, (_, at) => ({
        x: Math.round(at * this.#fold * this.#stepUs),
        y: Number.isFinite(values[at]!) ? values[at]! : floorNa,
      }))
    return JSON.stringify({
      lastElementFoldCount: this.#filled,
      data: { length: this.#length, min: points(this.#min), max: points(this.#max) },
      maxNumberOfElements,
      numberOfTimesToFold: this.#fold,
    })
  }
}
