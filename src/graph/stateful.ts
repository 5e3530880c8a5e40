import type { Graph } from './graph.ts'

/** Whether a model keeps state from one run to the next. */
export function isStateful({ nodes, tensors }: Graph): boolean {
  return nodes.some(({ op }) => op === 'var_handle') || [...tensors.values()].some(({ variable }) => variable)
}
