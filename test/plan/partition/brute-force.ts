import type { PartitionAsk, PartitionProblem, StepCost } from '../../../src/plan/partition/problem.ts'

/** What an assignment comes to. Written from the rules, without the code under test. */
export interface Priced {
  readonly latencyS: number
  readonly energyJ: number
}

/** After some nodes: what was spent, and who holds each tensor as a set of bits. */
interface Spent extends Priced {
  readonly holders: readonly number[]
  readonly weights: readonly number[]
}

const energyOf = (cost: StepCost) => cost.energy!.energyJ
const unlimited = Number.POSITIVE_INFINITY

/** One step after another, without looking ahead. */
class Steps {
  readonly #problem: PartitionProblem
  readonly #byEnergy: boolean
  readonly #lastReader: readonly number[]

  constructor(problem: PartitionProblem, ask: PartitionAsk) {
    this.#problem = problem
    this.#byEnergy = ask.minimize === 'energy'
    this.#lastReader = problem.tensors.map((_, tensor) =>
      problem.nodes.findLastIndex(({ inputs }) => inputs.includes(tensor)),
    )
  }

  start(): Spent {
    const { tensors, inputs, home, places } = this.#problem
    const holders = tensors.map((_, tensor) => (inputs.includes(tensor) ? 1 << home : 0))
    return { latencyS: 0, energyJ: 0, holders, weights: places.map(() => 0) }
  }

  #way(tensor: number, holders: number, to: number): StepCost | null {
    const { tensors, places, transfer } = this.#problem
    const { bytes, fixed } = tensors[tensor]!
    const ways = places.flatMap((_, from) => (holders & (1 << from) && !fixed ? [transfer(from, to, bytes)] : []))
    const key = this.#byEnergy ? energyOf : (cost: StepCost) => cost.latencyS
    return ways.reduce<StepCost | null>((a, b) => (a && key(a) <= key(b) ? a : b), null)
  }

  /** Null where the node may not run there. */
  run(spent: Spent, index: number, place: number, before: number | undefined): Spent | null {
    const { nodes, places, tensors, home, outputs } = this.#problem
    const node = nodes[index]!
    const cost = node.at[place]!
    if ('unsupported' in cost) return null
    const { dispatch, maxArenaBytes = unlimited, maxWeightBytes = unlimited } = places[place]!
    const weights = spent.weights.with(place, spent.weights[place]! + node.weightBytes)
    if (weights[place]! > maxWeightBytes) return null
    const paid = place === before ? [cost] : [cost, dispatch]
    const holders = [...spent.holders]
    const need = (tensor: number, to: number) => {
      if (holders[tensor]! & (1 << to)) return true
      const way = this.#way(tensor, holders[tensor]!, to)
      if (!way) return false
      paid.push(way)
      holders[tensor]! |= 1 << to
      return true
    }
    if (!node.inputs.every((tensor) => need(tensor, place))) return null
    for (const tensor of node.outputs) holders[tensor] = 1 << place
    const here = (tensor: number) => holders[tensor]! & (1 << place)
    const lives = (tensor: number) => node.outputs.includes(tensor) || this.#lastReader[tensor]! >= index
    const bytes = tensors.reduce(
      (sum, tensor, t) => sum + (here(t) && lives(t) ? tensor.bytes : 0),
      node.scratchBytes ?? 0,
    )
    if (bytes > maxArenaBytes) return null
    if (!node.outputs.every((tensor) => !outputs.includes(tensor) || need(tensor, home))) return null
    const latencyS = paid.reduce((sum, step) => sum + step.latencyS, spent.latencyS)
    const energyJ = paid.reduce((sum, step) => sum + energyOf(step), spent.energyJ)
    return { latencyS, energyJ, holders, weights }
  }
}

/** A limit holds up to the rounding of sums. */
function keepsLimits({ latencyS, energyJ }: Priced, { maxLatencyS = unlimited, maxEnergyJ = unlimited }: PartitionAsk) {
  return latencyS <= maxLatencyS * (1 + 1e-12) && energyJ <= maxEnergyJ * (1 + 1e-12)
}

/** Prices one assignment; null where it is not allowed. */
export function price(problem: PartitionProblem, ask: PartitionAsk, assignment: readonly number[]): Priced | null {
  const steps = new Steps(problem, ask)
  let spent: Spent | null = steps.start()
  for (const [index, place] of assignment.entries())
    spent = spent && steps.run(spent, index, place, assignment[index - 1])
  return spent && keepsLimits(spent, ask) ? spent : null
}

/** Visits every assignment of a problem that is allowed. */
export function everyAssignment(
  problem: PartitionProblem,
  ask: PartitionAsk,
  visit: (assignment: readonly number[], priced: Priced) => void,
): void {
  const steps = new Steps(problem, ask)
  const assignment: number[] = []
  const descend = (spent: Spent) => {
    if (assignment.length === problem.nodes.length) {
      if (keepsLimits(spent, ask)) visit(assignment, spent)
      return
    }
    for (let place = 0; place < problem.places.length; place++) {
      const next = steps.run(spent, assignment.length, place, assignment.at(-1))
      assignment.push(place)
      if (next) descend(next)
      assignment.pop()
    }
  }
  descend(steps.start())
}
