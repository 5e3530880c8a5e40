import type { SampleEvent } from './samples.ts'

/** A stretch on the higher level, its borders known to a block; sample indexes on the trace's grid. */
export interface RoughStretch {
  readonly startIndex: number
  readonly endIndex: number
}

/** Two levels that stand apart in a trace, and where the higher one holds. */
export interface SurveyedSteps {
  readonly lowW: number
  readonly highW: number
  /** Samples of a block: the borders of the stretches are as sure as this. */
  readonly blockSamples: number
  readonly stretches: readonly RoughStretch[]
}

/** Shortest window and shortest pause, in seconds, where nobody states one. */
const defaultLeastS = 0.1
/** Step between the two levels, in standard deviations of the blocks within a level, that makes it believable. */
const leastContrast = 6
/** Blocks of the shortest window. */
const blocksPerLeast = 10
/** Blocks that are kept: 11 hours at the default of 10 ms each. */
const mostBlocks = 2 ** 22

/** Two levels by the method of Ridler and Calvard (1978): means on either side of their own middle. */
function twoLevels(means: Float64Array): { readonly low: number; readonly high: number } | null {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of means) {
    if (value < least) least = value
    if (value > most) most = value
  }
  let middle = (least + most) / 2
  for (let round = 0; round < 50; round++) {
    let [low, high, below, above] = [0, 0, 0, 0]
    for (const value of means) {
      if (value <= middle) {
        low += value
        below++
      } else if (value > middle) {
        high += value
        above++
      }
    }
    if (below === 0 || above === 0) return null
    const next = (low / below + high / above) / 2
    const isSettled = Math.abs(next - middle) <= 1e-9 * Math.abs(high / above - low / below)
    if (isSettled || round === 49) return { low: low / below, high: high / above }
    middle = next
  }
  return null
}

/** Standard deviation of the blocks around their own level, by the middle of the absolute deviations (MAD). */
function spreadAround(means: Float64Array, { low, high }: { readonly low: number; readonly high: number }): number {
  // So that the few blocks which hold a step do not count.
  const off = means.filter((value) => !Number.isNaN(value))
  for (let at = 0; at < off.length; at++) off[at] = Math.min(Math.abs(off[at]! - low), Math.abs(off[at]! - high))
  return 1.4826 * off.sort()[off.length >> 1]!
}

/** Runs of blocks above the middle; what is shorter than `least` blocks takes the level around it. */
function runsAbove(means: Float64Array, middle: number, least: number): readonly (readonly [number, number])[] {
  const borders: number[] = []
  means.forEach((value, at) => {
    // A block without samples is at the level before it.
    const isHigh = borders.length % 2 === 1
    if (!Number.isNaN(value) && value > middle !== isHigh) borders.push(at)
  })
  if (borders.length % 2 === 1) borders.push(means.length)
  const merged: [number, number][] = []
  for (let at = 0; at < borders.length; at += 2) {
    const last = merged.at(-1)
    if (last && borders[at]! - last[1] < least) last[1] = borders[at + 1]!
    else merged.push([borders[at]!, borders[at + 1]!])
  }
  return merged.filter(([from, to]) => to - from >= least)
}

/**
 * A first look at a trace for two levels of power, taken while it goes by: the means of consecutive blocks, a tenth of the
 * shortest window each, in memory that is bounded.
 */
export class StepSurvey {
  readonly #size: number
  #sums: Float64Array = new Float64Array(1024)
  #counts: Uint32Array = new Uint32Array(1024)
  #first = Number.NaN
  #end = 0

  /** @param leastS shortest window and shortest pause: dips and peaks within half of it are no steps */
  constructor(sampleRateHz: number, leastS: number = defaultLeastS) {
    this.#size = Math.max(1, Math.round((leastS * sampleRateHz) / blocksPerLeast))
  }

  /** Takes what the trace yields, in its order. */
  push(event: SampleEvent): void {
    if (Number.isNaN(this.#first)) this.#first = event.firstIndex
    const from = event.firstIndex - this.#first
    this.#end = Math.max(this.#end, from + (event.kind === 'gap' ? event.count : event.powerW.length))
    if (event.kind === 'gap' || this.#isTooLong) return
    const { powerW } = event
    this.#makeRoom(Math.ceil(this.#end / this.#size))
    for (let at = 0; at < powerW.length; ) {
      const block = Math.floor((from + at) / this.#size)
      const to = Math.min(powerW.length, (block + 1) * this.#size - from)
      let [sum, count] = [0, 0]
      for (; at < to; at++) {
        const value = powerW[at]!
        if (value - value !== 0) continue
        sum += value
        count++
      }
      this.#sums[block]! += sum
      this.#counts[block]! += count
    }
  }

  get #isTooLong(): boolean {
    return this.#end > mostBlocks * this.#size
  }

  #makeRoom(blocks: number): void {
    if (blocks <= this.#sums.length) return
    const room = Math.max(blocks, 2 * this.#sums.length)
    const [sums, counts] = [new Float64Array(room), new Uint32Array(room)]
    sums.set(this.#sums)
    counts.set(this.#counts)
    this.#sums = sums
    this.#counts = counts
  }

  /** The levels and the stretches on the higher one, those cut by the trace's ends left out; or why there are none. */
  steps(): SurveyedSteps | { readonly reason: string } {
    if (this.#isTooLong) return { reason: 'the trace is too long to look for steps as short as this' }
    const length = Math.floor(this.#end / this.#size)
    this.#makeRoom(length)
    const means = Float64Array.from({ length }, (_, at) => this.#sums[at]! / this.#counts[at]!)
    const levels = twoLevels(means)
    if (!levels || !(levels.high - levels.low > leastContrast * spreadAround(means, levels)))
      return { reason: 'the power shows no two levels that stand apart' }
    const stretches = runsAbove(means, (levels.low + levels.high) / 2, blocksPerLeast / 2)
      .filter(([from, to]) => from > 0 && to < length)
      .map(([from, to]) => ({
        startIndex: this.#first + from * this.#size,
        endIndex: this.#first + to * this.#size,
      }))
    if (stretches.length === 0) return { reason: 'no step up with a step down after it' }
    return { lowW: levels.low, highW: levels.high, blockSamples: this.#size, stretches }
  }
}
