import type { Dimension, Graph } from '../../../graph/graph.ts'

/** Gives named dimensions a length: `{ batch: 1 }`. */
export function fixDimensions(graph: Graph, lengths: Readonly<Record<string, number>>): Graph {
  const fixed = (dimension: Dimension) =>
    typeof dimension === 'string' ? (lengths[dimension] ?? dimension) : dimension
  const tensors = [...graph.tensors].map(
    ([name, tensor]) => [name, { ...tensor, shape: tensor.shape?.map(fixed) ?? null }] as const,
  )
  return { ...graph, tensors: new Map(tensors) }
}
