/** How much of a stream there is by its own count and by the host's clock. */
export interface StreamSpan {
  /** Samples on the meter's grid, lost ones that it counted included. */
  readonly samples: number
  /** Time between the same two moments by the host's clock, in seconds. */
  readonly hostS: number
  /** Half width of what `hostS` may be off, in seconds. */
  readonly uncertaintyS: number
}

/** Tails of arrival on a busy host; the least late block of a whole stretch is far better. */
const arrivalUncertaintyS = 0.01
/** Stretch of the stream in which the least late block is looked for, in seconds. */
const stretchS = 0.5

/**
 * The same from the clock anchors of a recording, each the least late block of some seconds: from the first to the less
 * late one of the last two.
 * @returns null where there are too few
 */
export function spanOfAnchors(
  anchors: readonly { readonly index: number; readonly hostS: number }[],
  sampleRateHz: number,
): StreamSpan | null {
  const [first, ...later] = anchors
  const lateness = ({ index, hostS }: { readonly index: number; readonly hostS: number }) =>
    hostS - index / sampleRateHz
  const [last] = later.slice(-2).sort((a, b) => lateness(a) - lateness(b))
  if (!first || !last || !(last.hostS - first.hostS >= stretchS)) return null
  return {
    samples: last.index - first.index,
    hostS: last.hostS - first.hostS,
    uncertaintyS: arrivalUncertaintyS,
  }
}

interface Arrival {
  readonly endIndex: number
  readonly arrivalS: number
}

/**
 * Compares the count of a stream's samples with the host's clock, between the least late block of its beginning and
 * that of its end: samples that vanish without a gap make the count fall behind.
 */
export class StreamSpanMeter {
  readonly #rate: number
  #beganS = Number.NaN
  #first: Arrival | null = null
  #recent: { readonly sinceS: number; best: Arrival }[] = []

  constructor(sampleRateHz: number) {
    this.#rate = sampleRateHz
  }

  /**
   * Takes note of a block.
   * @param endIndex index after the block's last sample
   * @param arrivalS host clock when its last byte arrived, in seconds
   */
  add(endIndex: number, arrivalS: number): void {
    const arrival = { endIndex, arrivalS }
    if (Number.isNaN(this.#beganS)) this.#beganS = arrivalS
    if (arrivalS - this.#beganS < stretchS && this.#isEarlier(arrival, this.#first)) this.#first = arrival
    const last = this.#recent.at(-1)
    if (!last || arrivalS - last.sinceS >= stretchS) {
      this.#recent = [...this.#recent.slice(-1), { sinceS: arrivalS, best: arrival }]
    } else if (this.#isEarlier(arrival, last.best)) last.best = arrival
  }

  /** The span so far; null before half a second of stream. */
  get span(): StreamSpan | null {
    const last = this.#recent.reduce<Arrival | null>(
      (best, { best: one }) => (this.#isEarlier(one, best) ? one : best),
      null,
    )
    if (!this.#first || !last || !(last.arrivalS - this.#first.arrivalS >= stretchS)) return null
    return {
      samples: last.endIndex - this.#first.endIndex,
      hostS: last.arrivalS - this.#first.arrivalS,
      uncertaintyS: arrivalUncertaintyS,
    }
  }

  #isEarlier(arrival: Arrival, than: Arrival | null): boolean {
    const lateness = (of: Arrival) => of.arrivalS - of.endIndex / this.#rate
    return than === null || lateness(arrival) < lateness(than)
  }
}
