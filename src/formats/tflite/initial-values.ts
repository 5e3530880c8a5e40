import type { AttributeValue, Graph, Node, Tensor } from '../../graph/graph.ts'
import { IllegalModel } from './faults.ts'

/** What two handles of one variable share. */
function keyOf({ attributes }: Node): string {
  return `${attributes.container}/${attributes.sharedName}`
}

/** The subgraph that a CALL_ONCE runs before the first inference. */
function initSubgraph({ attributes }: Node): number {
  return Number(attributes.initSubgraph)
}

/** Constants that a subgraph assigns to variables. @throws IllegalModel when it does anything else */
function assignedIn({ nodes, tensors }: Graph): ReadonlyMap<string, Tensor> {
  const handles = new Map(nodes.filter(({ op }) => op === 'var_handle').map((node) => [node.outputs[0]!, keyOf(node)]))
  const assigned = new Map<string, Tensor>()
  for (const node of nodes) {
    if (node.op === 'var_handle') continue
    const [handle, value] = node.inputs
    const [key, tensor] = [handles.get(handle ?? ''), tensors.get(value ?? '')]
    if (node.op !== 'assign_variable' || key === undefined || !tensor?.data)
      throw new IllegalModel(`a subgraph that runs once has the operator ${node.op}; only constants may be assigned`)
    assigned.set(key, tensor)
  }
  return assigned
}

/**
 * A graph without CALL_ONCE: what its subgraphs assign stands on the handles, in the attribute `initial`.
 * @param subgraph reads the subgraph of an index
 * @throws IllegalModel when a subgraph computes instead of assigning constants
 */
export function withInitialValues(graph: Graph, subgraph: (index: number) => Graph): Graph {
  const calls = graph.nodes.filter(({ op }) => op === 'call_once')
  if (calls.length === 0) return graph
  const initial = new Map(calls.flatMap((node) => [...assignedIn(subgraph(initSubgraph(node)))]))
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.op === 'call_once') return []
    const tensor = node.op === 'var_handle' ? initial.get(keyOf(node)) : undefined
    return [tensor ? { ...node, attributes: { ...node.attributes, initial: { tensor } } } : node]
  })
  return { ...graph, nodes }
}

const initialOf = ({ attributes: { initial } }: Node): Tensor | null =>
  typeof initial === 'object' && 'tensor' in initial ? initial.tensor : null

function withoutInitial(node: Node): Node {
  const { initial: _, ...attributes } = node.attributes
  return { ...node, attributes }
}

/** The inverse: a main graph that calls a second one, which assigns the initial values. One graph where there are none. */
export function toSubgraphs(graph: Graph): readonly Graph[] {
  const handles = new Map(graph.nodes.filter(initialOf).map((node) => [keyOf(node), node]))
  if (handles.size === 0) return [graph]
  const attributes: Readonly<Record<string, AttributeValue>> = { initSubgraph: 1 }
  const call: Node = { name: 'call_once', op: 'call_once', domain: 'tflite', inputs: [], outputs: [], attributes }
  const [nodes, tensors]: [Node[], Tensor[]] = [[], []]
  for (const handle of handles.values()) {
    const [name] = handle.outputs as [string]
    const value = { ...initialOf(handle)!, name: `${name}/initial` }
    tensors.push(graph.tensors.get(name)!, value)
    const inputs = [name, value.name]
    nodes.push(withoutInitial(handle), {
      ...call,
      name: `${name}/assign`,
      op: 'assign_variable',
      inputs,
      attributes: {},
    })
  }
  const init = { ...graph, name: 'initial values', nodes, tensors: new Map(tensors.map((each) => [each.name, each])) }
  const main = {
    ...graph,
    nodes: [call, ...graph.nodes.map((node) => (initialOf(node) ? withoutInitial(node) : node))],
  }
  return [main, { ...init, inputs: [], outputs: [] }]
}
