import type { Provenance } from '../../core/provenance.ts'
import type { EnergyFigure } from '../../cost/profile.ts'

/** What one step costs: its time in seconds and its energy; null where nobody knows the energy. */
export interface StepCost {
  readonly latencyS: number
  readonly energy: EnergyFigure | null
}

/** Why a node cannot run at a place. */
export interface Unsupported {
  readonly unsupported: string
}

/** A value that passes between nodes. Constants are no tensors here: they count as weights of their node. */
export interface PartitionTensor {
  readonly name: string
  readonly bytes: number
  /** It cannot leave the place that made it: the state of a model, for instance. */
  readonly fixed?: true
}

/** One operation, with what it costs at every place. */
export interface PartitionNode {
  readonly name: string
  /** Indices of the tensors that it reads and makes. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Bytes of its constants; constants that two nodes share count twice. */
  readonly weightBytes: number
  /** Bytes that it needs only while it runs; 0 if left out. */
  readonly scratchBytes?: number
  /** By index of the place: the cost without dispatch and transfers, or why it cannot run there. */
  readonly at: readonly (StepCost | Unsupported)[]
}

/** Where nodes can run: a backend on a device. */
export interface PartitionPlace {
  readonly id: string
  /** Fixed cost of starting one segment. */
  readonly dispatch: StepCost
  /** Most bytes of constants over all nodes that run here. */
  readonly maxWeightBytes?: number
  /**
   * Most bytes of tensors that may lie here while one of its nodes runs. A copy counts until the last reader of its
   * tensor, anywhere, has run; this bounds the arena of a segment from above, without losses to alignment.
   */
  readonly maxArenaBytes?: number
}

/**
 * A graph to spread over places. The cost of an assignment is the sum of the nodes' costs, one dispatch for every
 * segment (maximal run of consecutive nodes at one place), and one transfer for every tensor and place that needs it and
 * does not hold it. A transfer starts at the holder from where it is cheapest; what is minimised says in which sense.
 * Inputs lie at `home`, and outputs go there as soon as they are made.
 */
export interface PartitionProblem {
  readonly tensors: readonly PartitionTensor[]
  /** In the order in which they run. */
  readonly nodes: readonly PartitionNode[]
  /** 1 to 8. A place that only holds tensors is one that no node supports. */
  readonly places: readonly PartitionPlace[]
  /** Index of the place where inputs come from and outputs go to. */
  readonly home: number
  /** Indices of the tensors that the model takes and gives. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Cost of moving a tensor (its index) between two different places, by whatever way is used. */
  readonly transfer: (from: number, to: number, tensor: number) => StepCost
}

/** What a partition is asked for: what to make small, and limits that hold together. */
export interface PartitionAsk {
  readonly minimize: 'latency' | 'energy'
  /** Most seconds of one inference. */
  readonly maxLatencyS?: number
  /** Most joules of one inference. */
  readonly maxEnergyJ?: number
  /** Provenances that an energy may have where energy is minimised or limited; any by default. */
  readonly acceptProvenance?: readonly Provenance[]
}

/** Most places of a problem: a set of places is one byte. */
export const mostPlaces = 8

/** Tells whether a node's entry says why it cannot run. */
export const isUnsupported = (entry: StepCost | Unsupported): entry is Unsupported => 'unsupported' in entry

function checkOrder({ nodes, tensors, inputs, outputs }: PartitionProblem): void {
  const made = new Set(inputs)
  const need = (tensor: number, who: string) => {
    if (!made.has(tensor)) throw new RangeError(`${who} needs tensor ${tensor}, which nothing before it makes`)
  }
  for (const node of nodes) {
    for (const input of node.inputs) need(input, node.name)
    for (const output of node.outputs) {
      if (made.has(output)) throw new RangeError(`${node.name} makes tensor ${output}, which is there already`)
      if (!tensors[output]) throw new RangeError(`${node.name} makes tensor ${output}, which is not listed`)
      made.add(output)
    }
  }
  for (const output of outputs) need(output, 'the model')
}

function checkCost({ latencyS, energy }: StepCost, what: string): void {
  if (!(latencyS >= 0 && Number.isFinite(latencyS))) throw new RangeError(`${what} takes ${latencyS} s`)
  if (energy && !(energy.energyJ >= 0 && Number.isFinite(energy.energyJ)))
    throw new RangeError(`${what} takes ${energy.energyJ} J`)
}

/**
 * Checks that a problem is well-formed.
 * @throws RangeError for a tensor that is read before it is made, a wrong number of places, a cost that is no number ≥ 0, a limit
 * that is no number > 0
 */
export function checkProblem(problem: PartitionProblem, ask: PartitionAsk): void {
  for (const limit of [ask.maxLatencyS, ask.maxEnergyJ])
    if (limit !== undefined && !(limit > 0)) throw new RangeError(`a limit of ${limit}`)
  const { places, nodes, home } = problem
  if (places.length < 1 || places.length > mostPlaces)
    throw new RangeError(`${places.length} places, but a partition is over 1 to ${mostPlaces}`)
  if (!places[home]) throw new RangeError(`home is place ${home}, which is not listed`)
  for (const place of places) checkCost(place.dispatch, `a dispatch on ${place.id}`)
  for (const { name, at } of nodes) {
    if (at.length !== places.length)
      throw new RangeError(`${name} has costs at ${at.length} of ${places.length} places`)
    for (const entry of at) if (!isUnsupported(entry)) checkCost(entry, name)
  }
  checkOrder(problem)
}
