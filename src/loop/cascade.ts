import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import { SoundGate, type SoundGateSettings } from '../audio/stream/sound-gate.ts'
import type { Governor } from './governor.ts'
import type { Scorer } from './net-scorer.ts'

/** When a cascade thinks hard. */
export interface CascadeSettings extends SoundGateSettings {
  /** Posterior of any keyword by the small net from which on the large one looks. */
  readonly passAt: number
}

/** How far a look went: no sound, no keyword by the small net, or both nets. */
export type CascadeStage = 'gate' | 'small' | 'large'

/** What a cascade decided on a look. */
export interface CascadeDecision {
  /** Time of the stream. */
  readonly timeS: number
  /** `skip`: the governor left the look out. */
  readonly stage: CascadeStage | 'skip'
  /** Highest keyword posterior by the small net; null where it did not look. */
  readonly best: number | null
  readonly macs: number
  /** Above idle, by the governor's figures; null without one. */
  readonly energyJ: number | null
}

/** Parts of a cascade. */
export interface CascadeParts {
  readonly small: Scorer
  readonly large: Scorer
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
export function bestKeyword(scores: ArrayLike<number>, keywordAt: readonly number[]): number {
  let best = 0
  for (const at of keywordAt) best = Math.max(best, scores[at]!)
  return best
}

/**
 * Sound gate, then a small net, then a large one where the small one hears a keyword perhaps. With a governor it works as
 * hard as the budget allows; a look that is left out repeats the last one.
 */
export class Cascade implements Scorer {
  readonly #parts: CascadeParts
  readonly #gate: SoundGate
  readonly #keywordAt: readonly number[]
  readonly #silence: Float32Array
  readonly #other: Float32Array
  #last: Float32Array
  #looks = 0
  /** Looks by how far they went. */
  readonly counts: Record<CascadeDecision['stage'], number> = { skip: 0, gate: 0, small: 0, large: 0 }

  constructor(parts: CascadeParts) {
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
    return this.#parts.small.runs + this.#parts.large.runs
  }

  get macs(): number {
    return this.#parts.small.macs + this.#parts.large.macs
  }

  score(window: FeatureStream): Float32Array {
    const { small, large, settings, columnsALook, governor } = this.#parts
    const every = governor ? governor.mode.everyLooks : 1
    const open = this.#gate.push(window.loudest(columnsALook), window.quietest(columnsALook))
    this.#looks += 1
    if (every === null) return this.#decided('skip', null, this.#silence)
    if (this.#looks % every !== 0) return this.#decided('skip', null, this.#last)
    if (!open) return this.#decided('gate', null, this.#silence)
    const best = bestKeyword(small.score(window), this.#keywordAt)
    if (best < Math.max(settings.passAt, governor?.mode.leastBar ?? 0)) return this.#decided('small', best, this.#other)
    return this.#decided('large', best, large.score(window))
  }

  #before = 0

  #decided(stage: CascadeDecision['stage'], best: number | null, scores: Float32Array): Float32Array {
    const { governor, stepS, columnsALook, onDecision } = this.#parts
    const reached = stage === 'skip' ? null : stage
    governor?.pass(stepS, columnsALook, reached)
    this.counts[stage] += 1
    const energyJ = governor ? governor.costOf(reached) + governor.power.columnJ * columnsALook : null
    onDecision?.({ timeS: this.#looks * stepS, stage, best, macs: this.macs - this.#before, energyJ })
    this.#before = this.macs
    this.#last = scores
    return scores
  }
}
