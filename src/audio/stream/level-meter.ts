/** What the samples of a stream say of the recording. */
export interface SignalFacts {
  readonly samples: number
  /** Share of samples at the ends of the range. */
  readonly clipped: number
  /** Mean of all samples, of full scale. */
  readonly dcOffset: number
  /** Mean power against a full-scale square wave, in dB; null without sound. */
  readonly levelDb: number | null
  /** Longest time without a hop above −70 dBFS, in seconds. */
  readonly longestSilenceS: number
}

/** Below this a hop is silence: a muted microphone, or noise-gated pauses. */
const silenceDb = -70
const keptHops = 256

/** Follows the level of a stream hop by hop, in constant memory. */
export class LevelMeter {
  readonly #hop: number
  readonly #sampleRateHz: number
  readonly #levels = new Float64Array(keptHops).fill(Number.NEGATIVE_INFINITY)
  #hops = 0
  #clipped = 0
  #silentHops = 0
  #longestSilent = 0
  #samples = 0
  #sum = 0
  #power = 0
  #filled = 0
  #hopSum = 0
  #hopPower = 0

  /** @param hop samples whose level is looked at together */
  constructor(hop: number, sampleRateHz: number) {
    this.#hop = hop
    this.#sampleRateHz = sampleRateHz
  }

  /** Takes samples `from` up to `to`. */
  push(samples: Int16Array, from: number, to: number): void {
    for (let n = from; n < to; n++) {
      const sample = samples[n]!
      this.#hopSum += sample
      this.#hopPower += sample * sample
      if (sample >= 32767 || sample <= -32768) this.#clipped += 1
      if (++this.#filled === this.#hop) this.#endHop()
    }
  }

  #endHop(): void {
    const mean = this.#hopSum / this.#hop
    const level = 10 * Math.log10(Math.max(0, this.#hopPower / this.#hop - mean * mean) / 2 ** 30)
    this.#levels[this.#hops++ % keptHops] = level
    this.#silentHops = level < silenceDb ? this.#silentHops + 1 : 0
    this.#longestSilent = Math.max(this.#longestSilent, this.#silentHops)
    this.#samples += this.#hop
    this.#sum += this.#hopSum
    this.#power += this.#hopPower
    this.#filled = 0
    this.#hopSum = 0
    this.#hopPower = 0
  }

  /** Level of the last hop in dBFS, without its mean. */
  get levelDb(): number {
    return this.#hops === 0 ? Number.NEGATIVE_INFINITY : this.#levels[(this.#hops - 1) % keptHops]!
  }

  /**
   * How long ago the loudest sound of the last `lookS` seconds ended: since the last hop within 20 dB of the loudest. An
   * estimate of a word's end, early in words that fade and late in noise.
   */
  sinceEndS(lookS: number): number {
    const hops = Math.min(this.#hops, keptHops, Math.round((lookS * this.#sampleRateHz) / this.#hop))
    const level = (ago: number) => this.#levels[(this.#hops - 1 - ago) % keptHops]!
    let loudest = Number.NEGATIVE_INFINITY
    for (let ago = 0; ago < hops; ago++) loudest = Math.max(loudest, level(ago))
    for (let ago = 0; ago < hops; ago++) if (level(ago) >= loudest - 20) return (ago * this.#hop) / this.#sampleRateHz
    return 0
  }

  /** What was seen so far. */
  get facts(): SignalFacts {
    const samples = Math.max(1, this.#samples)
    const power = this.#power / samples / 2 ** 30
    const hopS = this.#hop / this.#sampleRateHz
    return {
      samples: this.#samples + this.#filled,
      clipped: this.#clipped / samples,
      dcOffset: this.#sum / samples / 32768,
      levelDb: power > 0 ? 10 * Math.log10(power) : null,
      longestSilenceS: this.#longestSilent * hopS,
    }
  }
}
