import type { Graph, Node } from '../../../graph/graph.ts'
import { dropUnread, wiringOf } from './wiring.ts'

/** A RESHAPE of a RESHAPE reads what the first one reads. */
export function foldReshapes(graph: Graph): Graph {
  const { producers } = wiringOf(graph)
  const sourceOf = (name: string): string => {
    const maker = producers.get(name)
    return maker?.op === 'reshape' ? sourceOf(maker.inputs[0]!) : name
  }
  const nodes = graph.nodes.map((node): Node => {
    if (node.op !== 'reshape') return node
    return { ...node, inputs: [sourceOf(node.inputs[0]!), ...node.inputs.slice(1)] }
  })
  return dropUnread({ ...graph, nodes })
}
