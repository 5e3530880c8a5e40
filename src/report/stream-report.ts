import type { Provenance } from '../core/provenance.ts'

/** How far a look of a cascade went; `skip`: it was left out. */
export type StreamStage = 'skip' | 'gate' | 'small' | 'early' | 'large'

/** All stages, cheapest first. */
export const streamStages: readonly StreamStage[] = ['skip', 'gate', 'small', 'early', 'large']

/** A stretch of a stream: some looks, one after the other. */
export interface TimelineBin {
  readonly startS: number
  readonly looks: Readonly<Record<StreamStage, number>>
  /** Above idle, front end included; null where nobody knows what a look costs. */
  readonly energyJ: number | null
  /** Of the loudest column: mean logarithm of the mel bands, 1 being 4.3 dB. */
  readonly loudness: number
}

/** A keyword that was heard, and what it took since its sound began. */
export interface TimelineEvent {
  readonly timeS: number
  readonly keyword: string
  readonly score: number
  /** From the end of the word, as far as the level tells it. */
  readonly latencyS: number
  /** Looks since the gate opened, and those among them for which the large net ran. */
  readonly looks: number
  readonly largeLooks: number
  /** Of those looks, above idle; null where nobody knows. */
  readonly energyJ: number | null
}

/** A change of what a governor allows. */
export interface TimelineChange {
  readonly timeS: number
  readonly from: string
  readonly to: string
}

/** A stream as a cascade saw it, in so many bins at most whatever its length. */
export interface StreamTimeline {
  readonly stepS: number
  readonly binS: number
  readonly bins: readonly TimelineBin[]
  readonly events: readonly TimelineEvent[]
  readonly changes: readonly TimelineChange[]
}

/** A recording that was played in a stream. */
export interface PlayedClip {
  readonly name: string
  readonly startS: number
  readonly endS: number
  /** The keyword that it is known to hold; null for another sound, undefined where nobody knows. */
  readonly keyword?: string | null
}

/** The large net at every step of the same stream. */
export interface AloneReport {
  readonly name: string
  readonly looks: number
  /** What it heard; null where it was not run and its cost is only counted. */
  readonly events: number | null
  readonly macs: number
  readonly energyJ: number | null
  readonly meanPowerW: number | null
}

/** What a cascade did with a stream, and what that cost. */
export interface StreamReport {
  readonly source: string
  /** Its nets, `small → large`. */
  readonly cascade: string
  readonly audioS: number
  readonly timeline: StreamTimeline
  readonly clips: readonly PlayedClip[]
  readonly looks: Readonly<Record<StreamStage, number>>
  readonly macs: number
  /** Of one core, for work in the stream's own time. */
  readonly load: number
  /** All of the stream, idling included; null where nobody knows the power of this machine. */
  readonly energyJ: number | null
  readonly meanPowerW: number | null
  readonly idlePowerW: number | null
  readonly provenance: Provenance | null
  /** In words: how energies were found, or why there are none. */
  readonly energySource: string
  /** Mean power that a governor kept to. */
  readonly budgetW: number | null
  readonly alone: AloneReport | null
}
