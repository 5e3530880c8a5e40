import type { Provenance } from '../core/provenance.ts'

/** What one layer would mean at a place where it does not run. */
export interface LayerElsewhere {
  readonly place: string
  /** The layer alone at this place, in seconds; null where it cannot run. */
  readonly latencyS: number | null
  readonly energyJ: number | null
  /** By how much the whole is dearer at best with this layer here, in seconds or joules; null where it cannot be here. */
  readonly extra: number | null
  /** Why it cannot run there, or what it would add. */
  readonly reason: string
}

/** One layer at its place. */
export interface PlacedLayer {
  readonly name: string
  readonly op: string
  readonly macs: number | null
  readonly weightBytes: number
  readonly outputBytes: number
  /** Layers whose outputs it takes; −1 stands for the model's inputs. */
  readonly takesFrom: readonly number[]
  readonly place: string
  /** Counted from 0 in the order of execution. */
  readonly segment: number
  readonly latencyS: number
  /** Interval of 90 % where the latency is predicted; null where it is not known. */
  readonly latency90S: readonly [number, number] | null
  readonly energyJ: number | null
  readonly provenance: Provenance | null
  /** Moving its inputs to this place, in seconds. */
  readonly transferS: number
  readonly why: string
  readonly elsewhere: readonly LayerElsewhere[]
}

/** A backend on a device that was considered. */
export interface PlacementPlace {
  readonly id: string
  readonly backend: string
  readonly device: string
  readonly dispatchS: number
  /** How its times were come by: `predicted` from this machine's profile, `declared` by a simulated device. */
  readonly basis: 'predicted' | 'declared'
  /** The whole model here: seconds and joules, or why not. */
  readonly whole: { readonly latencyS: number; readonly energyJ: number | null } | { readonly reason: string }
}

/** Which layer runs where, and why. */
export interface PlacementReport {
  readonly model: string
  readonly variant: string
  readonly objective: 'latency' | 'energy'
  readonly places: readonly PlacementPlace[]
  readonly layers: readonly PlacedLayer[]
  readonly segments: readonly {
    readonly place: string
    readonly first: number
    readonly last: number
    readonly dispatchS: number
    readonly latencyS: number
  }[]
  readonly totals: {
    readonly latencyS: number
    readonly layersS: number
    readonly dispatchS: number
    readonly transferS: number
    readonly energyJ: number | null
    readonly provenance: Provenance | null
  }
  /** How the arrangement was found and what it is proved against. */
  readonly algorithm: string
  /** Remarks: places left out, figures that are missing. */
  readonly notes: readonly string[]
}
