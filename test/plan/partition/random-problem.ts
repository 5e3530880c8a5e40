import { type Random, random } from '../../../src/core/random.ts'
import type {
  PartitionNode,
  PartitionPlace,
  PartitionProblem,
  PartitionTensor,
  StepCost,
} from '../../../src/plan/partition/problem.ts'

/** What a random problem may have. */
export interface Shape {
  readonly nodes: number
  readonly places: number
  /** Part of the pairs of node and place that are not supported. */
  readonly unsupported?: number
  /** Limits on memory. */
  readonly memory?: boolean
  /** Tensors that stay where they are made. */
  readonly fixed?: boolean
}

const cost = (latencyS: number, energyJ: number): StepCost => ({
  latencyS,
  energy: { energyJ, provenance: 'measured' },
})

const below = (draw: Random, n: number) => Math.floor(draw() * n)

function randomNode(
  draw: Random,
  index: number,
  known: number[],
  tensors: PartitionTensor[],
  shape: Shape,
): PartitionNode {
  const count = 1 + below(draw, 3)
  const recent = () => known[Math.max(0, known.length - 1 - below(draw, draw() < 0.6 ? 2 : known.length))]!
  const inputs = Array.from({ length: count }, recent)
  const outputs = Array.from({ length: draw() < 0.15 ? 2 : 1 }, () => {
    const fixed = shape.fixed && draw() < 0.1 ? ({ fixed: true } as const) : {}
    return tensors.push({ name: `t${tensors.length}`, bytes: 1 + below(draw, 100), ...fixed }) - 1
  })
  const at = Array.from({ length: shape.places }, (_, place) =>
    place > 0 && draw() < (shape.unsupported ?? 0.2) ? { unsupported: 'no kernel' } : cost(draw() * 20, draw() * 20),
  )
  known.push(...outputs)
  return { name: `n${index}`, inputs, outputs, weightBytes: below(draw, 50), scratchBytes: below(draw, 20), at }
}

function randomPlace(draw: Random, index: number, memory: boolean): PartitionPlace {
  const limits =
    memory && index > 0 ? { maxWeightBytes: 20 + below(draw, 150), maxArenaBytes: 60 + below(draw, 300) } : {}
  return { id: `place${index}`, dispatch: cost(draw() * 5, draw() * 5), ...limits }
}

/** A random graph with branches, tensors with several readers and outputs in its middle, the same for the same seed. */
export function randomProblem(seed: number, shape: Shape): PartitionProblem {
  const draw = random(seed)
  const tensors: PartitionTensor[] = Array.from({ length: 1 + below(draw, 2) }, (_, i) => ({
    name: `in${i}`,
    bytes: 1 + below(draw, 100),
  }))
  const inputs = tensors.map((_, index) => index)
  const known = [...inputs]
  const nodes = Array.from({ length: shape.nodes }, (_, index) => randomNode(draw, index, known, tensors, shape))
  const places = Array.from({ length: shape.places }, (_, index) => randomPlace(draw, index, shape.memory ?? false))
  const rates = Array.from(
    { length: shape.places ** 2 },
    () => [draw() * 3, draw() / 10, draw() * 3, draw() / 10] as const,
  )
  const read = new Set(nodes.flatMap((node) => node.inputs))
  const made = nodes.flatMap((node) => node.outputs)
  return {
    tensors,
    nodes,
    places,
    home: 0,
    inputs,
    outputs: made.filter((tensor) => !tensors[tensor]!.fixed && (!read.has(tensor) || draw() < 0.1)),
    transfer: (from, to, bytes) => {
      const [fixedS, perByteS, fixedJ, perByteJ] = rates[from * shape.places + to]!
      return cost(fixedS + perByteS * bytes, fixedJ + perByteJ * bytes)
    },
  }
}
