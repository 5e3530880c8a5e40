import { type Backend, firstUnsupported, segmentFor } from '../backends/backend.ts'
import { graphBorder } from '../cost/border.ts'
import { type MachineProfile, type PlacePower, placeId as profileId } from '../cost/machine-profile.ts'
import type { PublishedPower } from '../cost/modelled.ts'
import { graphWork, type NodeWork } from '../cost/node-work.ts'
import { npuCost, npuTransferS } from '../cost/npu-cost.ts'
import type { NpuModel } from '../cost/npu-model.ts'
import type { LatencyGuess } from '../cost/place-model.ts'
import { predictNodes, predictTransfer } from '../cost/predict.ts'
import type { EnergyFigure } from '../cost/profile.ts'
import { cutSegment } from '../formats/cut-segment.ts'
import type { Segment } from '../graph/segment.ts'
import type { StepCost, Unsupported } from '../plan/partition/problem.ts'
import type { Place } from './place.ts'
import { reasonOf } from './try-backend.ts'

/** What a place charges for the nodes of one graph. */
export interface PlaceCosts {
  readonly place: Place
  /** `predicted` from this machine's profile, `declared` by a simulated device. */
  readonly basis: 'predicted' | 'declared'
  readonly dispatch: StepCost
  /** By index of the node. */
  readonly nodes: readonly (StepCost | Unsupported)[]
  /** Interval of 90 % of each node's latency; null where it is declared or the node cannot run. */
  readonly guesses: readonly (LatencyGuess | null)[]
  /** Getting a tensor of the graph in or out. */
  moved(tensor: string, way: 'in' | 'out'): StepCost
}

/** Every node of a graph as a segment of its own. */
export function singleNodes(segment: Segment): ReadonlyMap<number, Segment> {
  const parts = cutSegment(
    segment,
    segment.graph.nodes.map((_, index) => String(index)),
  )
  return new Map(parts.flatMap((part) => part.nodes.map((index) => [index, part.segment] as const)))
}

/** Why a place cannot run a segment; null where it can. */
function whyNot({ backend, device }: Place, segment: Segment): string | null {
  try {
    return firstUnsupported(backend, segmentFor(segment, backend), device)
  } catch (error) {
    return reasonOf(error)
  }
}

const step = (latencyS: number, power: EnergyRate | null): StepCost => ({
  latencyS,
  energy: power && energyOf(latencyS, power),
})

interface EnergyRate {
  readonly activeW: number
  readonly provenance: EnergyFigure['provenance']
}

const energyOf = (latencyS: number, { activeW, provenance }: EnergyRate): EnergyFigure => ({
  energyJ: latencyS * activeW,
  provenance,
})

/** A physical reading of the place's power before the board's published one. */
function rateOf(power: PlacePower | null, published: PublishedPower | null): EnergyRate | null {
  return power ?? (published && { activeW: published.activeW, provenance: 'modelled' })
}

/** What a backend computes of every node; what the graph says where it does not tell. */
export function workAt(backend: Backend, segment: Segment): readonly NodeWork[] {
  try {
    return backend.work?.(segment) ?? graphWork(segment.graph)
  } catch {
    return graphWork(segment.graph)
  }
}

/** Costs of a graph's nodes at a place that was profiled; null where it was not. */
export function predictedCosts(
  segment: Segment,
  singles: ReadonlyMap<number, Segment>,
  place: Place,
  profile: MachineProfile,
  published: PublishedPower | null,
): PlaceCosts | null {
  const known = profile.places[profileId(place.backend.name, place.device.id)]
  if (!known) return null
  const { graph } = segment
  const power = rateOf(known.power, published)
  const reasons = graph.nodes.map((_, index) => (singles.has(index) ? whyNot(place, singles.get(index)!) : null))
  const { dispatchS, nodes } = predictNodes(known, graph, workAt(place.backend, segment))
  const guesses = nodes.map((guess, index) => (reasons[index] === null ? guess : null))
  return {
    place,
    basis: 'predicted',
    dispatch: step(dispatchS, power),
    nodes: guesses.map((guess, index) => (guess ? step(guess.latencyS, power) : { unsupported: reasons[index]! })),
    guesses,
    moved: (tensor, way) => {
      const [border] = graphBorder({ ...graph, inputs: [tensor], outputs: [] }).inputs
      if (!border) return step(0, power)
      return step(way === 'in' ? predictTransfer(null, known, border) : predictTransfer(known, null, border), power)
    },
  }
}

/** Costs of a graph's nodes on a simulated accelerator. */
export function declaredCosts(
  segment: Segment,
  singles: ReadonlyMap<number, Segment>,
  place: Place,
  npu: NpuModel,
): PlaceCosts {
  const power = npu.activeW === null ? null : ({ activeW: npu.activeW, provenance: 'emulated' } as const)
  const { nodes } = npuCost(segment.graph, npu)
  const reasons = nodes.map((_, index) => (singles.has(index) ? whyNot(place, singles.get(index)!) : null))
  return {
    place,
    basis: 'declared',
    dispatch: step(npu.dispatchS, power),
    nodes: nodes.map(({ latencyS }, index) => {
      const unsupported = reasons[index]!
      return unsupported === null ? step(latencyS, power) : { unsupported }
    }),
    guesses: nodes.map(() => null),
    moved: (tensor) => {
      const { inputs } = graphBorder({ ...segment.graph, inputs: [tensor], outputs: [] })
      return step(npuTransferS(npu, inputs[0]?.bytes ?? 0), power)
    },
  }
}
