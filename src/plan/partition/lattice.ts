import { type FrontierStep, frontierOf } from './frontier.ts'
import { cheapestSource, type Numbers } from './numbers.ts'
import type { PartitionProblem } from './problem.ts'
import { StateTable } from './state-table.ts'

/** All ways to run one node: from every state before it to a state after it, one edge for each place. */
export interface Layer {
  /** States before the node. */
  readonly states: number
  /** By state × places + place: the state after the node; -1 where the place is impossible. */
  readonly to: Int32Array
  readonly latencyS: Float64Array
  readonly energyJ: Float64Array
}

/**
 * Every assignment of a problem as a path from the one state before the first node to a state after the last. A state is
 * the place of the last node and, for every live tensor, the set of places that hold it.
 */
export interface Lattice {
  readonly places: number
  readonly layers: readonly Layer[]
  /** States after the last node. */
  readonly ends: number
  /** No path that was left out costs less than this; `Infinity` when none was. */
  readonly leftOutAtLeast: number
}

/** A node that no state lets run; not `proven` where states were left out before it. */
export interface DeadEnd {
  readonly node: number
  readonly proven: boolean
}

/** Where the search stands: the states before a node, as rows of [last place, holders of each live tensor]. */
interface Front {
  readonly rows: Uint8Array
  readonly count: number
  /** Least cost of reaching each state, in what is minimised. */
  readonly reached: Float64Array
}

/** The place before the first node. */
const nowhere = 255

function startOf({ home }: PartitionProblem, steps: readonly FrontierStep[]): Front {
  const holders = steps[0]?.before.map(() => 1 << home) ?? []
  return { rows: Uint8Array.from([nowhere, ...holders]), count: 1, reached: Float64Array.of(0) }
}

/** Runs one node at one place after another from one state after another. */
class Expansion {
  readonly table: StateTable
  readonly layer: Layer
  readonly #problem: PartitionProblem
  readonly #numbers: Numbers
  readonly #step: FrontierStep
  readonly #node: number
  readonly #rows: Uint8Array
  readonly #width: number
  /** Holders of the tensors that live before, as the node finds them. */
  readonly #held: Uint8Array
  readonly #next: Uint8Array
  #latencyS = 0
  #energyJ = 0

  constructor(problem: PartitionProblem, numbers: Numbers, step: FrontierStep, node: number, front: Front) {
    this.#problem = problem
    this.#numbers = numbers
    this.#step = step
    this.#node = node
    this.#rows = front.rows
    this.#width = step.before.length + 1
    this.#held = new Uint8Array(step.before.length)
    this.#next = new Uint8Array(step.after.length + 1)
    this.table = new StateTable(this.#next.length)
    const edges = front.count * numbers.places
    this.layer = {
      states: front.count,
      to: new Int32Array(edges).fill(-1),
      latencyS: new Float64Array(edges),
      energyJ: new Float64Array(edges),
    }
  }

  /** Adds the edge from a state to what running the node at a place makes of it. */
  run(state: number, place: number): void {
    const { nodeS, nodeJ, dispatchS, dispatchJ, places } = this.#numbers
    const at = this.#node * places + place
    if (nodeS[at] === Number.POSITIVE_INFINITY) return
    const first = state * this.#width
    const stays = this.#rows[first] === place
    this.#latencyS = nodeS[at]! + (stays ? 0 : dispatchS[place]!)
    this.#energyJ = nodeJ[at]! + (stays ? 0 : dispatchJ[place]!)
    for (let slot = 0; slot < this.#held.length; slot++) this.#held[slot] = this.#rows[first + 1 + slot]!
    this.#fetchInputs(place)
    this.#giveOutputs(place)
    if (this.#latencyS === Number.POSITIVE_INFINITY || !this.#fits(place)) return
    const edge = state * places + place
    this.layer.latencyS[edge] = this.#latencyS
    this.layer.energyJ[edge] = this.#energyJ
    this.layer.to[edge] = this.table.intern(this.#after(place))
  }

  #fetchInputs(place: number): void {
    const { before, reads } = this.#step
    for (const slot of reads) {
      const holders = this.#held[slot]!
      if (holders & (1 << place)) continue
      this.#move(before[slot]!, cheapestSource(this.#numbers, before[slot]!, holders, place), place)
      this.#held[slot] = holders | (1 << place)
    }
  }

  #giveOutputs(place: number): void {
    const { home } = this.#problem
    if (place !== home) for (const tensor of this.#step.given) this.#move(tensor, place, home)
  }

  #move(tensor: number, from: number, to: number): void {
    const { places, transferS, transferJ } = this.#numbers
    const at = (tensor * places + from) * places + to
    this.#latencyS += transferS[at]!
    this.#energyJ += transferJ[at]!
  }

  #fits(place: number): boolean {
    const limit = this.#problem.places[place]!.maxArenaBytes
    if (limit === undefined) return true
    const { tensors, nodes } = this.#problem
    const { outputs, scratchBytes } = nodes[this.#node]!
    let bytes = scratchBytes ?? 0
    for (const output of outputs) bytes += tensors[output]!.bytes
    for (const [slot, tensor] of this.#step.before.entries())
      if (this.#held[slot]! & (1 << place)) bytes += tensors[tensor]!.bytes
    return bytes <= limit
  }

  #after(place: number): Uint8Array {
    const { carry, after, given } = this.#step
    this.#next[0] = place
    for (let slot = 0; slot < carry.length; slot++) {
      const from = carry[slot]!
      const goesHome = from < 0 && given.includes(after[slot]!) ? 1 << this.#problem.home : 0
      this.#next[slot + 1] = from < 0 ? (1 << place) | goesHome : this.#held[from]!
    }
    return this.#next
  }
}

function costsOf({ reached }: Front, layer: Layer, places: number, ends: number, byEnergy: boolean): Float64Array {
  const costs = new Float64Array(ends).fill(Number.POSITIVE_INFINITY)
  const edges = byEnergy ? layer.energyJ : layer.latencyS
  for (let edge = 0; edge < layer.to.length; edge++) {
    const to = layer.to[edge]!
    if (to >= 0) costs[to] = Math.min(costs[to]!, reached[Math.floor(edge / places)]! + edges[edge]!)
  }
  return costs
}

/** Keeps the cheapest states of a front, and tells the cost of reaching the cheapest that was left out. */
function narrow(front: Front, layer: Layer, most: number): { readonly front: Front; readonly leftOut: number } {
  const { rows, count, reached } = front
  if (count <= most) return { front, leftOut: Number.POSITIVE_INFINITY }
  const order = Array.from(reached.keys()).sort((a, b) => reached[a]! - reached[b]!)
  const kept = order.slice(0, most)
  const width = rows.length / count
  const renamed = new Int32Array(count).fill(-1)
  const narrowed = new Uint8Array(most * width)
  for (const [index, state] of kept.entries()) {
    renamed[state] = index
    narrowed.set(rows.subarray(state * width, (state + 1) * width), index * width)
  }
  for (const [edge, to] of layer.to.entries()) if (to >= 0) layer.to[edge] = renamed[to]!
  return {
    front: { rows: narrowed, count: most, reached: Float64Array.from(kept, (state) => reached[state]!) },
    leftOut: reached[order[most]!]!,
  }
}

/** For every node the least that it and all after it cost, each alone at its best place. */
function leastRest({ nodes }: PartitionProblem, { places, nodeS, nodeJ, byEnergy }: Numbers): Float64Array {
  const rest = new Float64Array(nodes.length + 1)
  for (let node = nodes.length - 1; node >= 0; node--) {
    let least = Number.POSITIVE_INFINITY
    for (let at = node * places; at < (node + 1) * places; at++)
      if (nodeS[at] !== Number.POSITIVE_INFINITY) least = Math.min(least, byEnergy ? nodeJ[at]! : nodeS[at]!)
    rest[node] = rest[node + 1]! + least
  }
  return rest
}

/**
 * Builds the lattice of a problem. With D places and w live tensors there are at most D·(2^D − 1)^w states before a node,
 * and D edges from each. Where more than `mostStates` would be, only the cheapest are kept and `leftOutAtLeast` bounds
 * what the others could have come to: their cost so far plus the least that the remaining nodes cost anywhere.
 */
export function buildLattice(problem: PartitionProblem, numbers: Numbers, mostStates: number): Lattice | DeadEnd {
  const steps = frontierOf(problem)
  const rest = leastRest(problem, numbers)
  const { places, byEnergy } = numbers
  const layers: Layer[] = []
  let front = startOf(problem, steps)
  let leftOutAtLeast = Number.POSITIVE_INFINITY
  for (const [node, step] of steps.entries()) {
    const expansion = new Expansion(problem, numbers, step, node, front)
    for (let state = 0; state < front.count; state++)
      for (let place = 0; place < places; place++) expansion.run(state, place)
    const { layer, table } = expansion
    if (table.count === 0) return { node, proven: leftOutAtLeast === Number.POSITIVE_INFINITY }
    const reached = costsOf(front, layer, places, table.count, byEnergy)
    const rows = table.rows.slice(0, table.count * table.width)
    const narrowed = narrow({ rows, count: table.count, reached }, layer, mostStates)
    leftOutAtLeast = Math.min(leftOutAtLeast, narrowed.leftOut + rest[node + 1]!)
    front = narrowed.front
    layers.push(layer)
  }
  return { places, layers, ends: front.count, leftOutAtLeast }
}
