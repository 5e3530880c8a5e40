/** Inferences until the first probe of something, and at most between two rounds. */
const soonest = 20
const latest = 160

/** Probes of one candidate that settle that it changed, and those of a round that finds no sign of it: one may be an outlier. */
const settling = 3
const doubting = 2

/** Most probes of a round. */
export const probesInARound: number = settling

/** A probe this much faster than believed, as logarithm, is a sign. */
const sign = 0.35

/**
 * When to probe a candidate that does not run: 20 inferences after the last change, then after 40, 80 and up to 160 while it
 * stays as slow as believed. A round without a sign of change is two probes; with one it is three, whose median settles it,
 * and the next comes 20 later.
 */
export class Probing {
  #interval = soonest
  #next = soonest
  #key: string | null = null
  #ratios: number[] = []

  /** Inferences between two rounds now. */
  get interval(): number {
    return this.#interval
  }

  /** Begins anew: something changed. @param now index of the inference; @param soon whether to probe at once */
  restart(now: number, soon: boolean): void {
    this.#interval = soonest
    this.#next = soon ? now : now + soonest
    this.#drop()
  }

  /** Tells whether a probe is due; `wanted` is the candidate that would be probed. */
  due(now: number, wanted: string): boolean {
    if (this.#key !== null && this.#key !== wanted) this.#drop()
    return now >= this.#next
  }

  /** Takes a probe. @returns the ratios that settle what to believe, once they do */
  add(now: number, key: string, ratio: number, believed: number): readonly number[] | null {
    if (this.#key !== key) this.#drop()
    this.#key = key
    this.#ratios.push(ratio)
    const signs = this.#ratios.some((one) => Math.log(one) < believed - sign)
    if (this.#ratios.length < (signs ? settling : doubting)) {
      this.#next = now
      return null
    }
    const settled = signs ? this.#ratios : null
    this.#interval = settled ? soonest : Math.min(latest, 2 * this.#interval)
    this.#next = now + this.#interval
    this.#drop()
    return settled
  }

  #drop(): void {
    this.#key = null
    this.#ratios = []
  }
}
