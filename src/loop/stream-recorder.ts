import type {
  StreamStage,
  StreamTimeline,
  TimelineBin,
  TimelineChange,
  TimelineEvent,
} from '../report/stream-report.ts'
import type { CascadeDecision } from './cascade.ts'
import type { GovernorChange } from './governor.ts'
import type { KeywordEvent } from './keyword-stream.ts'

/** Bins that are kept at most: where there would be more, two become one. */
const mostBins = 1440

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Bin = Mutable<Omit<TimelineBin, 'looks'>> & { readonly looks: Record<StreamStage, number> }

const noLooks = (): Record<StreamStage, number> => ({ skip: 0, gate: 0, small: 0, early: 0, large: 0 })

const sum = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b)

function merge(first: Bin, second: Bin | undefined): Bin {
  if (!second) return first
  for (const stage of Object.keys(first.looks) as StreamStage[]) first.looks[stage] += second.looks[stage]
  first.energyJ = sum(first.energyJ, second.energyJ)
  first.loudness = Math.max(first.loudness, second.loudness)
  return first
}

/**
 * Keeps what a cascade did with a stream: bins that get longer as the stream does, every event with what it took since its
 * sound began, changes of mode. Memory grows with events and changes only.
 */
export class StreamRecorder {
  readonly #stepS: number
  readonly #events: TimelineEvent[] = []
  readonly #changes: TimelineChange[] = []
  readonly looks: Readonly<Record<StreamStage, number>> = noLooks()
  #bins: Bin[] = []
  #looksABin = 1
  #inBin = 0
  #sound: { looks: number; largeLooks: number; energyJ: number | null } = { looks: 0, largeLooks: 0, energyJ: 0 }

  /** @param stepS from one look to the next */
  constructor(stepS: number) {
    this.#stepS = stepS
  }

  /** Takes a decision. */
  look({ stage, energyJ, loudness, timeS }: CascadeDecision): void {
    ;(this.looks as Record<StreamStage, number>)[stage] += 1
    if (this.#inBin === 0) this.#begin(timeS - this.#stepS)
    const bin = this.#bins.at(-1)!
    bin.looks[stage] += 1
    bin.energyJ = sum(bin.energyJ, energyJ)
    bin.loudness = Math.max(bin.loudness, loudness)
    this.#inBin = (this.#inBin + 1) % this.#looksABin
    if (stage === 'gate') this.#sound = { looks: 0, largeLooks: 0, energyJ: 0 }
    else {
      this.#sound.looks += 1
      this.#sound.largeLooks += Number(stage === 'large')
      this.#sound.energyJ = sum(this.#sound.energyJ, energyJ)
    }
  }

  /** Takes an event, after the look that made it. */
  heard({ timeS, keyword, score, latencyS }: KeywordEvent): void {
    this.#events.push({ timeS, keyword, score, latencyS, ...this.#sound })
  }

  /** Takes a change of mode. */
  changed({ timeS, from, to }: GovernorChange): void {
    this.#changes.push({ timeS, from, to })
  }

  #begin(startS: number): void {
    if (this.#bins.length === mostBins) {
      const all = this.#bins
      this.#bins = all.flatMap((bin, at) => (at % 2 === 0 ? [merge(bin, all[at + 1])] : []))
      this.#looksABin *= 2
    }
    this.#bins.push({ startS, looks: noLooks(), energyJ: 0, loudness: Number.NEGATIVE_INFINITY })
  }

  /** What was seen so far. */
  get timeline(): StreamTimeline {
    const [stepS, binS] = [this.#stepS, this.#stepS * this.#looksABin]
    return { stepS, binS, bins: [...this.#bins], events: [...this.#events], changes: [...this.#changes] }
  }
}
