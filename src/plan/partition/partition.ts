import { searchConstrained } from './constrained.ts'
import { evaluateAssignment, type PartitionCosts } from './evaluate.ts'
import { explainPartition, type NodeExplanation } from './explain.ts'
import { brokenBy, type Infeasible, infeasibleAlone, infeasibleNode, infeasibleTogether } from './infeasible.ts'
import { buildLattice, type DeadEnd, type Lattice } from './lattice.ts'
import { type Numbers, numbersOf, whyNot } from './numbers.ts'
import { cheapestPath, deadEnd, pathCost, sumsToEnd } from './paths.ts'
import { checkProblem, type PartitionAsk, type PartitionProblem } from './problem.ts'
import { keeps, objectiveOf, type Resource, resourcesOf } from './resources.ts'

/** How good an assignment is known to be. */
export type Optimality =
  | { readonly kind: 'exact' }
  /** No assignment costs less than `atLeast` (in what is minimised); `because` says what was cut off. */
  | { readonly kind: 'bounded'; readonly atLeast: number; readonly because: string }

/** A place that runs the whole graph by itself, or why it cannot. */
export interface SinglePlace {
  readonly place: number
  readonly costs: PartitionCosts | null
  readonly reason: string | null
}

/** The best assignment, with its costs and its reasons. */
export interface Partition extends PartitionCosts {
  readonly kind: 'partition'
  /** By node: index of its place. */
  readonly assignment: readonly number[]
  readonly optimality: Optimality
  /** By place: the same graph on that place alone. */
  readonly singles: readonly SinglePlace[]
  /** By node. */
  readonly explanations: readonly NodeExplanation[]
}

/** Where the search is cut off. */
export interface PartitionEffort {
  /** Most states before one node; 8192 by default. */
  readonly mostStates?: number
  /** Most labels after one node, where limits bind; 50,000 by default. */
  readonly mostLabels?: number
}

interface Solution {
  readonly assignment: readonly number[]
  readonly cost: number
  readonly optimality: Optimality
}

const exact: Optimality = { kind: 'exact' }

function judged(cost: number, atLeast: number, because: string): Optimality {
  return atLeast >= cost * (1 - 1e-12) ? exact : { kind: 'bounded', atLeast, because }
}

function solve(
  lattice: Lattice,
  ask: PartitionAsk,
  resources: readonly Resource[],
  effort: PartitionEffort,
): Solution | Infeasible {
  const objective = objectiveOf(ask)
  const free = cheapestPath(lattice, objective, sumsToEnd(lattice, objective))
  const cost = pathCost(lattice, free, objective)
  const states = `more than ${effort.mostStates ?? defaults.mostStates} states of the live tensors`
  if (resources.every((resource) => keeps(pathCost(lattice, free, resource.by), resource)))
    return { assignment: free, cost, optimality: judged(cost, lattice.leftOutAtLeast, states) }
  const alone = infeasibleAlone(lattice, resources)
  if (alone) return alone
  const most = effort.mostLabels ?? defaults.mostLabels
  const { found, atLeast, complete } = searchConstrained(lattice, objective, resources, most)
  const all = lattice.leftOutAtLeast === Number.POSITIVE_INFINITY
  if (!found) return infeasibleTogether(resources, complete && all)
  const because = complete ? states : `more than ${most} assignments to follow under the limits`
  const bound = Math.min(atLeast, lattice.leftOutAtLeast)
  return { ...found, optimality: judged(found.cost, bound, because) }
}

const defaults = { mostStates: 8192, mostLabels: 50_000 } as const

function onlyAt(problem: PartitionProblem, place: number): PartitionProblem {
  const elsewhere = { unsupported: 'another place was asked for' }
  const nodes = problem.nodes.map((node) => ({
    ...node,
    at: node.at.map((entry, index) => (index === place ? entry : elsewhere)),
  }))
  return { ...problem, nodes }
}

/** The same graph on one place alone, when some states of the lattice were left out: searched by itself. */
function latticeOf(problem: PartitionProblem, ask: PartitionAsk, place: number, whole: Lattice): Lattice | DeadEnd {
  if (whole.leftOutAtLeast === Number.POSITIVE_INFINITY) return whole
  const alone = onlyAt(problem, place)
  return buildLattice(alone, numbersOf(alone, ask), 1)
}

function singleOf(
  problem: PartitionProblem,
  ask: PartitionAsk,
  numbers: Numbers,
  whole: Lattice,
  place: number,
): SinglePlace {
  const never = (reason: string): SinglePlace => ({ place, costs: null, reason })
  const node = problem.nodes.findIndex((_, index) => whyNot(problem, ask, index, place) !== null)
  if (node >= 0) return never(`${problem.nodes[node]!.name}: ${whyNot(problem, ask, node, place)}`)
  const lattice = latticeOf(problem, ask, place, whole)
  const assignment = problem.nodes.map(() => place)
  const end = 'node' in lattice ? lattice.node : deadEnd(lattice, assignment)
  if (end !== null) return never(`${problem.nodes[end]!.name}: its tensors do not fit or cannot get there`)
  const broken = brokenBy(lattice as Lattice, assignment, resourcesOf(problem, ask))
  if (broken) return never(broken)
  return { place, costs: evaluateAssignment(problem, numbers, assignment), reason: null }
}

/**
 * The assignment of nodes to places that costs least, under limits.
 *
 * Without limits on sums (latency, energy, weights of a place) it is exact by dynamic programming over the order of the
 * nodes: a state is the place of the last node and, for each live tensor, the set of places that hold it. With D places, N
 * nodes and at most w live tensors that is at most N·D·(2^D − 1)^w states and D times as many steps; what can be reached is
 * far less: a chain has D states before a node, a residual block about D². Peaks of memory are checked on every step.
 * With limits that the free optimum breaks, labels of (cost, use) go through the same states, see `searchConstrained`.
 *
 * Beyond `effort` the result stays right but need not be the best, and says so: `optimality` then holds a proven bound.
 * @throws RangeError for a problem that is not well-formed
 */
export function partition(
  problem: PartitionProblem,
  ask: PartitionAsk,
  effort: PartitionEffort = {},
): Partition | Infeasible {
  checkProblem(problem, ask)
  const nowhere = problem.nodes.findIndex((_, node) =>
    problem.places.every((_, place) => whyNot(problem, ask, node, place) !== null),
  )
  if (nowhere >= 0) return infeasibleNode(problem, ask, nowhere)
  const numbers = numbersOf(problem, ask)
  const lattice = buildLattice(problem, numbers, effort.mostStates ?? defaults.mostStates)
  if ('node' in lattice) return infeasibleNode(problem, ask, lattice.node, lattice.proven)
  const resources = resourcesOf(problem, ask)
  const solution = solve(lattice, ask, resources, effort)
  if ('kind' in solution) return solution
  const { assignment, cost, optimality } = solution
  return {
    kind: 'partition',
    ...evaluateAssignment(problem, numbers, assignment),
    assignment,
    optimality,
    singles: problem.places.map((_, place) => singleOf(problem, ask, numbers, lattice, place)),
    explanations: explainPartition({ problem, ask, lattice, resources, assignment, cost }),
  }
}
