import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import { SoundGate, type SoundGateSettings } from '../audio/stream/sound-gate.ts'
import type { StreamStage } from '../report/stream-report.ts'
import type { Governor } from './governor.ts'
import type { Scorer } from './net-scorer.ts'

/** When a cascade thinks hard. */
export interface CascadeSettings extends SoundGateSettings {
  /** Posterior of any keyword by the small net from which on the large one looks. */
  readonly passAt: number
  /** Posterior of any keyword at the large net's first exit from which on the rest of it runs. */
  readonly exitAt?: number
  /** Looks from one of the small net to the next where it hears no keyword; 1 by default. */
  readonly everyLooks?: number
}

/** How far a look went: no sound, no keyword by the small net, none at the first exit of the large one, or all. */
export type CascadeStage = Exclude<StreamStage, 'skip'>

/** What a cascade decided on a look. */
export interface CascadeDecision {
  /** Time of the stream. */
  readonly timeS: number
  /** `skip`: the look was left out. */
  readonly stage: StreamStage
  /** Highest keyword posterior by the small net; null where it did not look. */
  readonly best: number | null
  /** Of the loudest column since the last look: mean logarithm of the mel bands. */
  readonly loudness: number
  readonly macs: number
  /** Above idle, by the governor's figures; null without one. */
  readonly energyJ: number | null
}

/** What the sound gate needs of a window. */
export type LoudWindow = Pick<FeatureStream, 'loudest' | 'quietest'>

/** Parts of a cascade. */
export interface CascadeParts<Window = FeatureStream> {
  readonly small: Scorer<Window>
  /** The large net up to its first exit, where that is asked; `large` is then the rest of it. */
  readonly early?: Scorer<Window> | undefined
  readonly large: Scorer<Window>
  readonly settings: CascadeSettings
  readonly labels: readonly string[]
  readonly keywords: readonly string[]
  readonly silenceLabel: string
  readonly otherLabel: string
  readonly stepS: number
  /** Columns from one look to the next. */
  readonly columnsALook: number
  readonly governor?: Governor
  readonly onDecision?: (decision: CascadeDecision) => void
}

/** Highest posterior of the keywords. */
function bestKeyword(scores: ArrayLike<number>, keywordAt: readonly number[]): number {
  let best = 0
  for (const at of keywordAt) best = Math.max(best, scores[at]!)
  return best
}

/**
 * Sound gate, then a small net, then a large one where the small one hears a keyword perhaps. With a governor it works as
 * hard as the budget allows; a look that is left out repeats the last one.
 */
export class Cascade<Window extends LoudWindow = FeatureStream> implements Scorer<Window> {
  readonly #parts: CascadeParts<Window>
  readonly #gate: SoundGate
  readonly #keywordAt: readonly number[]
  readonly #silence: Float32Array
  readonly #other: Float32Array
  #last: Float32Array
  #looks = 0
  /** Looks that are still to be left out, since the small net heard nothing. */
  #resting = 0
  /** Looks by how far they went. */
  readonly counts: Record<StreamStage, number> = { skip: 0, gate: 0, small: 0, early: 0, large: 0 }

  constructor(parts: CascadeParts<Window>) {
    const { labels, keywords, silenceLabel, otherLabel, settings } = parts
    this.#parts = parts
    this.#gate = new SoundGate(settings)
    this.#keywordAt = keywords.map((keyword) => labels.indexOf(keyword))
    this.#silence = Float32Array.from(labels, (label) => Number(label === silenceLabel))
    this.#other = Float32Array.from(labels, (label) => Number(label === otherLabel))
    this.#last = this.#silence
  }

  /** Looks of any net. */
  get runs(): number {
    const { small, early, large } = this.#parts
    return small.runs + (early ? early.runs : large.runs)
  }

  get macs(): number {
    const { small, early, large } = this.#parts
    return small.macs + (early?.macs ?? 0) + large.macs
  }

  score(window: Window): Float32Array {
    const { columnsALook, governor } = this.#parts
    const every = governor ? governor.mode.everyLooks : 1
    const loudness = window.loudest(columnsALook)
    const open = this.#gate.push(loudness, window.quietest(columnsALook))
    this.#looks += 1
    if (every === null) return this.#decided('skip', null, loudness, this.#silence)
    if (this.#looks % every !== 0) return this.#decided('skip', null, loudness, this.#last)
    if (!open) {
      this.#resting = 0
      return this.#decided('gate', null, loudness, this.#silence)
    }
    if (this.#resting > 0) {
      this.#resting -= 1
      return this.#decided('skip', null, loudness, this.#last)
    }
    return this.#ask(window, loudness)
  }

  /** Asks the nets, the small one first. */
  #ask(window: Window, loudness: number): Float32Array {
    const { small, early, large, settings, governor } = this.#parts
    const best = bestKeyword(small.score(window), this.#keywordAt)
    if (best < Math.max(settings.passAt, governor?.mode.leastBar ?? 0)) {
      this.#resting = (settings.everyLooks ?? 1) - 1
      return this.#decided('small', best, loudness, this.#other)
    }
    if (early && bestKeyword(early.score(window), this.#keywordAt) < (settings.exitAt ?? 0))
      return this.#decided('early', best, loudness, this.#other)
    return this.#decided('large', best, loudness, large.score(window))
  }

  #before = 0

  #decided(stage: StreamStage, best: number | null, loudness: number, scores: Float32Array): Float32Array {
    const { governor, stepS, columnsALook, onDecision } = this.#parts
    const reached = stage === 'skip' ? null : stage
    governor?.pass(stepS, columnsALook, reached)
    this.counts[stage] += 1
    const energyJ = governor ? governor.costOf(reached) + governor.power.columnJ * columnsALook : null
    onDecision?.({ timeS: this.#looks * stepS, stage, best, loudness, macs: this.macs - this.#before, energyJ })
    this.#before = this.macs
    this.#last = scores
    return scores
  }
}
