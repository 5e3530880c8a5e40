import type { SampleEvent } from './samples.ts'
import type { TraceMark } from './trace-file.ts'

/** Seconds for which one clock anchor stands. */
const anchorEveryS = 5
/** Most gaps that are listed: a host that is too slow loses some of every millisecond. */
const mostGaps = 10_000

/** What a capture notes beside the raw bytes: where they begin, what is missing, marks, clock anchors. */
export class TraceNotes {
  /** The first gaps, and always the last. */
  readonly gaps: { index: number; count: number }[] = []
  readonly marks: TraceMark[] = []
  readonly clockAnchors: { index: number; hostS: number }[] = []
  /** Gaps that there were but that `gaps` leaves out. */
  gapsLeftOut = 0
  readonly #sampleRateHz: number
  #firstIndex: number | null = null
  #anchorSinceS = Number.NEGATIVE_INFINITY

  constructor(sampleRateHz: number) {
    this.#sampleRateHz = sampleRateHz
  }

  /** Index of the first sample or gap; 0 before there is one. */
  get firstIndex(): number {
    return this.#firstIndex ?? 0
  }

  /** Takes note of an event. Gaps that touch become one. */
  push(event: SampleEvent): void {
    this.#firstIndex ??= event.firstIndex
    if (event.kind === 'gap') this.#gap(event.firstIndex, event.count)
    else this.#anchor({ index: event.firstIndex + event.powerW.length, hostS: event.arrivalS })
  }

  #gap(index: number, count: number): void {
    const last = this.gaps.at(-1)
    if (last && last.index + last.count === index) {
      last.count += count
      return
    }
    if (this.gaps.length === mostGaps) {
      this.gaps.pop()
      this.gapsLeftOut++
    }
    this.gaps.push({ index, count })
  }

  /** Keeps the least late block of every few seconds. */
  #anchor(anchor: { index: number; hostS: number }): void {
    const last = this.clockAnchors.at(-1)
    if (!last || anchor.hostS - this.#anchorSinceS > anchorEveryS) {
      this.#anchorSinceS = anchor.hostS
      this.clockAnchors.push(anchor)
    } else if (this.#lateness(anchor) < this.#lateness(last)) {
      this.clockAnchors[this.clockAnchors.length - 1] = anchor
    }
  }

  #lateness(anchor: { index: number; hostS: number }): number {
    return anchor.hostS - anchor.index / this.#sampleRateHz
  }
}
