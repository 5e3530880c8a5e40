import { bytesOf, graphWork } from '../cost/node-work.ts'
import { cutSegment, cuttable } from '../formats/cut-segment.ts'
import { nodeGroups } from '../graph/cut.ts'
import type { Segment } from '../graph/segment.ts'
import type { Infeasible } from '../plan/partition/infeasible.ts'
import { type Partition, partition } from '../plan/partition/partition.ts'
import {
  isUnsupported,
  type PartitionAsk,
  type PartitionNode,
  type PartitionProblem,
  type StepCost,
  type Unsupported,
} from '../plan/partition/problem.ts'
import { addCosts, noCost } from '../plan/partition/step-cost.ts'
import type { PartitionPart } from './partitioned.ts'
import { placeId } from './place.ts'
import type { PlaceCosts } from './place-costs.ts'

/** A model to spread over places, and the numbers that the search works on. */
export interface Placement {
  /** The graph that is cut. */
  readonly segment: Segment
  readonly costs: readonly PlaceCosts[]
  /** Nodes of the graph by node of the problem: most alone, those that must stay together as one. */
  readonly groups: readonly (readonly number[])[]
  readonly problem: PartitionProblem
}

function together(entries: readonly (StepCost | Unsupported)[]): StepCost | Unsupported {
  return entries.find(isUnsupported) ?? (entries as readonly StepCost[]).reduce(addCosts)
}

/** Node indices by group, in the order of the graph. */
function grouped(segment: Segment): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>()
  for (const [index, group] of nodeGroups(segment.graph).entries())
    groups.set(group, [...(groups.get(group) ?? []), index])
  return [...groups.values()]
}

/** The form of a model that is cut. */
export const placedSegment = (segment: Segment): Segment => cuttable(segment)

/**
 * Sets up the search: place 0 is the host's memory, where inputs lie and outputs go; the others follow in the order of
 * `costs`. Moving a tensor costs getting it out of one place and into the other.
 * @param segment in the form of `placedSegment`
 */
export function placementOf(segment: Segment, costs: readonly PlaceCosts[]): Placement {
  const { graph } = segment
  const works = graphWork(graph)
  const groups = grouped(segment)
  const names = [...new Set([...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)])]
  const indexOf = new Map(names.map((name, index) => [name, index]))
  const indices = (tensors: readonly string[]) => [...new Set(tensors)].flatMap((name) => indexOf.get(name) ?? [])
  const nodes = groups.map((members): PartitionNode => {
    const made = new Set(members.flatMap((index) => graph.nodes[index]!.outputs))
    const read = members.flatMap((index) => graph.nodes[index]!.inputs).filter((name) => !made.has(name))
    return {
      name: members.map((index) => graph.nodes[index]!.name || `${graph.nodes[index]!.op} ${index}`).join(' + '),
      inputs: indices(read),
      outputs: indices([...made]),
      weightBytes: members.reduce((sum, index) => sum + works[index]!.weightBytes, 0),
      at: [
        { unsupported: 'it only holds tensors' },
        ...costs.map(({ nodes: at }) => together(members.map((index) => at[index]!))),
      ],
    }
  })
  const problem: PartitionProblem = {
    tensors: names.map((name) => ({ name, bytes: bytesOf(graph.tensors.get(name)!) })),
    nodes,
    places: [
      { id: 'host memory', dispatch: noCost },
      ...costs.map(({ place, dispatch }) => ({ id: placeId(place), dispatch })),
    ],
    home: 0,
    inputs: indices(graph.inputs),
    outputs: indices(graph.outputs),
    transfer: (from, to, tensor) => {
      const name = names[tensor]!
      const out = from === 0 ? noCost : costs[from - 1]!.moved(name, 'out')
      return to === 0 ? out : addCosts(out, costs[to - 1]!.moved(name, 'in'))
    },
  }
  return { segment, costs, groups, problem }
}

/** Places of every node of the graph, by index of the costs. */
export function nodePlaces({ groups, segment }: Placement, assignment: readonly number[]): readonly number[] {
  const places = new Array<number>(segment.graph.nodes.length)
  for (const [group, members] of groups.entries()) for (const index of members) places[index] = assignment[group]! - 1
  return places
}

/** The segments of an assignment, in the order of running, each with the places that it may go to when its own fails. */
export function partsOf(placement: Placement, assignment: readonly number[]): readonly PartitionPart[] {
  const { segment, costs } = placement
  const places = nodePlaces(placement, assignment)
  const ids = costs.map(({ place }) => placeId(place))
  return cutSegment(
    segment,
    places.map((place) => ids[place]!),
  ).map(({ place, segment: part }) => ({
    segment: part,
    place: costs[ids.indexOf(place)]!.place,
    fallback: costs.filter(({ basis }) => basis === 'predicted').map((one) => one.place),
  }))
}

/** Finds the best assignment. */
export const solvePlacement = ({ problem }: Placement, ask: PartitionAsk): Partition | Infeasible =>
  partition(problem, ask)
