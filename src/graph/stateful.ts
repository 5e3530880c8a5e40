import type { Graph } from './graph.ts'
import { opDefOf } from './op-defs.ts'

/** Whether a model keeps state from one run to the next. */
export function isStateful({ nodes, tensors }: Graph): boolean {
  const kept = [...tensors.values()].some(({ variable }) => variable)
  return kept || nodes.some((node) => node.op === 'var_handle' || opDefOf(node)?.stateful === true)
}
