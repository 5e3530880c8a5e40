/** When there is sound enough to look at. Loudness is the mean logarithm of the mel bands: 1 is 4.3 dB. */
export interface SoundGateSettings {
  /** How far above the quietest of late a sound is. */
  readonly margin: number
  /** Looks for which it stays open behind a sound. */
  readonly holdLooks: number
}

/** By how much the memory of the quietest rises a look, so that it follows a room that gets louder. */
const risePerLook = 0.05

/** Opens where a stream is louder than it was at its quietest of late. */
export class SoundGate {
  readonly #settings: SoundGateSettings
  #floor = Number.POSITIVE_INFINITY
  #open = 0

  constructor(settings: SoundGateSettings) {
    this.#settings = settings
  }

  /**
   * Takes a look: whether there is sound, or was a moment ago.
   * @param loudest and quietest column since the last look
   */
  push(loudest: number, quietest: number): boolean {
    const { margin, holdLooks } = this.#settings
    this.#floor = Math.min(this.#floor + risePerLook, quietest)
    if (loudest > this.#floor + margin) this.#open = holdLooks
    else if (this.#open > 0) this.#open -= 1
    return this.#open > 0
  }
}
