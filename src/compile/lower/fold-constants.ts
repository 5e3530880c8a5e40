import { isMilliwattError } from '../../core/errors.ts'
import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { interpret } from '../../graph/reference/interpret.ts'
import { inferShapes } from '../../graph/shapes.ts'
import type { Semantics } from '../program.ts'

const isConstant = (tensor: Tensor | undefined) => tensor?.data !== undefined && !tensor.variable

/** Outputs of a node whose inputs are all constants; null where it has others, or cannot be run beforehand. */
function evaluate(graph: Graph, node: Node, semantics: Semantics): readonly Tensor[] | null {
  const inputs = node.inputs.filter((name) => name !== '')
  const outputs = node.outputs.map((name) => graph.tensors.get(name)!)
  if (inputs.length === 0 || !inputs.every((name) => isConstant(graph.tensors.get(name)))) return null
  // int4 would have to be packed again.
  if (outputs.some((tensor) => tensor.dtype === 'int4')) return null
  const tensors = new Map([...inputs, ...node.outputs].map((name) => [name, graph.tensors.get(name)!]))
  try {
    const values = interpret({ ...graph, nodes: [node], tensors, inputs: [], outputs: node.outputs }, [], semantics)
    return outputs.map((tensor) => {
      const { buffer, byteOffset, byteLength } = values.get(tensor.name)!
      return { ...tensor, data: new Uint8Array(buffer, byteOffset, byteLength) }
    })
  } catch (error) {
    if (isMilliwattError(error)) return null
    throw error
  }
}

/** A graph with all shapes that follow written down, and without nodes that only depend on constants. */
export function foldConstants(graph: Graph, semantics: Semantics): Graph {
  const shapes = inferShapes(graph)
  const tensors = new Map<string, Tensor>()
  for (const [name, tensor] of graph.tensors) tensors.set(name, { ...tensor, shape: shapes.get(name) ?? null })
  const nodes = graph.nodes.filter((node) => {
    const made = node.domain === 'tflite' ? evaluate({ ...graph, tensors }, node, semantics) : null
    for (const tensor of made ?? []) tensors.set(tensor.name, tensor)
    return made === null
  })
  return { ...graph, nodes, tensors }
}
