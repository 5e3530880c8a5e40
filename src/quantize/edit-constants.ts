import { floatConstant } from '../formats/convert/constants.ts'
import type { Graph, Tensor } from '../graph/graph.ts'

/** New values of a float constant. */
export interface FloatBlock {
  readonly shape: readonly number[]
  readonly values: ArrayLike<number>
}

/** The graph with other float constants; activations whose shapes follow from them lose theirs. */
export function withConstants(graph: Graph, blocks: ReadonlyMap<string, FloatBlock>): Graph {
  const tensors = new Map<string, Tensor>(graph.tensors)
  for (const [name, { shape, values }] of blocks) tensors.set(name, floatConstant(name, Array.from(values), shape))
  return { ...graph, tensors }
}
