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

/** What running one node does, ready for the inner loop: whatever does not depend on the state. */
interface Recipe {
  readonly places: number
  readonly step: FrontierStep
  /** By place: the node and its outputs' way home; `Infinity` seconds where it cannot run. */
  readonly baseS: Float64Array
  readonly baseJ: Float64Array
  readonly dispatchS: Float64Array
  readonly dispatchJ: Float64Array
  /** By tensor read: cost of having it at a place, by set of holders × places + place. */
  readonly fetchS: readonly Float64Array[]
  readonly fetchJ: readonly Float64Array[]
  /** Position of each tensor read in the row of the next state; -1 where it dies. */
  readonly stays: readonly number[]
  /** Positions of the outputs in the row of the next state, and who holds them besides the place of the node. */
  readonly made: readonly { readonly at: number; readonly also: number }[]
  /** By place: most bytes, and what the node needs beside the tensors that live before. */
  readonly arenas: readonly number[]
  readonly ownBytes: number
  readonly liveBytes: readonly number[]
}

function fetchCosts(numbers: Numbers, tensor: number): readonly [Float64Array, Float64Array] {
  const { places, transferS, transferJ } = numbers
  const seconds = new Float64Array(2 ** places * places)
  const joules = new Float64Array(2 ** places * places)
  for (let holders = 1; holders < 2 ** places; holders++)
    for (let to = 0; to < places; to++) {
      if (holders & (1 << to)) continue
      const way = (tensor * places + cheapestSource(numbers, tensor, holders, to)) * places + to
      seconds[holders * places + to] = transferS[way]!
      joules[holders * places + to] = transferJ[way]!
    }
  return [seconds, joules]
}

function recipeOf(problem: PartitionProblem, numbers: Numbers, step: FrontierStep, node: number): Recipe {
  const { tensors, nodes, home } = problem
  const { places, nodeS, nodeJ, transferS, transferJ, dispatchS, dispatchJ } = numbers
  const { outputs, scratchBytes = 0 } = nodes[node]!
  const { before, after, reads, carry, given } = step
  const homewards = (costs: Float64Array, place: number) =>
    given.reduce((sum, tensor) => sum + (place === home ? 0 : costs[(tensor * places + place) * places + home]!), 0)
  const fetches = reads.map((slot) => fetchCosts(numbers, before[slot]!))
  return {
    places,
    step,
    baseS: Float64Array.from({ length: places }, (_, p) => nodeS[node * places + p]! + homewards(transferS, p)),
    baseJ: Float64Array.from({ length: places }, (_, p) => nodeJ[node * places + p]! + homewards(transferJ, p)),
    dispatchS,
    dispatchJ,
    fetchS: fetches.map(([seconds]) => seconds),
    fetchJ: fetches.map(([, joules]) => joules),
    stays: reads.map((slot) => carry.indexOf(slot)),
    made: carry.flatMap((slot, at) => (slot < 0 ? [{ at, also: given.includes(after[at]!) ? 1 << home : 0 }] : [])),
    arenas: problem.places.map(({ maxArenaBytes = Number.POSITIVE_INFINITY }) => maxArenaBytes),
    ownBytes: outputs.reduce((bytes, output) => bytes + tensors[output]!.bytes, scratchBytes),
    liveBytes: before.map((tensor) => tensors[tensor]!.bytes),
  }
}

/** Tells whether the tensors that lie at a place while the node runs there fit its memory. */
function fits({ step, arenas, ownBytes, liveBytes }: Recipe, rows: Uint8Array, first: number, place: number): boolean {
  const most = arenas[place]!
  if (most === Number.POSITIVE_INFINITY) return true
  let bytes = ownBytes
  for (let slot = 0; slot < liveBytes.length; slot++)
    if (rows[first + 1 + slot]! & (1 << place) || step.reads.includes(slot)) bytes += liveBytes[slot]!
  return bytes <= most
}

/** Writes the row of the state that follows when the node runs at a place. */
function follow({ step, stays, made }: Recipe, rows: Uint8Array, first: number, place: number, next: Uint8Array): void {
  next[0] = place
  for (let read = 0; read < stays.length; read++)
    if (stays[read]! >= 0) next[stays[read]! + 1] = rows[first + 1 + step.reads[read]!]! | (1 << place)
  for (const { at, also } of made) next[at + 1] = (1 << place) | also
}

/** Runs one node at every place from every state. */
function expand(recipe: Recipe, { rows, count }: Front): { readonly layer: Layer; readonly table: StateTable } {
  const { places, step, baseS, baseJ, dispatchS, dispatchJ, fetchS, fetchJ } = recipe
  const { reads, carry } = step
  const [width, edges] = [step.before.length + 1, count * places]
  const [latencyS, energyJ, to] = [new Float64Array(edges), new Float64Array(edges), new Int32Array(edges).fill(-1)]
  const next = new Uint8Array(carry.length + 1)
  const table = new StateTable(next.length)
  for (let state = 0, edge = 0, first = 0; state < count; state++, first += width) {
    for (let slot = 0; slot < carry.length; slot++)
      if (carry[slot]! >= 0) next[slot + 1] = rows[first + 1 + carry[slot]!]!
    for (let place = 0; place < places; place++, edge++) {
      const stays = rows[first] === place
      let seconds = baseS[place]! + (stays ? 0 : dispatchS[place]!)
      let joules = baseJ[place]! + (stays ? 0 : dispatchJ[place]!)
      for (let read = 0; read < reads.length; read++) {
        const at = rows[first + 1 + reads[read]!]! * places + place
        seconds += fetchS[read]![at]!
        joules += fetchJ[read]![at]!
      }
      if (seconds === Number.POSITIVE_INFINITY || !fits(recipe, rows, first, place)) continue
      follow(recipe, rows, first, place, next)
      latencyS[edge] = seconds
      energyJ[edge] = joules
      to[edge] = table.intern(next)
    }
  }
  return { layer: { states: count, to, latencyS, energyJ }, table }
}

function costsOf({ reached }: Front, layer: Layer, places: number, ends: number, byEnergy: boolean): Float64Array {
  const costs = new Float64Array(ends).fill(Number.POSITIVE_INFINITY)
  const edges = byEnergy ? layer.energyJ : layer.latencyS
  for (let state = 0, edge = 0; state < layer.states; state++)
    for (let place = 0; place < places; place++, edge++) {
      const to = layer.to[edge]!
      if (to >= 0) costs[to] = Math.min(costs[to]!, reached[state]! + edges[edge]!)
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
    const { layer, table } = expand(recipeOf(problem, numbers, step, node), front)
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
