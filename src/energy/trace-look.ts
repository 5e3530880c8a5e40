import type { DigitalEdge } from '../trace/power-buffer.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { StepSurvey } from '../trace/step-survey.ts'

/** What a first look through a trace gathers. */
export interface FirstLook {
  /** Changes of each of the eight digital channels. */
  readonly edges: readonly (readonly DigitalEdge[])[]
  /** Channels that went high and low again. */
  readonly drawingChannels: readonly number[]
  /** Null where steps are not wanted. */
  readonly survey: StepSurvey | null
  readonly firstIndex: number
  readonly endIndex: number
  /** The highest reading in watts; -Infinity without any. */
  readonly highestW: number
}

const channels = 8
/** A channel with more changes than this draws no measuring windows (a clock line, say); counting then stops. */
export const mostEdges = 200_000

/** Changes of the digital channels in a stream of any length. */
class EdgeFinder {
  readonly edges: readonly DigitalEdge[][] = Array.from({ length: channels }, () => [])
  #level: number | null = null
  #lost = 0

  push(event: SampleEvent): void {
    if (event.kind === 'gap') {
      this.#lost += event.count
      return
    }
    const { digital } = event
    for (let at = 0; at < digital.length; at++) {
      const level = digital[at]!
      if (this.#level !== null && level !== this.#level) this.#change(this.#level ^ level, level, event.firstIndex + at)
      this.#level = level
      this.#lost = 0
    }
  }

  #change(changed: number, level: number, index: number): void {
    this.edges.forEach((edges, channel) => {
      const bit = 1 << channel
      if ((changed & bit) === 0 || edges.length >= mostEdges) return
      edges.push({ index, rising: (level & bit) !== 0, lostBefore: this.#lost })
    })
  }
}

const draws = (edges: readonly DigitalEdge[]): boolean =>
  edges.some(({ rising }, at) => rising && edges[at + 1] !== undefined)

/** Reads a trace once, in memory that does not depend on its length. */
export async function lookThrough(
  source: { readonly sampleRateHz: number; events(): AsyncIterable<SampleEvent> },
  steps: { readonly leastS?: number } | undefined,
): Promise<FirstLook> {
  const finder = new EdgeFinder()
  const survey = steps ? new StepSurvey(source.sampleRateHz, steps.leastS) : null
  let [firstIndex, endIndex, highestW] = [Number.NaN, 0, Number.NEGATIVE_INFINITY]
  for await (const event of source.events()) {
    if (Number.isNaN(firstIndex)) firstIndex = event.firstIndex
    endIndex = event.firstIndex + (event.kind === 'gap' ? event.count : event.powerW.length)
    finder.push(event)
    survey?.push(event)
    if (event.kind === 'samples') for (const value of event.powerW) if (value > highestW) highestW = value
  }
  const drawingChannels = finder.edges.flatMap((edges, channel) => (draws(edges) ? [channel] : []))
  return { edges: finder.edges, drawingChannels, survey, firstIndex, endIndex, highestW }
}
