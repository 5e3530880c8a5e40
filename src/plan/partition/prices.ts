import type { Lattice } from './lattice.ts'
import { cheapestPath, pathCost, type Sums, sumsToEnd, type Weighing } from './paths.ts'
import { keeps, type Resource, withPrices } from './resources.ts'

/** Prices of resources, and what they prove: with them in the sum, no path within the limits costs less than `bound`. */
export interface Prices {
  /** Objective for one unit of each resource. */
  readonly each: readonly number[]
  readonly toEnd: Sums
  /** Σ price × limit: what is taken off a priced sum to bound the objective. */
  readonly rebate: number
  readonly bound: number
}

/** A path that keeps all limits. */
export interface Found {
  readonly assignment: readonly number[]
  readonly cost: number
}

/** What a search for prices ends with. */
export interface Priced {
  readonly best: Prices
  readonly found: Found | null
}

/** Times that each price is set anew: with one resource the first is exact already. */
const mostRounds = 3

/** Steps to set one price; each takes another path, so a handful is usual. */
const mostSteps = 12

class PriceSearch {
  readonly #lattice: Lattice
  readonly #objective: Weighing
  readonly #resources: readonly Resource[]
  best: Prices | null = null
  found: Found | null = null

  constructor(lattice: Lattice, objective: Weighing, resources: readonly Resource[]) {
    this.#lattice = lattice
    this.#objective = objective
    this.#resources = resources
  }

  /** Takes note of a path, and tells what it uses of each resource. */
  #consider(assignment: readonly number[]): readonly number[] {
    const used = this.#resources.map(({ by }) => pathCost(this.#lattice, assignment, by))
    if (!this.#resources.every((resource, index) => keeps(used[index]!, resource))) return used
    const cost = pathCost(this.#lattice, assignment, this.#objective)
    if (!this.found || cost < this.found.cost) this.found = { assignment, cost }
    return used
  }

  /** The priced optimum: its priced sum and what it uses. */
  try(prices: readonly number[]): { readonly sum: number; readonly used: readonly number[] } {
    const by = withPrices(this.#objective, this.#resources, prices)
    const toEnd = sumsToEnd(this.#lattice, by)
    const rebate = prices.reduce((sum, price, index) => sum + price * this.#resources[index]!.limit, 0)
    const sum = toEnd[0]![0]!
    if (!this.best || sum - rebate > this.best.bound) this.best = { each: prices, toEnd, rebate, bound: sum - rebate }
    return { sum, used: this.#consider(cheapestPath(this.#lattice, by, toEnd)) }
  }

  /** The path that uses least of one resource: its sum by the other prices, and what it uses of this one. */
  frugal(index: number, prices: readonly number[]): { readonly sum: number; readonly used: number } {
    const { by } = this.#resources[index]!
    const assignment = cheapestPath(this.#lattice, by, sumsToEnd(this.#lattice, by))
    const others = withPrices(this.#objective, this.#resources, prices.with(index, 0))
    return { sum: pathCost(this.#lattice, assignment, others), used: this.#consider(assignment)[index]! }
  }

  /** The best price of one resource while the others keep theirs. */
  setPrice(index: number, prices: readonly number[]): number {
    const resource = this.#resources[index]!
    const free = this.try(prices.with(index, 0))
    if (keeps(free.used[index]!, resource)) return 0
    let over = { sum: free.sum, used: free.used[index]! }
    let under = this.frugal(index, prices)
    let price = 0
    for (let step = 0; step < mostSteps && over.used > under.used; step++) {
      price = (under.sum - over.sum) / (over.used - under.used)
      const { sum, used } = this.try(prices.with(index, price))
      if (sum >= (over.sum + price * over.used) * (1 - 1e-12)) break
      const next = { sum: sum - price * used[index]!, used: used[index]! }
      if (keeps(next.used, resource)) under = next
      else over = next
    }
    return price
  }
}

/**
 * Looks for prices of the resources that make the priced optimum bound the limited one from below as well as possible: the
 * Lagrangian dual, one price after the other, each set by the secant between a path that breaks its limit and one that
 * keeps it (Handler and Zang 1980). Paths that keep all limits and come up on the way are kept.
 */
export function findPrices(lattice: Lattice, objective: Weighing, resources: readonly Resource[]): Priced {
  const search = new PriceSearch(lattice, objective, resources)
  let prices: readonly number[] = resources.map(() => 0)
  const rounds = resources.length === 1 ? 1 : mostRounds
  for (let round = 0; round < rounds; round++)
    for (const index of resources.keys()) prices = prices.with(index, search.setPrice(index, prices))
  return { best: search.best!, found: search.found }
}
