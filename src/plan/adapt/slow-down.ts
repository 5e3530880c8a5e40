import { median } from '../../core/stats.ts'

/** Allowance: shifts of the logarithm smaller than this (22 %) do not add up to a step. */
const allowance = 0.2

/** What one sample can count for at most: an outlier of any size is no more than a doubling. */
const clip = Math.LN2

/** Sum at which a step is certain: five samples in a row of twice the time, and by noise alone less than once in a life. */
const threshold = 2.4

/** Samples that the level is the median of, at most and at least. */
const longest = 31
const shortest = 5

interface Sample {
  readonly timeS: number
  readonly log: number
}

/**
 * How much slower than predicted something runs, from the logarithms of measured over predicted times: the median of the
 * last 31 since the last step. Steps are found by two cumulative sums of clipped deviations (Page 1954), one for slower and
 * one for faster, which also tell where the step began; what lies before it is forgotten. A slow drift moves the median.
 */
export class SlowDown {
  #samples: Sample[] = []
  readonly #prior: number
  #level: number
  readonly #sums = { up: 0, down: 0 }
  readonly #lengths = { up: 0, down: 0 }

  /** @param prior logarithm to believe before there are samples */
  constructor(prior: number) {
    this.#prior = prior
    this.#level = prior
  }

  /** Logarithm of the slow-down: 0 as predicted, ln 2 twice as slow. */
  get level(): number {
    return this.#level
  }

  /** Takes one sample; tells whether it completes a step. */
  add(timeS: number, log: number): 'slower' | 'faster' | null {
    const deviation = Math.max(-clip, Math.min(clip, log - this.#level))
    this.#samples = [...this.#samples, { timeS, log }].slice(-longest)
    const step = this.#sum('up', deviation) ? 'slower' : this.#sum('down', -deviation) ? 'faster' : null
    if (step) {
      const since = step === 'slower' ? this.#lengths.up : this.#lengths.down
      this.#samples = this.#samples.slice(-since)
      Object.assign(this.#sums, { up: 0, down: 0 })
      Object.assign(this.#lengths, { up: 0, down: 0 })
    }
    const few = this.#samples.length < shortest
    this.#level = few ? this.#prior : median(this.#samples.map((sample) => sample.log))
    return step
  }

  #sum(side: 'up' | 'down', deviation: number): boolean {
    this.#sums[side] = Math.max(0, this.#sums[side] + deviation - allowance)
    this.#lengths[side] = this.#sums[side] === 0 ? 0 : this.#lengths[side] + 1
    return this.#sums[side] > threshold
  }

  /** Change of the logarithm per second, from the medians of the older and the newer half; null for few samples. */
  get driftPerS(): number | null {
    if (this.#samples.length < 20) return null
    const half = this.#samples.length >> 1
    const [older, newer] = [this.#samples.slice(0, half), this.#samples.slice(-half)]
    const middle = (part: readonly Sample[], of: (sample: Sample) => number) => median(part.map(of))
    const seconds = middle(newer, ({ timeS }) => timeS) - middle(older, ({ timeS }) => timeS)
    const rise = middle(newer, ({ log }) => log) - middle(older, ({ log }) => log)
    return seconds > 0 ? rise / seconds : null
  }
}
