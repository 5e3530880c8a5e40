import { withPrefix } from '../words.ts'
import type { Lattice } from './lattice.ts'
import { whyNot } from './numbers.ts'
import { kindCosts, type Sums, sumsFromStart, sumsToEnd, type Weighing } from './paths.ts'
import type { PartitionAsk, PartitionProblem, StepCost } from './problem.ts'
import { isUnsupported } from './problem.ts'
import { keeps, objectiveOf, type Resource } from './resources.ts'

/** A node at a place: what it would mean for the whole inference. */
export interface PlaceExplanation {
  readonly place: number
  /** Cost of the node alone; null where it cannot run. */
  readonly cost: StepCost | null
  /**
   * How much dearer the whole inference is, in what is minimised (s or J), when this node must run here and the others
   * go where that is best; 0 at the chosen place, null where no assignment has it here.
   */
  readonly extra: number | null
  /** Whether `extra` is exact, or what bounds it: limits on sums make it `at least`, states left out `at most`. */
  readonly extraIs: 'exact' | 'at least' | 'at most' | 'about'
  readonly reason: string
}

/** Why a node runs where it runs, and why not elsewhere. */
export interface NodeExplanation {
  readonly node: number
  readonly place: number
  readonly why: string
  readonly at: readonly PlaceExplanation[]
}

/** What an explanation is made from. */
export interface Solved {
  readonly problem: PartitionProblem
  readonly ask: PartitionAsk
  readonly lattice: Lattice
  readonly resources: readonly Resource[]
  readonly assignment: readonly number[]
  readonly cost: number
}

/** Cheapest sums by one weighing on both sides of every state. */
interface Sides {
  readonly by: Weighing
  readonly from: Sums
  readonly to: Sums
}

const sidesOf = (lattice: Lattice, by: Weighing): Sides => ({
  by,
  from: sumsFromStart(lattice, by),
  to: sumsToEnd(lattice, by),
})

const sidesOfObjective = ({ ask, lattice }: Solved): Sides => ({
  by: objectiveOf(ask),
  from: lattice.reached,
  to: sumsToEnd(lattice, objectiveOf(ask)),
})

/** Visits every edge that exists, with the states at both ends, its kind × places + place, and its node × places + place. */
function eachEdge(
  { places, layers }: Lattice,
  node: number,
  visit: (kind: number, state: number, end: number, at: number) => void,
): void {
  const { to, kinds, states } = layers[node]!
  for (let state = 0, edge = 0; state < states; state++)
    for (let place = 0, kind = kinds[state]! * places; place < places; place++, edge++, kind++)
      if (to[edge]! >= 0) visit(kind, state, to[edge]!, node * places + place)
}

/** Least sum of a path through every node × place: by node × places + place. */
function leastThrough(lattice: Lattice, { by, from, to }: Sides): Float64Array {
  const { layers, places } = lattice
  const least = new Float64Array(layers.length * places).fill(Number.POSITIVE_INFINITY)
  for (const [node, { to: ends, kinds, states }] of layers.entries()) {
    const costs = kindCosts(lattice, node, by)
    const [before, after] = [from[node]!, to[node + 1]!]
    // Written out: a call for every edge would take longer than all the rest.
    for (let state = 0, edge = 0; state < states; state++)
      for (
        let place = 0, kind = kinds[state]! * places, at = node * places;
        place < places;
        place++, edge++, kind++, at++
      ) {
        const end = ends[edge]!
        if (end < 0) continue
        const sum = before[state]! + costs[kind]! + after[end]!
        if (sum < least[at]!) least[at] = sum
      }
  }
  return least
}

/** What the cheapest paths of one weighing come to by another, on both sides of every state. */
function companions(lattice: Lattice, { by, from, to }: Sides, other: Weighing): Sides {
  const forward = from.map((sums) => new Float64Array(sums.length))
  const backward = to.map((sums) => new Float64Array(sums.length))
  for (let node = 0; node < lattice.layers.length; node++) {
    const [costs, others] = [kindCosts(lattice, node, by), kindCosts(lattice, node, other)]
    eachEdge(lattice, node, (kind, state, end) => {
      // Equal to the last bit: the sums were made by this very addition.
      if (from[node]![state]! + costs[kind]! === from[node + 1]![end]!)
        forward[node + 1]![end] = forward[node]![state]! + others[kind]!
    })
  }
  for (let node = lattice.layers.length - 1; node >= 0; node--) {
    const [costs, others] = [kindCosts(lattice, node, by), kindCosts(lattice, node, other)]
    eachEdge(lattice, node, (kind, state, end) => {
      if (costs[kind]! + to[node + 1]![end]! === to[node]![state]!)
        backward[node]![state] = others[kind]! + backward[node + 1]![end]!
    })
  }
  return { by: other, from: forward, to: backward }
}

/** Whether the cheapest path through a node × place keeps all limits, by node × places + place. */
function keptThrough({ lattice, resources }: Solved, sides: Sides, least: Float64Array): readonly boolean[] {
  const kept = Array.from(least, () => resources.length === 0)
  if (resources.length === 0) return kept
  const used = resources.map(({ by }) => companions(lattice, sides, by))
  for (let node = 0; node < lattice.layers.length; node++) {
    const costs = kindCosts(lattice, node, sides.by)
    const uses = resources.map(({ by }) => kindCosts(lattice, node, by))
    const [before, after] = [sides.from[node]!, sides.to[node + 1]!]
    eachEdge(lattice, node, (kind, state, end, at) => {
      if (kept[at] || before[state]! + costs[kind]! + after[end]! > least[at]! * (1 + 1e-12)) return
      kept[at] = resources.every((resource, index) => {
        const { from, to } = used[index]!
        return keeps(from[node]![state]! + uses[index]![kind]! + to[node + 1]![end]!, resource)
      })
    })
  }
  return kept
}

const bounds = { exact: '', 'at least': 'at least ', 'at most': 'at most ', about: 'about ' } as const

function reasonOf(ask: PartitionAsk, extra: number, extraIs: PlaceExplanation['extraIs']): string {
  const unit = ask.minimize === 'energy' ? 'J' : 's'
  if (extra === 0) return extraIs === 'exact' ? 'just as good' : 'not shown to be worse'
  return `+${withPrefix(extra, unit)} for the whole inference (${extraIs === 'exact' ? 'exact' : `${bounds[extraIs].trim()} so much`})`
}

function whyHere({ problem, ask }: Solved, at: readonly PlaceExplanation[], place: number): string {
  const unit = ask.minimize === 'energy' ? 'J' : 's'
  const others = at.filter((entry) => entry.place !== place && entry.extra !== null)
  const next = others.reduce<PlaceExplanation | null>((a, b) => (a && a.extra! <= b.extra! ? a : b), null)
  if (!next) return 'no other place can run it'
  const alone = ({ cost }: PlaceExplanation) => (ask.minimize === 'energy' ? cost!.energy!.energyJ : cost!.latencyS)
  const faster = others.find((entry) => alone(entry) < alone(at[place]!))
  const nextWords = `${problem.places[next.place]!.id} makes the whole ${bounds[next.extraIs]}${withPrefix(next.extra!, unit)} dearer`
  if (!faster) return `cheapest by itself and for the whole; ${nextWords}`
  const saved = withPrefix(alone(at[place]!) - alone(faster), unit)
  return `alone it would save ${saved} on ${problem.places[faster.place]!.id}, but moving, dispatch or limits outweigh that; ${nextWords}`
}

/**
 * Why each node runs where it runs: its cost at every place, and by how much the best assignment that has it elsewhere is
 * dearer, from the cheapest paths to and from every state: two passes over the lattice for all nodes together.
 */
export function explainPartition(solved: Solved): readonly NodeExplanation[] {
  const { problem, ask, lattice, resources, assignment, cost } = solved
  const sides = sidesOfObjective(solved)
  const least = leastThrough(lattice, sides)
  const kept = keptThrough(solved, sides, least)
  const uses = resources.map(({ by }) => leastThrough(lattice, sidesOf(lattice, by)))
  const all = lattice.leftOutAtLeast === Number.POSITIVE_INFINITY
  const explain = (node: number, place: number): PlaceExplanation => {
    const entry = problem.nodes[node]!.at[place]!
    const alone = isUnsupported(entry) ? null : entry
    const never = (reason: string): PlaceExplanation => ({ place, cost: alone, extra: null, extraIs: 'exact', reason })
    if (assignment[node] === place) return { place, cost: alone, extra: 0, extraIs: 'exact', reason: 'chosen' }
    const unsupported = whyNot(problem, ask, node, place)
    if (unsupported !== null) return never(unsupported)
    const at = node * lattice.places + place
    if (least[at] === Number.POSITIVE_INFINITY)
      return never(all ? 'its tensors do not fit the memory there, or cannot get there' : 'not looked at')
    const broken = resources.find((resource, index) => !keeps(uses[index]![at]!, resource))
    if (broken && all) return never(`no assignment with it here keeps the limit on ${broken.name}`)
    const extra = Math.max(0, least[at]! - cost)
    const extraIs = all ? (kept[at] ? 'exact' : 'at least') : resources.length === 0 ? 'at most' : 'about'
    return { place, cost: alone, extra, extraIs, reason: reasonOf(ask, extra, extraIs) }
  }
  return assignment.map((place, node) => {
    const at = problem.places.map((_, index) => explain(node, index))
    return { node, place, why: whyHere(solved, at, place), at }
  })
}
