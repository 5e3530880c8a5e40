import type { Dimension, Graph, Node } from './graph.ts'
import { opDefOf } from './op-defs.ts'
import type { OpContext } from './ops/op-def.ts'

/** What the operator's rules may look at, with the shapes known so far. */
export function opContext(graph: Graph, node: Node, shapes: ReadonlyMap<string, readonly Dimension[]>): OpContext {
  return {
    node,
    shapes: node.inputs.map((name) => shapes.get(name) ?? null),
    tensors: node.inputs.map((name) => graph.tensors.get(name)),
  }
}

/**
 * Shapes of all tensors that are known: declared in the file or inferred from the inputs in order.
 * A tensor that stays unknown is missing from the map.
 */
export function inferShapes(graph: Graph): ReadonlyMap<string, readonly Dimension[]> {
  const shapes = new Map<string, readonly Dimension[]>()
  for (const tensor of graph.tensors.values()) if (tensor.shape) shapes.set(tensor.name, tensor.shape)
  for (const node of graph.nodes) {
    const output = node.outputs[0]
    if (output === undefined || shapes.has(output)) continue
    const shape = opDefOf(node)?.outputShape(opContext(graph, node, shapes))
    if (shape) shapes.set(output, shape)
  }
  return shapes
}
