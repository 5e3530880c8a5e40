import { dataTypeBits, elementCount, type Graph } from '../graph/graph.ts'
import { inferShapes } from '../graph/shapes.ts'
import { tensorTypes } from '../graph/tensor-types.ts'

/** Bytes of every tensor that is not a constant, by name; 0 where a shape is open. */
export function activationBytes(graph: Graph): ReadonlyMap<string, number> {
  const [shapes, types] = [inferShapes(graph), tensorTypes(graph)]
  const names = [...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)].filter((name) => name !== '')
  const bytes = (name: string) =>
    Math.ceil(((elementCount(shapes.get(name) ?? null) ?? 0) * dataTypeBits[types.get(name) ?? 'float32']) / 8)
  return new Map(names.map((name) => [name, bytes(name)]))
}

/**
 * Bytes of the activations that are alive while each node runs: what it reads and makes, and what waits for later nodes
 * or is an output. No arena can be smaller than the largest of them.
 */
export function workingSets(graph: Graph): readonly number[] {
  const bytes = activationBytes(graph)
  const last = new Map<string, number>()
  for (const [index, { inputs, outputs }] of graph.nodes.entries())
    for (const name of [...inputs, ...outputs]) last.set(name, index)
  for (const name of graph.outputs) last.set(name, graph.nodes.length)
  const live = new Set(graph.inputs)
  return graph.nodes.map(({ outputs }, index) => {
    for (const name of outputs) live.add(name)
    const total = [...live].reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0)
    for (const name of live) if ((last.get(name) ?? 0) <= index) live.delete(name)
    return total
  })
}
