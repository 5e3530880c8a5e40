import { type FrontierStep, frontierOf } from './frontier.ts'
import { cheapestSources, type Numbers } from './numbers.ts'
import type { PartitionProblem } from './problem.ts'
import { codeNumbers, partNumbers } from './row-numbers.ts'

/** All ways to run one node: from every state before it to a state after it, one edge for each place. */
export interface Layer {
  /** States before the node. */
  readonly states: number
  /** By state × places + place: the state after the node; -1 where the place is impossible. */
  readonly to: Int32Array
  /** By state: its kind. States of one kind pay the same at every place: what the node reads lies alike for them. */
  readonly kinds: Int32Array
  /** By kind × places + place. */
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
  /** Least cost from the start to every state before every node, and after the last, in what is minimised. */
  readonly reached: readonly Float64Array[]
  /** No path that was left out costs less than this; `Infinity` when none was. */
  readonly leftOutAtLeast: number
}

/** A node that no state lets run; not `proven` where states were left out before it. */
export interface DeadEnd {
  readonly node: number
  readonly proven: boolean
}

/** Where the search stands: the states before a node, as rows of [last place, holders of each live tensor]; the last place is none before the first node. */
interface Front {
  readonly rows: Uint8Array
  readonly count: number
  /** Least cost of reaching each state, in what is minimised. */
  readonly reached: Float64Array
}

function startOf({ home, places }: PartitionProblem, steps: readonly FrontierStep[]): Front {
  const holders = steps[0]?.before.map(() => 1 << home) ?? []
  return { rows: Uint8Array.from([places.length, ...holders]), count: 1, reached: Float64Array.of(0) }
}

/** Slots of a tensor that lives on. */
interface Carried {
  readonly from: number
  readonly to: number
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
  /** Tensors that live on: those that the node leaves as they are, and those that it reads. */
  readonly untouched: readonly Carried[]
  readonly touched: readonly Carried[]
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
  for (let to = 0; to < places; to++) {
    const sources = cheapestSources(numbers, tensor, to)
    for (let holders = 1; holders < 2 ** places; holders++) {
      if (holders & (1 << to)) continue
      const way = (tensor * places + sources[holders]!) * places + to
      seconds[holders * places + to] = transferS[way]!
      joules[holders * places + to] = transferJ[way]!
    }
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
  const carried = carry.flatMap((from, to): readonly Carried[] => (from < 0 ? [] : [{ from, to }]))
  return {
    places,
    step,
    baseS: Float64Array.from({ length: places }, (_, p) => nodeS[node * places + p]! + homewards(transferS, p)),
    baseJ: Float64Array.from({ length: places }, (_, p) => nodeJ[node * places + p]! + homewards(transferJ, p)),
    dispatchS,
    dispatchJ,
    fetchS: fetches.map(([seconds]) => seconds),
    fetchJ: fetches.map(([, joules]) => joules),
    untouched: carried.filter(({ from }) => !reads.includes(from)),
    touched: carried.filter(({ from }) => reads.includes(from)),
    made: carry.flatMap((slot, at) => (slot < 0 ? [{ at, also: given.includes(after[at]!) ? 1 << home : 0 }] : [])),
    arenas: problem.places.map(({ maxArenaBytes = Number.POSITIVE_INFINITY }) => maxArenaBytes),
    ownBytes: outputs.reduce((bytes, output) => bytes + tensors[output]!.bytes, scratchBytes),
    liveBytes: before.map((tensor) => tensors[tensor]!.bytes),
  }
}

/** Tells whether the tensors that lie at a place while the node runs there fit its memory. */
function fits({ step, arenas, ownBytes, liveBytes }: Recipe, rows: Uint8Array, first: number, place: number): boolean {
  let bytes = ownBytes
  for (let slot = 0; slot < liveBytes.length; slot++)
    if (rows[first + 1 + slot]! & (1 << place) || step.reads.includes(slot)) bytes += liveBytes[slot]!
  return bytes <= arenas[place]!
}

/** What states pay at every place: states with the same last place and the same holders of what is read are of one kind. */
function priceKinds(recipe: Recipe, { rows, count }: Front): Pick<Layer, 'kinds' | 'latencyS' | 'energyJ'> {
  const { places, step, baseS, baseJ, dispatchS, dispatchJ, fetchS, fetchJ } = recipe
  const { reads } = step
  const table = { rows, count, width: step.before.length + 1, radix: 2 ** places }
  const { numbers: kinds, firsts } = partNumbers(table, [0, ...reads.map((slot) => slot + 1)])
  const [latencyS, energyJ] = [new Float64Array(firsts.length * places), new Float64Array(firsts.length * places)]
  for (let kind = 0, at = 0; kind < firsts.length; kind++) {
    const first = firsts[kind]! * table.width
    for (let place = 0; place < places; place++, at++) {
      const stays = rows[first] === place
      let seconds = baseS[place]! + (stays ? 0 : dispatchS[place]!)
      let joules = baseJ[place]! + (stays ? 0 : dispatchJ[place]!)
      for (let read = 0; read < reads.length; read++) {
        const fetch = rows[first + 1 + reads[read]!]! * places + place
        seconds += fetchS[read]![fetch]!
        joules += fetchJ[read]![fetch]!
      }
      latencyS[at] = seconds
      energyJ[at] = joules
    }
  }
  return { kinds, latencyS, energyJ }
}

/** Writes the row of the state that follows when the node runs at a place. */
function follow(
  { untouched, touched, made }: Recipe,
  rows: Uint8Array,
  first: number,
  place: number,
  next: Uint8Array,
  row: number,
): void {
  const [before, after] = [first + 1, row + 1]
  next[row] = place
  for (let i = 0; i < untouched.length; i++) next[after + untouched[i]!.to] = rows[before + untouched[i]!.from]!
  for (let i = 0; i < touched.length; i++)
    next[after + touched[i]!.to] = rows[before + touched[i]!.from]! | (1 << place)
  for (let i = 0; i < made.length; i++) next[after + made[i]!.at] = (1 << place) | made[i]!.also
}

/** Runs one node at every place from every state; gives the layer and the rows of the states after it. */
function expand(
  recipe: Recipe,
  front: Front,
): { readonly layer: Layer; readonly rows: Uint8Array; readonly count: number } {
  const { places, step, untouched, touched } = recipe
  const { rows, count } = front
  const [width, wide, masks] = [step.before.length + 1, step.after.length + 1, 2 ** places]
  const priced = priceKinds(recipe, front)
  const others = untouched.map(({ from }) => from + 1)
  const { numbers, firsts } = partNumbers({ rows, count, width, radix: masks }, others)
  const numberOf = codeNumbers(firsts.length * masks ** touched.length * places)
  const to = new Int32Array(count * places).fill(-1)
  const isLimited = recipe.arenas.some((bytes) => bytes < Number.POSITIVE_INFINITY)
  let next = new Uint8Array(2 * count * wide)
  let found = 0
  for (let state = 0, edge = 0, first = 0; state < count; state++, first += width) {
    // Each place makes at most one new row.
    if ((found + places) * wide > next.length) next = grown(next, 2 * (found + places) * wide)
    for (let place = 0, at = priced.kinds[state]! * places; place < places; place++, edge++, at++) {
      if (priced.latencyS[at] === Number.POSITIVE_INFINITY) continue
      if (isLimited && !fits(recipe, rows, first, place)) continue
      let code = numbers[state]!
      for (let i = 0; i < touched.length; i++)
        code = code * masks + (rows[first + 1 + touched[i]!.from]! | (1 << place))
      const end = numberOf(code * places + place, found)
      to[edge] = end
      if (end === found) follow(recipe, rows, first, place, next, found++ * wide)
    }
  }
  return { layer: { states: count, to, ...priced }, rows: next.subarray(0, found * wide), count: found }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}

/** Least cost of every state after a layer, from those before it. */
function costsAfter({ reached }: Front, layer: Layer, places: number, ends: number, byEnergy: boolean): Float64Array {
  const costs = new Float64Array(ends).fill(Number.POSITIVE_INFINITY)
  const prices = byEnergy ? layer.energyJ : layer.latencyS
  for (let state = 0, edge = 0; state < layer.states; state++)
    for (let place = 0, at = layer.kinds[state]! * places; place < places; place++, edge++, at++) {
      const to = layer.to[edge]!
      if (to < 0) continue
      const cost = reached[state]! + prices[at]!
      if (cost < costs[to]!) costs[to] = cost
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
  const all = [front.reached]
  let leftOutAtLeast = Number.POSITIVE_INFINITY
  for (const [node, step] of steps.entries()) {
    const { layer, rows, count } = expand(recipeOf(problem, numbers, step, node), front)
    if (count === 0) return { node, proven: leftOutAtLeast === Number.POSITIVE_INFINITY }
    const reached = costsAfter(front, layer, places, count, byEnergy)
    const narrowed = narrow({ rows, count, reached }, layer, mostStates)
    leftOutAtLeast = Math.min(leftOutAtLeast, narrowed.leftOut + rest[node + 1]!)
    front = narrowed.front
    all.push(front.reached)
    layers.push(layer)
  }
  return { places, layers, ends: front.count, reached: all, leftOutAtLeast }
}
