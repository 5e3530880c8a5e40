import type { SampleEvent } from './samples.ts'
import { type RoughStretch, StepSurvey, type SurveyedSteps } from './step-survey.ts'
import { judgedWindow, type WindowEnergy } from './window-energy.ts'

/** A stretch on the higher level, its edges sought sample by sample. */
export interface SteppedWindow {
  readonly startIndex: number
  readonly endIndex: number
  /** Scatter of its samples against the step between the levels. */
  readonly noiseShare: number
  readonly energy: WindowEnergy
}

/** Windows by steps in the power alone, or why there are none. */
export type FoundSteps =
  | { readonly windows: readonly SteppedWindow[] }
  | { readonly windows: null; readonly reason: string }

/** Windows of equal work differ in duration by less than this share. */
const mostSpread = 0.02

/** Samples around an edge by their place; NaN where none came, infinite where one was no valid reading. */
interface EdgeRegion {
  readonly startIndex: number
  readonly powerW: Float32Array
}

const regionAround = (index: number, reach: number): EdgeRegion => ({
  startIndex: index - reach,
  powerW: new Float32Array(2 * reach).fill(Number.NaN),
})

const endOf = ({ startIndex, powerW }: EdgeRegion): number => startIndex + powerW.length

/**
 * The sample where a level changes: the change point of least squares for two known levels, which is the extreme of the
 * running sum of the differences from their middle (Page 1954).
 */
function changePoint({ startIndex, powerW }: EdgeRegion, middle: number, rising: boolean): number {
  let [sum, best, at] = [0, 0, 0]
  for (let index = 0; index < powerW.length; index++) {
    const value = powerW[index]!
    if (value - value === 0) sum += rising ? middle - value : value - middle
    if (sum > best) [best, at] = [sum, index + 1]
  }
  return startIndex + at
}

/** Sums over the samples of one stretch. */
class StretchSums {
  #sum = 0
  #squares = 0
  #received = 0
  #invalid = 0

  add(powerW: Float32Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const value = powerW[at]!
      if (value - value !== 0) {
        this.#invalid++
        continue
      }
      this.#sum += value
      this.#squares += value * value
      this.#received++
    }
  }

  /** The samples of an edge's region between two indexes. */
  addRegion({ startIndex, powerW }: EdgeRegion, from: number, to: number): void {
    const part = powerW.subarray(Math.max(0, from - startIndex), Math.max(0, to - startIndex))
    const came = part.filter((value) => !Number.isNaN(value))
    this.add(came, 0, came.length)
  }

  result(startIndex: number, endIndex: number, stepW: number, sampleRateHz: number): SteppedWindow {
    const mean = this.#sum / this.#received
    const deviation = this.#received < 2 ? 0 : Math.sqrt(Math.max(0, this.#squares / this.#received - mean * mean))
    const lost = endIndex - startIndex - this.#received - this.#invalid
    const totals = { powerSumW: this.#sum, invalid: this.#invalid, lost }
    const meter = { sampleRateHz, maxPowerW: Number.POSITIVE_INFINITY }
    return {
      startIndex,
      endIndex,
      noiseShare: deviation / stepW,
      energy: judgedWindow(startIndex, endIndex, totals, meter),
    }
  }
}

/** One stretch while the trace goes by: its two edges, and the sums of what lies between them. */
class OpenStretch {
  readonly #sums = new StretchSums()
  readonly #start: EdgeRegion
  readonly #end: EdgeRegion

  constructor({ startIndex, endIndex }: RoughStretch, reach: number) {
    this.#start = regionAround(startIndex, reach)
    this.#end = regionAround(endIndex, reach)
  }

  /** Index behind the last sample that this stretch needs. */
  get endIndex(): number {
    return endOf(this.#end)
  }

  push(firstIndex: number, powerW: Float32Array): void {
    const [from, to] = [endOf(this.#start), this.#end.startIndex]
    this.#keep(this.#start, firstIndex, powerW)
    const within = (index: number) => Math.min(Math.max(0, index - firstIndex), powerW.length)
    this.#sums.add(powerW, within(from), within(to))
    this.#keep(this.#end, firstIndex, powerW)
  }

  #keep(region: EdgeRegion, firstIndex: number, powerW: Float32Array): void {
    const from = Math.max(firstIndex, region.startIndex)
    const to = Math.min(firstIndex + powerW.length, endOf(region))
    for (let index = from; index < to; index++) {
      const value = powerW[index - firstIndex]!
      region.powerW[index - region.startIndex] = value - value === 0 ? value : Number.POSITIVE_INFINITY
    }
  }

  close({ lowW, highW }: SurveyedSteps, sampleRateHz: number): SteppedWindow {
    const middle = (lowW + highW) / 2
    const startIndex = changePoint(this.#start, middle, true)
    const endIndex = changePoint(this.#end, middle, false)
    this.#sums.addRegion(this.#start, startIndex, endOf(this.#start))
    this.#sums.addRegion(this.#end, this.#end.startIndex, endIndex)
    return this.#sums.result(startIndex, endIndex, highW - lowW, sampleRateHz)
  }
}

/** A second look at a trace, for the exact edges of what a survey found and the energy between them. */
export class StepWindows {
  readonly #steps: SurveyedSteps
  readonly #rate: number
  readonly #waiting: RoughStretch[]
  readonly #windows: SteppedWindow[] = []
  #open: OpenStretch | null = null

  constructor(steps: SurveyedSteps, sampleRateHz: number) {
    this.#steps = steps
    this.#rate = sampleRateHz
    this.#waiting = [...steps.stretches].reverse()
    this.#next()
  }

  #next(): void {
    const stretch = this.#waiting.pop()
    // Stretches and pauses last five blocks or more: regions of two blocks on either side of an edge never meet.
    this.#open = stretch ? new OpenStretch(stretch, 2 * this.#steps.blockSamples) : null
  }

  /** Takes what the trace yields, in its order. */
  push(event: SampleEvent): void {
    const end = event.firstIndex + (event.kind === 'gap' ? event.count : event.powerW.length)
    for (; this.#open; this.#next()) {
      if (event.kind === 'samples') this.#open.push(event.firstIndex, event.powerW)
      if (end < this.#open.endIndex) return
      this.#windows.push(this.#open.close(this.#steps, this.#rate))
    }
  }

  /** The windows, in order; or why the stretches cannot be windows of the same work. */
  found(): FoundSteps {
    for (; this.#open; this.#next()) this.#windows.push(this.#open.close(this.#steps, this.#rate))
    const lengths = this.#windows.map(({ energy }) => energy.durationS)
    const [least, most] = [lengths.reduce((a, b) => Math.min(a, b)), lengths.reduce((a, b) => Math.max(a, b))]
    if (most <= least * (1 + mostSpread)) return { windows: this.#windows }
    const range = `the stretches found last ${least.toPrecision(3)} to ${most.toPrecision(3)} s`
    return { windows: null, reason: `${range}: that is not the same work each time` }
  }
}

/**
 * Windows in which a device worked, by its power alone: two levels, and the stretches on the higher one. The least
 * trusted way: it cannot tell work from anything else that draws power, so stretches of unequal length are refused.
 * @param events the trace, read twice
 * @param leastS shortest window and shortest pause
 */
export async function findSteps(
  events: () => AsyncIterable<SampleEvent>,
  sampleRateHz: number,
  leastS?: number,
): Promise<FoundSteps> {
  const survey = new StepSurvey(sampleRateHz, leastS)
  for await (const event of events()) survey.push(event)
  const steps = survey.steps()
  if ('reason' in steps) return { windows: null, reason: steps.reason }
  return edgesOfSteps(events, steps, sampleRateHz)
}

/** The second look alone, where the trace was surveyed already. */
export async function edgesOfSteps(
  events: () => AsyncIterable<SampleEvent>,
  steps: SurveyedSteps,
  sampleRateHz: number,
): Promise<FoundSteps> {
  const windows = new StepWindows(steps, sampleRateHz)
  for await (const event of events()) windows.push(event)
  return windows.found()
}
