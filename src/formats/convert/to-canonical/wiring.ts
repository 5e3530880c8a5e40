import type { Graph, Node, Tensor } from '../../../graph/graph.ts'

/** Who makes and who reads each value of a graph. */
export interface Wiring {
  readonly producers: ReadonlyMap<string, Node>
  readonly consumers: ReadonlyMap<string, readonly Node[]>
  readonly outputs: ReadonlySet<string>
}

/** Reads the wiring of a graph. */
export function wiringOf(graph: Graph): Wiring {
  const consumers = new Map<string, Node[]>()
  for (const node of graph.nodes)
    for (const name of new Set(node.inputs)) consumers.set(name, [...(consumers.get(name) ?? []), node])
  return {
    producers: new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const))),
    consumers,
    outputs: new Set(graph.outputs),
  }
}

/** The only reader of a value; null when there are several, or the value is an output of the graph. */
export function soleConsumer({ consumers, outputs }: Wiring, name: string): Node | null {
  const list = consumers.get(name) ?? []
  return list.length === 1 && !outputs.has(name) ? list[0]! : null
}

/** A graph with some nodes replaced by others (none drops a node) and with more tensors. */
export function replaceNodes(
  graph: Graph,
  replacements: ReadonlyMap<Node, readonly Node[]>,
  added: readonly Tensor[] = [],
): Graph {
  const tensors = new Map(graph.tensors)
  for (const tensor of added) tensors.set(tensor.name, tensor)
  return { ...graph, nodes: graph.nodes.flatMap((node) => replacements.get(node) ?? [node]), tensors }
}

/** A graph without nodes that nothing reads and without tensors that nothing names. */
export function dropUnread(graph: Graph): Graph {
  const read = new Set(graph.outputs)
  const kept: Node[] = []
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => read.has(name))) continue
    for (const name of node.inputs) read.add(name)
    kept.unshift(node)
  }
  const named = new Set([
    ...graph.inputs,
    ...graph.outputs,
    ...kept.flatMap((node) => [...node.inputs, ...node.outputs]),
  ])
  const tensors = new Map([...graph.tensors].filter(([name]) => named.has(name)))
  return { ...graph, nodes: kept, tensors }
}
