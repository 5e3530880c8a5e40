import type { Weighing } from './paths.ts'
import type { PartitionAsk, PartitionProblem } from './problem.ts'

/** Something that a whole assignment uses up and that is limited. */
export interface Resource {
  /** Names the limit: `latency`, `energy`, or `weights of PLACE`. */
  readonly name: string
  readonly unit: 's' | 'J' | 'bytes'
  readonly limit: number
  readonly by: Weighing
}

/** Sums of a path differ in their last bits by the order of adding; limits let that pass. */
const slack = 1e-12

/** Tells whether a sum keeps a limit. */
export const keeps = (sum: number, { limit }: Resource): boolean => sum <= limit * (1 + slack)

function weightsOf({ nodes, places }: PartitionProblem, place: number): Float64Array {
  const more = new Float64Array(nodes.length * places.length)
  for (const [node, { weightBytes }] of nodes.entries()) more[node * places.length + place] = weightBytes
  return more
}

/** The limits of a problem and of what is asked that add up over an assignment. Arenas do not: they are peaks. */
export function resourcesOf(problem: PartitionProblem, ask: PartitionAsk): readonly Resource[] {
  const { maxLatencyS, maxEnergyJ } = ask
  const all = problem.nodes.reduce((bytes, node) => bytes + node.weightBytes, 0)
  const weights = problem.places.flatMap(({ id, maxWeightBytes }, place): readonly Resource[] =>
    // With no room at all every node with weights is refused by itself.
    maxWeightBytes === undefined || maxWeightBytes === 0 || all <= maxWeightBytes
      ? []
      : [
          {
            name: `weights of ${id}`,
            unit: 'bytes',
            limit: maxWeightBytes,
            by: { latency: 0, energy: 0, more: weightsOf(problem, place) },
          },
        ],
  )
  return [
    ...(maxLatencyS === undefined
      ? []
      : [{ name: 'latency', unit: 's', limit: maxLatencyS, by: { latency: 1, energy: 0 } } as const]),
    ...(maxEnergyJ === undefined
      ? []
      : [{ name: 'energy', unit: 'J', limit: maxEnergyJ, by: { latency: 0, energy: 1 } } as const]),
    ...weights,
  ]
}

const objectives: Readonly<Record<PartitionAsk['minimize'], Weighing>> = {
  latency: { latency: 1, energy: 0 },
  energy: { latency: 0, energy: 1 },
}

/** What is minimised, as a weighing of edges: always the same object. */
export const objectiveOf = ({ minimize }: PartitionAsk): Weighing => objectives[minimize]

/** The objective plus a price for each unit of each resource. */
export function withPrices(objective: Weighing, resources: readonly Resource[], prices: readonly number[]): Weighing {
  if (prices.every((price) => price === 0)) return objective
  let { latency, energy } = objective
  let more: Float64Array | undefined
  for (const [index, { by }] of resources.entries()) {
    const price = prices[index]!
    latency += price * by.latency
    energy += price * by.energy
    if (!by.more || price === 0) continue
    more ??= new Float64Array(by.more.length)
    for (let at = 0; at < more.length; at++) more[at]! += price * by.more[at]!
  }
  return { latency, energy, ...(more ? { more } : {}) }
}
