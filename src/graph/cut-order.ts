import type { Graph, Node } from './graph.ts'
import { opDefOf } from './op-defs.ts'

/** A node that is to be run somewhere; `index` is its place in the graph. */
export interface PlacedNode {
  readonly node: Node
  readonly index: number
  readonly place: string
}

/** Nodes in an order to be cut, and those that every part makes for itself, by what they make. */
export interface CutOrder {
  readonly placed: readonly PlacedNode[]
  readonly copied: ReadonlyMap<string, Node>
}

const isOp = (node: Node | undefined, op: string) => node?.domain === '' && node.op === op

/**
 * Nodes that cost nothing and are made again wherever they are read, so that a border lies before them:
 * DequantizeLinear (what crosses are its integers) and the handles of variables.
 */
function copiedNodes({ nodes, outputs, tensors }: Graph): ReadonlyMap<string, Node> {
  const given = new Set(outputs)
  const constant = (name: string) => name === '' || tensors.get(name)?.data !== undefined
  const free = nodes.filter((node) => {
    if (node.outputs.some((name) => given.has(name))) return false
    return node.op === 'var_handle' || (isOp(node, 'DequantizeLinear') && node.inputs.slice(1).every(constant))
  })
  return new Map(free.map((node) => [node.outputs[0]!, node]))
}

/** Who makes and how many nodes read each tensor. */
interface Wires {
  readonly graph: Graph
  readonly makers: ReadonlyMap<string, Node>
  readonly readers: ReadonlyMap<string, number>
  readonly copied: ReadonlyMap<string, Node>
}

function wiresOf(graph: Graph, copied: ReadonlyMap<string, Node>): Wires {
  const readers = new Map(graph.outputs.map((name) => [name, 1]))
  for (const { inputs } of graph.nodes)
    for (const name of new Set(inputs)) readers.set(name, (readers.get(name) ?? 0) + 1)
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  return { graph, makers, readers, copied }
}

/** The node before another one in a chain: the only one whose result it computes with, and that nothing else reads. */
function before({ makers, readers, copied }: Wires, node: Node): Node | null {
  const computed = node.inputs.filter((name) => makers.has(name) && !copied.has(name))
  const [name] = computed
  return computed.length === 1 && readers.get(name!) === 1 ? makers.get(name!)! : null
}

/**
 * What a QuantizeLinear rounds, back to the operator whose accumulators those reals are (a convolution and its
 * activation, say): together they are one operation in integers.
 */
function chainOf(wires: Wires, quantizer: Node): readonly Node[] {
  const chain: Node[] = [quantizer]
  for (let node = before(wires, quantizer); node; node = before(wires, node)) {
    if (isOp(node, 'QuantizeLinear')) break
    chain.unshift(node)
    if (opDefOf(node)?.macs || node.inputs.some((name) => wires.copied.has(name))) break
  }
  return chain
}

/** Chains of a graph that quantises by nodes; empty for any other. */
export function quantizedChains(graph: Graph): readonly (readonly Node[])[] {
  const wires = wiresOf(graph, copiedNodes(graph))
  return graph.nodes
    .filter((node) => isOp(node, 'QuantizeLinear'))
    .map((node) => chainOf(wires, node))
    .filter((chain) => chain.length > 1)
}

/**
 * The order in which a graph is cut. Graphs that quantise by nodes (ONNX QDQ) would show reals at most borders; here
 * every chain that ends in a QuantizeLinear goes to the place of its first node and runs in one go there, and
 * DequantizeLinear goes to whoever reads it, so that integers cross.
 */
export function cutOrder(graph: Graph, assignment: readonly string[]): CutOrder {
  const copied = copiedNodes(graph)
  const firsts = new Map<Node, Node>()
  for (const chain of quantizedChains(graph)) for (const node of chain.slice(1)) firsts.set(node, chain[0]!)
  const indices = new Map(graph.nodes.map((node, index) => [node, index]))
  const followers = new Map<Node, Node[]>()
  for (const node of graph.nodes) {
    const first = firsts.get(node)
    if (first) followers.set(first, [...(followers.get(first) ?? []), node])
  }
  const placed = graph.nodes.flatMap((node, index): readonly PlacedNode[] => {
    if (firsts.has(node) || copied.get(node.outputs[0] ?? '') === node) return []
    const place = assignment[index]!
    const all = [node, ...(followers.get(node) ?? [])]
    return all.map((each) => ({ node: each, index: indices.get(each)!, place }))
  })
  return { placed, copied }
}
