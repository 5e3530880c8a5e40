import type { Graph, Node } from './graph.ts'

/** Names of the state that a node touches: variable tensors by name, resources by what their handle names. */
export type StateOf = (node: Node) => readonly string[]

/** Tells which state each node of a graph touches; handles of one resource meet in one name. */
export function stateNames({ nodes, tensors }: Graph): StateOf {
  const keys = new Map<string, string>()
  for (const { name, variable } of tensors.values()) if (variable) keys.set(name, name)
  for (const { op, outputs, attributes } of nodes)
    if (op === 'var_handle') keys.set(outputs[0]!, `${attributes.container}/${attributes.sharedName}`)
  return ({ inputs, outputs }) => [...inputs, ...outputs].flatMap((name) => keys.get(name) ?? [])
}

/** Places in execution order of the nodes that touch each state: the first and the last. */
export function stateSpans(graph: Graph): ReadonlyMap<string, readonly [number, number]> {
  const stateOf = stateNames(graph)
  const spans = new Map<string, readonly [number, number]>()
  graph.nodes.forEach((node, index) => {
    if (node.op === 'var_handle') return
    for (const name of stateOf(node)) spans.set(name, [spans.get(name)?.[0] ?? index, index])
  })
  return spans
}
