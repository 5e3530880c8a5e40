import type { Provenance } from '../core/provenance.ts'
import type { Graph } from '../graph/graph.ts'
import { type BorderWork, graphBorder } from './border.ts'
import type { PlaceProfile, RealRun } from './machine-profile.ts'
import { graphWork, type NodeWork } from './node-work.ts'
import { placeModel } from './observe.ts'
import { type LatencyGuess, predictNode, predictWork } from './place-model.ts'
import { borderTerms, trendOf } from './trend.ts'

/** Nodes of a graph at one place, and what a segment there costs beyond them. */
export interface NodesGuess {
  /** Once a segment, in seconds. */
  readonly dispatchS: number
  /** In the graph's order. */
  readonly nodes: readonly LatencyGuess[]
}

/**
 * Predicts every node of a graph at a place. Sums of nodes, dispatch and transfers are what a segment takes.
 * @param work what the backend computes where this is not what the graph says (`Backend.work`)
 */
export function predictNodes(
  place: PlaceProfile,
  graph: Graph,
  work: readonly NodeWork[] = graphWork(graph),
): NodesGuess {
  const model = placeModel(place)
  const nodes = work.map((node, index) => predictNode(model, node, work[index - 1]))
  return { dispatchS: trendOf(model.trend, [['dispatch', 1]]), nodes }
}

/** Predicts a whole segment at a place, from its inputs in host memory to its outputs there. */
export function predictSegment(
  place: PlaceProfile,
  graph: Graph,
  work: readonly NodeWork[] = graphWork(graph),
): LatencyGuess {
  return predictWork(placeModel(place), work, graphBorder(graph))
}

/**
 * Seconds that a tensor takes from one place to another: out of the one into host memory, and into the other. Null
 * stands for host memory itself.
 */
export function predictTransfer(from: PlaceProfile | null, to: PlaceProfile | null, tensor: BorderWork): number {
  if (from === to) return 0
  const copy = (place: PlaceProfile | null, way: 'inputs' | 'outputs') => {
    if (!place) return 0
    const { trend } = placeModel(place)
    const terms = borderTerms({ inputs: [], outputs: [], [way]: [tensor] })
    return trendOf(trend, terms) - trendOf(trend, [['dispatch', 1]])
  }
  return copy(from, 'outputs') + copy(to, 'inputs')
}

/** Energy with the interval that holds 90 % of such figures, in joules, gross. */
export interface EnergyGuess {
  readonly energyJ: number
  readonly low90J: number
  readonly high90J: number
  /** That of the power it rests on. */
  readonly provenance: Provenance
}

/** Two-sided 90 % of a normal distribution. */
const z90 = 1.6449

/**
 * Energy of something that takes so long at a place whose power was read: E = P·t. The relative deviations of both add
 * in squares. Null where no power is known.
 */
export function predictEnergy({ power }: PlaceProfile, latency: LatencyGuess): EnergyGuess | null {
  if (!power) return null
  const energyJ = power.activeW * latency.latencyS
  const half = Math.hypot(Math.log(latency.high90S / latency.latencyS), z90 * power.deviation)
  const { provenance } = power
  return { energyJ, low90J: energyJ * Math.exp(-half), high90J: energyJ * Math.exp(half), provenance }
}

/** So many real runs of a place are kept: more would slow predictions down. */
const mostRuns = 32
/** No run is trusted further, relative: machines are never quite as they were. */
const leastDeviation = 0.02

/**
 * The profile with a real run in it: what it took corrects all predictions that share layers with it, most where most
 * is shared. A newer run of the same key takes the place of the older.
 */
export function withRealRun(place: PlaceProfile, run: RealRun): PlaceProfile {
  const kept = place.runs.filter(({ key }) => key !== run.key)
  const runs = [...kept, { ...run, deviation: Math.max(leastDeviation, run.deviation) }]
  return { ...place, runs: runs.slice(-mostRuns) }
}
