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

const mostSteps = 40

/** Halves the step after so many steps without a better bound. */
const patience = 3

/**
 * Looks for prices of the resources that make the priced optimum bound the limited one from below as well as possible:
 * the Lagrangian dual by subgradients with Polyak's step (Held, Wolfe and Crowder 1974). Paths that keep the limits and
 * come up on the way are kept.
 */
export function findPrices(lattice: Lattice, objective: Weighing, resources: readonly Resource[]): Priced {
  let prices = resources.map(() => 0)
  let best: Prices | null = null
  let found: Found | null = null
  let [reach, idle] = [1, 0]
  const consider = (assignment: readonly number[], sums: readonly number[]) => {
    if (!resources.every((resource, index) => keeps(sums[index]!, resource))) return
    const cost = pathCost(lattice, assignment, objective)
    if (!found || cost < found.cost) found = { assignment, cost }
  }
  const sumsOf = (assignment: readonly number[]) => resources.map(({ by }) => pathCost(lattice, assignment, by))
  for (const { by } of resources) {
    const frugal = cheapestPath(lattice, by, sumsToEnd(lattice, by))
    consider(frugal, sumsOf(frugal))
  }
  for (let step = 0; step < mostSteps; step++) {
    const by = withPrices(objective, resources, prices)
    const toEnd = sumsToEnd(lattice, by)
    const rebate = prices.reduce((sum, price, index) => sum + price * resources[index]!.limit, 0)
    const bound = toEnd[0]![0]! - rebate
    idle = best && bound <= best.bound ? idle + 1 : 0
    if (!best || bound > best.bound) best = { each: prices, toEnd, rebate, bound }
    const assignment = cheapestPath(lattice, by, toEnd)
    const sums = sumsOf(assignment)
    consider(assignment, sums)
    const target = (found as Found | null)?.cost ?? best.bound * 1.1 + Number.MIN_VALUE
    if (target - best.bound <= 1e-12 * target) break
    if (idle >= patience) [reach, idle] = [reach / 2, 0]
    // In shares of the limits, so that seconds and bytes weigh alike.
    const excess = sums.map((sum, index) => sum / resources[index]!.limit - 1)
    const square = excess.reduce((sum, share, index) => sum + (share > 0 || prices[index]! > 0 ? share ** 2 : 0), 0)
    if (square === 0) break
    const length = (reach * (target - bound)) / square
    prices = prices.map((price, index) => Math.max(0, price + (length * excess[index]!) / resources[index]!.limit))
  }
  return { best: best!, found }
}
