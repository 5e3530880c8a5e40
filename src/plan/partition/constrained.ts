import type { Lattice } from './lattice.ts'
import { edgeCost, type Sums, sumsToEnd, type Weighing } from './paths.ts'
import { type Found, findPrices, type Prices } from './prices.ts'
import { keeps, type Resource } from './resources.ts'

/** One way to reach a state: what it cost and used up so far. */
interface Label {
  readonly cost: number
  readonly used: readonly number[]
  readonly place: number
  readonly before: Label | null
}

/** The outcome of a search under limits. `atLeast` bounds every assignment that keeps them. */
export interface Constrained {
  readonly found: Found | null
  readonly atLeast: number
  /** True where all labels were followed: `found` is the optimum, or there is none. */
  readonly complete: boolean
}

/** What tells that a label can be given up. */
interface Bounds {
  readonly resources: readonly Resource[]
  readonly least: readonly Sums[]
  readonly objective: Sums
  readonly prices: Prices
}

function isHopeless(label: Label, priced: number, node: number, state: number, bounds: Bounds, best: number): boolean {
  const { resources, least, objective, prices } = bounds
  for (const [index, resource] of resources.entries())
    if (!keeps(label.used[index]! + least[index]![node]![state]!, resource)) return true
  const margin = best * (1 - 1e-12)
  if (label.cost + objective[node]![state]! >= margin) return true
  return priced + prices.toEnd[node]![state]! - prices.rebate >= margin
}

const isNoWorse = (a: Label, b: Label) => a.cost <= b.cost && a.used.every((used, index) => used <= b.used[index]!)

/** The labels that no other one dominates: dearer ones must use less of something. */
function undominated(labels: Label[]): readonly Label[] {
  labels.sort((a, b) => a.cost - b.cost || (a.used[0] ?? 0) - (b.used[0] ?? 0))
  const kept: Label[] = []
  for (const label of labels) if (!kept.some((better) => isNoWorse(better, label))) kept.push(label)
  return kept
}

function placesOf(label: Label): readonly number[] {
  const places: number[] = []
  for (let at: Label | null = label; at?.before; at = at.before) places.unshift(at.place)
  return places
}

/** Labels of all states after a node, from those before it; null where they are more than allowed. */
function advance(
  lattice: Lattice,
  node: number,
  before: ReadonlyMap<number, readonly Label[]>,
  objective: Weighing,
  bounds: Bounds,
  best: number,
  most: number,
): ReadonlyMap<number, readonly Label[]> | null {
  const { resources, prices } = bounds
  const after = new Map<number, Label[]>()
  let count = 0
  for (const [state, labels] of before)
    for (let place = 0; place < lattice.places; place++) {
      const edge = state * lattice.places + place
      const end = lattice.layers[node]!.to[edge]!
      if (end < 0) continue
      const cost = edgeCost(lattice, node, edge, objective)
      const uses = resources.map(({ by }) => edgeCost(lattice, node, edge, by))
      for (const label of labels) {
        const used = uses.map((use, index) => use + label.used[index]!)
        const next: Label = { cost: label.cost + cost, used, place, before: label }
        const priced = resources.reduce((sum, _, index) => sum + prices.each[index]! * used[index]!, next.cost)
        if (isHopeless(next, priced, node + 1, end, bounds, best)) continue
        const known = after.get(end)
        if (known) known.push(next)
        else after.set(end, [next])
        if (++count > most) return null
      }
    }
  return new Map([...after].map(([state, labels]) => [state, undominated(labels)]))
}

/**
 * The cheapest assignment that keeps limits on sums: labels of (cost, use of each resource) go through the lattice node
 * by node. A label is given up when another one at its state is no worse in anything, when the least that the rest can use
 * breaks a limit, or when a lower bound of its completion (the cheapest rest; the priced rest of `findPrices`) is no better
 * than an assignment that is known to keep the limits. All three keep the optimum. Their number is bounded only by the
 * number of assignments, so the search stops at `mostLabels` in one layer and then tells the best found and a bound.
 */
export function searchConstrained(
  lattice: Lattice,
  objective: Weighing,
  resources: readonly Resource[],
  mostLabels: number,
): Constrained {
  const { best: prices, found } = findPrices(lattice, objective, resources)
  const bounds: Bounds = {
    resources,
    least: resources.map(({ by }) => sumsToEnd(lattice, by)),
    objective: sumsToEnd(lattice, objective),
    prices,
  }
  const best = found?.cost ?? Number.POSITIVE_INFINITY
  const start: Label = { cost: 0, used: resources.map(() => 0), place: -1, before: null }
  let labels: ReadonlyMap<number, readonly Label[]> = new Map([[0, [start]]])
  for (let node = 0; node < lattice.layers.length; node++) {
    const next = advance(lattice, node, labels, objective, bounds, best, mostLabels)
    if (!next) return { found, atLeast: Math.min(prices.bound, best), complete: false }
    labels = next
  }
  const last = [...labels.values()].flat()
  const cheapest = last.reduce<Label | null>((a, b) => (a && a.cost <= b.cost ? a : b), null)
  const better = cheapest ? { assignment: placesOf(cheapest), cost: cheapest.cost } : found
  return { found: better, atLeast: better?.cost ?? Number.POSITIVE_INFINITY, complete: true }
}
