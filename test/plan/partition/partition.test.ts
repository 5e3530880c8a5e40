import { describe, expect, it } from 'vitest'
import { partition } from '../../../src/plan/partition/partition.ts'
import type { PartitionAsk, PartitionProblem } from '../../../src/plan/partition/problem.ts'
import { everyAssignment, type Priced, price } from './brute-force.ts'
import { randomProblem, type Shape } from './random-problem.ts'

const objective = (ask: PartitionAsk, cost: Priced) => (ask.minimize === 'energy' ? cost.energyJ : cost.latencyS)

/** The least objective over all assignments, and by node × place with the node there. */
function bruteForce(problem: PartitionProblem, ask: PartitionAsk) {
  const places = problem.places.length
  const forced = new Array<number>(problem.nodes.length * places).fill(Number.POSITIVE_INFINITY)
  let least = Number.POSITIVE_INFINITY
  let count = 0
  everyAssignment(problem, ask, (assignment, priced) => {
    const cost = objective(ask, priced)
    count++
    least = Math.min(least, cost)
    for (const [node, place] of assignment.entries())
      forced[node * places + place] = Math.min(forced[node * places + place]!, cost)
  })
  return { least, forced, count }
}

function checkAgainstBruteForce(problem: PartitionProblem, ask: PartitionAsk): 'found' | 'infeasible' {
  const { least, forced } = bruteForce(problem, ask)
  const result = partition(problem, ask)
  if (result.kind === 'infeasible') {
    expect(least).toBe(Number.POSITIVE_INFINITY)
    expect(result.proven).toBe(true)
    expect(result.reason.length).toBeGreaterThan(10)
    return 'infeasible'
  }
  const priced = price(problem, ask, result.assignment)!
  expect(objective(ask, priced)).toBeCloseTo(least, 9)
  expect(result.optimality).toEqual({ kind: 'exact' })
  expect(result.total.latencyS).toBeCloseTo(priced.latencyS, 9)
  expect(result.total.energy!.energyJ).toBeCloseTo(priced.energyJ, 9)
  for (const { node, at } of result.explanations)
    for (const { place, extra, extraIs } of at) {
      const truth = forced[node * problem.places.length + place]! - least
      if (extra === null) expect(truth).toBe(Number.POSITIVE_INFINITY)
      else if (extraIs === 'exact') expect(extra).toBeCloseTo(truth, 9)
      else expect(extra).toBeLessThanOrEqual(truth + 1e-9)
    }
  return 'found'
}

/** 3^8 assignments are tried for most graphs, 3^12 for a few: together more than a thousand graphs. */
const sizes = [
  { nodes: 4, graphs: 400 },
  { nodes: 6, graphs: 450 },
  { nodes: 8, graphs: 150 },
  { nodes: 10, graphs: 20 },
  { nodes: 12, graphs: 4 },
]

const shapeOf = (seed: number, nodes: number): Shape => ({
  nodes,
  places: nodes > 8 ? 3 : 2 + (seed % 2),
  unsupported: (seed % 5) / 10,
  memory: seed % 3 === 0,
  fixed: seed % 7 === 0,
})

const minimize = (seed: number) => (seed % 2 === 0 ? 'latency' : 'energy')

describe('partition', () => {
  for (const { nodes, graphs } of sizes)
    it(`equals brute force on ${graphs} random graphs of ${nodes} nodes, for every node and place`, () => {
      for (let seed = 0; seed < graphs; seed++)
        checkAgainstBruteForce(randomProblem(1e5 * nodes + seed, shapeOf(seed, nodes)), { minimize: minimize(seed) })
    })

  it('equals brute force under limits on the other quantity, on 400 random graphs', () => {
    const outcomes = { found: 0, infeasible: 0 }
    for (let seed = 0; seed < 400; seed++) {
      const problem = randomProblem(7e6 + seed, shapeOf(seed, 5 + (seed % 3)))
      const free = partition(problem, { minimize: minimize(seed) })
      if (free.kind === 'infeasible') continue
      const share = 0.6 + 0.1 * (seed % 5)
      const ask: PartitionAsk =
        minimize(seed) === 'latency'
          ? { minimize: 'latency', maxEnergyJ: free.total.energy!.energyJ * share }
          : { minimize: 'energy', maxLatencyS: free.total.latencyS * share }
      outcomes[checkAgainstBruteForce(problem, ask)]++
    }
    expect(outcomes.found).toBeGreaterThan(100)
    expect(outcomes.infeasible).toBeGreaterThan(20)
  })

  it('gives every node one place, and is never dearer than the best single place', () => {
    for (let seed = 0; seed < 100; seed++) {
      const problem = randomProblem(9e6 + seed, { nodes: 16, places: 3, unsupported: 0.05 })
      const result = partition(problem, { minimize: 'latency' })
      if (result.kind === 'infeasible') throw new Error(result.reason)
      expect(result.assignment.length).toBe(16)
      expect(result.segments.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
        problem.nodes.map((_, index) => index),
      )
      for (const { costs, reason } of result.singles)
        if (costs) expect(result.total.latencyS).toBeLessThanOrEqual(costs.total.latencyS * (1 + 1e-12))
        else expect(reason).toMatch(/no kernel/)
      const { nodes, dispatch, transfer, total } = result
      expect(nodes.latencyS + dispatch.latencyS + transfer.latencyS).toBeCloseTo(total.latencyS, 9)
    }
  })

  it('keeps a right assignment and a true bound when its effort is cut', () => {
    let bounded = 0
    for (let seed = 0; seed < 60; seed++) {
      const problem = randomProblem(3e6 + seed, { nodes: 8, places: 3, unsupported: 0.1, memory: seed % 2 === 0 })
      const ask: PartitionAsk = { minimize: minimize(seed) }
      const { least } = bruteForce(problem, ask)
      const cut = partition(problem, ask, { mostStates: 3, mostLabels: 20 })
      if (cut.kind === 'infeasible') {
        if (cut.proven) expect(least).toBe(Number.POSITIVE_INFINITY)
        continue
      }
      const cost = objective(ask, price(problem, ask, cut.assignment)!)
      expect(cost).toBeGreaterThanOrEqual(least - 1e-9)
      if (cut.optimality.kind === 'exact') expect(cost).toBeCloseTo(least, 9)
      else {
        bounded++
        expect(cut.optimality.atLeast).toBeLessThanOrEqual(least + 1e-9)
        expect(cut.optimality.because).toMatch(/more than (3|20) /)
      }
    }
    expect(bounded).toBeGreaterThan(10)
  })
})
