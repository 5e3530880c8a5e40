import type { Lattice, Layer } from './lattice.ts'

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
  const { to, latencyS, energyJ } = lattice.layers[node]!
  if (to[edge]! < 0) return Number.POSITIVE_INFINITY
  const extra = more ? more[node * lattice.places + (edge % lattice.places)]! : 0
  return latency * latencyS[edge]! + energy * energyJ[edge]! + extra
}

function relaxBackward(layer: Layer, place: Float64Array, node: number, after: Float64Array, by: Weighing): void {
  const { to, latencyS, energyJ, states } = layer
  const places = to.length / states
  for (let state = 0, edge = 0; state < states; state++)
    for (let at = node * places; at < (node + 1) * places; at++, edge++) {
      const end = to[edge]!
      if (end < 0) continue
      const cost =
        by.latency * latencyS[edge]! + by.energy * energyJ[edge]! + (by.more ? by.more[at]! : 0) + after[end]!
      if (cost < place[state]!) place[state] = cost
    }
}

/** Least cost from every state before every node to the end. */
export function sumsToEnd(lattice: Lattice, by: Weighing): Sums {
  const sums: Float64Array[] = [new Float64Array(lattice.ends)]
  for (let node = lattice.layers.length - 1; node >= 0; node--) {
    const layer = lattice.layers[node]!
    const here = new Float64Array(layer.states).fill(Number.POSITIVE_INFINITY)
    relaxBackward(layer, here, node, sums[0]!, by)
    sums.unshift(here)
  }
  return sums
}

/** Least cost from the start to every state before every node. */
export function sumsFromStart(lattice: Lattice, by: Weighing): Sums {
  const sums: Float64Array[] = [Float64Array.of(0)]
  for (const [node, layer] of lattice.layers.entries()) {
    const next = new Float64Array(lattice.layers[node + 1]?.states ?? lattice.ends).fill(Number.POSITIVE_INFINITY)
    const here = sums[node]!
    for (let edge = 0; edge < layer.to.length; edge++) {
      const end = layer.to[edge]!
      if (end < 0) continue
      const cost = here[Math.floor(edge / lattice.places)]! + edgeCost(lattice, node, edge, by)
      if (cost < next[end]!) next[end] = cost
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
