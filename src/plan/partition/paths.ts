import type { Lattice } from './lattice.ts'

/** A cost of edges that is linear in what is known of them. */
export interface Weighing {
  readonly latency: number
  readonly energy: number
  /** More for running a node at a place, by node × places + place. */
  readonly more?: Float64Array
}

/** Sums of edges to or from every state, layer by layer; `Infinity` where there is no path. */
export type Sums = readonly Float64Array[]

/** The cost of an edge, `Infinity` for one that does not exist. */
export function edgeCost(lattice: Lattice, node: number, edge: number, { latency, energy, more }: Weighing): number {
  const { to, kinds, latencyS, energyJ } = lattice.layers[node]!
  const { places } = lattice
  if (to[edge]! < 0) return Number.POSITIVE_INFINITY
  const place = edge % places
  const at = kinds[(edge - place) / places]! * places + place
  return latency * latencyS[at]! + energy * energyJ[at]! + (more ? more[node * places + place]! : 0)
}

/** What edges of a layer cost, by kind of the state before × places + place; only for edges that exist. */
export function kindCosts(
  { layers, places }: Lattice,
  node: number,
  { latency, energy, more }: Weighing,
): Float64Array {
  const { latencyS, energyJ } = layers[node]!
  const costs = new Float64Array(latencyS.length)
  for (let at = 0, place = 0; at < costs.length; at++, place = at % places)
    costs[at] = latency * latencyS[at]! + energy * energyJ[at]! + (more ? more[node * places + place]! : 0)
  return costs
}

/** Sums that were made, by lattice and weighing: search, limits and explanation ask for the same ones. */
const known = new WeakMap<Lattice, WeakMap<Weighing, Sums>>()

/** Least cost from every state before every node to the end; made once for each weighing. */
export function sumsToEnd(lattice: Lattice, by: Weighing): Sums {
  const ofLattice = known.get(lattice) ?? new WeakMap<Weighing, Sums>()
  known.set(lattice, ofLattice)
  const sums = ofLattice.get(by) ?? addToEnd(lattice, by)
  ofLattice.set(by, sums)
  return sums
}

function addToEnd(lattice: Lattice, by: Weighing): Sums {
  const { layers, places } = lattice
  const sums: Float64Array[] = new Array(layers.length + 1)
  sums[layers.length] = new Float64Array(lattice.ends)
  for (let node = layers.length - 1; node >= 0; node--) {
    const { to, kinds, states } = layers[node]!
    const costs = kindCosts(lattice, node, by)
    const after = sums[node + 1]!
    const here = new Float64Array(states)
    for (let state = 0, edge = 0; state < states; state++) {
      let least = Number.POSITIVE_INFINITY
      for (let place = 0, at = kinds[state]! * places; place < places; place++, edge++, at++) {
        const end = to[edge]!
        if (end < 0) continue
        const sum = costs[at]! + after[end]!
        if (sum < least) least = sum
      }
      here[state] = least
    }
    sums[node] = here
  }
  return sums
}

/** Least cost from the start to every state before every node, and after the last. */
export function sumsFromStart(lattice: Lattice, by: Weighing): Sums {
  const { layers, places } = lattice
  const sums: Float64Array[] = [Float64Array.of(0)]
  for (const [node, { to, kinds, states }] of layers.entries()) {
    const costs = kindCosts(lattice, node, by)
    const here = sums[node]!
    const next = new Float64Array(layers[node + 1]?.states ?? lattice.ends).fill(Number.POSITIVE_INFINITY)
    for (let state = 0, edge = 0; state < states; state++)
      for (let place = 0, at = kinds[state]! * places; place < places; place++, edge++, at++) {
        const end = to[edge]!
        if (end < 0) continue
        const sum = here[state]! + costs[at]!
        if (sum < next[end]!) next[end] = sum
      }
    sums.push(next)
  }
  return sums
}

/** The places of the cheapest path, one a node, from the sums to the end that belong to the same weighing. */
export function cheapestPath(lattice: Lattice, by: Weighing, toEnd: Sums): readonly number[] {
  let state = 0
  return lattice.layers.map((layer, node) => {
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (let place = 0; place < lattice.places; place++) {
      const edge = state * lattice.places + place
      if (layer.to[edge]! < 0) continue
      const cost = edgeCost(lattice, node, edge, by) + toEnd[node + 1]![layer.to[edge]!]!
      if (cost < least) {
        least = cost
        best = place
      }
    }
    state = layer.to[state * lattice.places + best]!
    return best
  })
}

/** What a path costs by another weighing; `Infinity` where it leaves the lattice. */
export function pathCost(lattice: Lattice, assignment: readonly number[], by: Weighing): number {
  let state = 0
  let sum = 0
  for (const [node, place] of assignment.entries()) {
    const edge = state * lattice.places + place
    sum += edgeCost(lattice, node, edge, by)
    state = lattice.layers[node]!.to[edge]!
    if (state < 0) return Number.POSITIVE_INFINITY
  }
  return sum
}

/** The first node that an assignment cannot run at its place; null where it is a path. */
export function deadEnd({ places, layers }: Lattice, assignment: readonly number[]): number | null {
  let state = 0
  for (const [node, place] of assignment.entries()) {
    state = layers[node]!.to[state * places + place]!
    if (state < 0) return node
  }
  return null
}
