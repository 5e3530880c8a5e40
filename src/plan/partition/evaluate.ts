import { cheapestSources, type Numbers } from './numbers.ts'
import { isUnsupported, type PartitionNode, type PartitionProblem, type StepCost } from './problem.ts'
import { addCosts, noCost } from './step-cost.ts'

/** A maximal run of consecutive nodes at one place, `to` exclusive. */
export interface PartitionSegment {
  readonly place: number
  readonly from: number
  readonly to: number
  readonly cost: StepCost
  readonly weightBytes: number
}

/** A tensor that moves before a node runs, or after it where the tensor is an output that goes home. */
export interface PartitionTransfer {
  readonly tensor: number
  readonly from: number
  readonly to: number
  readonly node: number
  readonly when: 'before' | 'after'
  readonly cost: StepCost
}

/** What an assignment costs and comes to. */
export interface PartitionCosts {
  readonly total: StepCost
  /** The parts of the total. */
  readonly nodes: StepCost
  readonly dispatch: StepCost
  readonly transfer: StepCost
  readonly segments: readonly PartitionSegment[]
  readonly transfers: readonly PartitionTransfer[]
  readonly weightBytes: readonly number[]
}

const sum = (costs: readonly StepCost[]): StepCost => costs.reduce(addCosts, noCost)

function costAt(node: PartitionNode, place: number): StepCost {
  const entry = node.at[place]!
  if (isUnsupported(entry)) throw new RangeError(`${node.name} cannot run there: ${entry.unsupported}`)
  return entry
}

function segmentsOf({ nodes }: PartitionProblem, assignment: readonly number[]): readonly PartitionSegment[] {
  const starts = assignment.flatMap((place, node) => (place === assignment[node - 1] ? [] : [node]))
  return starts.map((from, index): PartitionSegment => {
    const to = starts[index + 1] ?? assignment.length
    const place = assignment[from]!
    const members = nodes.slice(from, to)
    return {
      place,
      from,
      to,
      cost: sum(members.map((node) => costAt(node, place))),
      weightBytes: members.reduce((bytes, node) => bytes + node.weightBytes, 0),
    }
  })
}

function transfersOf(problem: PartitionProblem, numbers: Numbers, assignment: readonly number[]): PartitionTransfer[] {
  const { nodes, home, inputs, outputs } = problem
  const holders = new Map(inputs.map((tensor) => [tensor, 1 << home]))
  const transfers: PartitionTransfer[] = []
  const move = (tensor: number, to: number, node: number, when: PartitionTransfer['when']) => {
    const from = cheapestSources(numbers, tensor, to)[holders.get(tensor)!]!
    const cost = problem.transfer(from, to, tensor)
    transfers.push({ tensor, from, to, node, when, cost })
    holders.set(tensor, holders.get(tensor)! | (1 << to))
  }
  for (const [index, node] of nodes.entries()) {
    const place = assignment[index]!
    for (const tensor of new Set(node.inputs))
      if (!(holders.get(tensor)! & (1 << place))) move(tensor, place, index, 'before')
    for (const tensor of node.outputs) {
      holders.set(tensor, 1 << place)
      if (place !== home && outputs.includes(tensor)) move(tensor, home, index, 'after')
    }
  }
  return transfers
}

/**
 * What an assignment (a place for each node) costs by the rules of `PartitionProblem`, part by part.
 * @throws RangeError where a node cannot run at its place
 */
export function evaluateAssignment(
  problem: PartitionProblem,
  numbers: Numbers,
  assignment: readonly number[],
): PartitionCosts {
  const segments = segmentsOf(problem, assignment)
  const transfers = transfersOf(problem, numbers, assignment)
  const nodes = sum(segments.map(({ cost }) => cost))
  const dispatch = sum(segments.map(({ place }) => problem.places[place]!.dispatch))
  const transfer = sum(transfers.map(({ cost }) => cost))
  const weightBytes = problem.places.map((_, place) =>
    segments.reduce((bytes, segment) => bytes + (segment.place === place ? segment.weightBytes : 0), 0),
  )
  return {
    total: sum([nodes, dispatch, transfer]),
    nodes,
    dispatch,
    transfer,
    segments,
    transfers,
    weightBytes,
  }
}
