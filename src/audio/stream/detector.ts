/** When posteriors of a stream make an event. */
export interface DetectorSettings {
  /** Step between two looks of the net, in seconds. */
  readonly stepS: number
  /** Posteriors that are averaged. */
  readonly smoothing: number
  /** No event for so long after one. */
  readonly refractoryS: number
  /** Smoothed posterior that a keyword must reach, by keyword; labels that are not here make no event. */
  readonly thresholds: Readonly<Record<string, number>>
}

/** A keyword that was heard. */
export interface Detection {
  readonly keyword: string
  /** Smoothed posterior. */
  readonly score: number
  /** Of the stream, in seconds: end of the audio that the net had heard. */
  readonly timeS: number
}

/**
 * Makes events of posteriors: the mean of the last few, a threshold a keyword, nothing for a while after an event, and the
 * same keyword only after its score was below its threshold.
 */
export class KeywordDetector {
  /** The smoothed posteriors, in the order of the labels. */
  readonly smoothed: Float32Array
  readonly #labels: readonly string[]
  readonly #refractoryS: number
  readonly #thresholds: Float32Array
  readonly #history: Float32Array[]
  readonly #armed: boolean[]
  #pushed = 0
  #quietUntilS = Number.NEGATIVE_INFINITY

  constructor(labels: readonly string[], settings: DetectorSettings) {
    this.#labels = labels
    this.#refractoryS = settings.refractoryS
    this.#thresholds = Float32Array.from(labels, (label) => settings.thresholds[label] ?? Number.POSITIVE_INFINITY)
    this.#history = Array.from({ length: settings.smoothing }, () => new Float32Array(labels.length))
    this.#armed = labels.map(() => true)
    this.smoothed = new Float32Array(labels.length)
  }

  /** Takes the posteriors of a moment of the stream. */
  push(scores: ArrayLike<number>, timeS: number): Detection | null {
    this.#history[this.#pushed++ % this.#history.length]!.set(scores)
    let best = -1
    for (let label = 0; label < this.#labels.length; label++) {
      let sum = 0
      for (const past of this.#history) sum += past[label]!
      this.smoothed[label] = sum / this.#history.length
      if (this.#margin(label) < 0) this.#armed[label] = true
      else if (this.#armed[label] && (best < 0 || this.#margin(label) > this.#margin(best))) best = label
    }
    if (best < 0 || timeS < this.#quietUntilS) return null
    this.#armed[best] = false
    this.#quietUntilS = timeS + this.#refractoryS
    return { keyword: this.#labels[best]!, score: this.smoothed[best]!, timeS }
  }

  #margin(label: number): number {
    return this.smoothed[label]! - this.#thresholds[label]!
  }
}
