import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { checkGraph } from '../../graph/spec.ts'

/** Outputs that can't simply be renamed: they are an input, a constant, or an output already. */
function copied(graph: Graph): ReadonlySet<number> {
  const fixed = new Set([
    ...graph.inputs,
    ...[...graph.tensors.values()].flatMap(({ name, data }) => (data ? name : [])),
  ])
  return new Set(
    graph.outputs.flatMap((name, index) => (fixed.has(name) || graph.outputs.indexOf(name) < index ? [index] : [])),
  )
}

/**
 * Gives a graph's outputs the names that they shall have; what can't be renamed is copied.
 * @param names new names, none of which the graph has yet
 * @param copy operator and domain of a node that copies
 */
export function renameOutputs(graph: Graph, names: readonly string[], copy: Pick<Node, 'op' | 'domain'>): Graph {
  const byCopy = copied(graph)
  const renamed = new Map(graph.outputs.flatMap((name, i) => (byCopy.has(i) ? [] : [[name, names[i]!] as const])))
  const rename = (name: string) => renamed.get(name) ?? name
  const copies = [...byCopy].map((index) => ({
    ...copy,
    name: `copy#${index}`,
    inputs: [rename(graph.outputs[index]!)],
    outputs: [names[index]!],
    attributes: {},
  }))
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }))
  const tensors = new Map<string, Tensor>()
  for (const tensor of graph.tensors.values())
    tensors.set(rename(tensor.name), { ...tensor, name: rename(tensor.name) })
  for (const index of byCopy) {
    const { data: _, ...tensor } = tensors.get(rename(graph.outputs[index]!))!
    tensors.set(names[index]!, { ...tensor, name: names[index]! })
  }
  return checkGraph({ ...graph, nodes: [...nodes, ...copies], tensors, outputs: names }, graph.name)
}
