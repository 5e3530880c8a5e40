import { MilliwattError } from '../core/errors.ts'
import { type CutOrder, cutOrder, type PlacedNode, quantizedChains } from './cut-order.ts'
import type { Graph, Node, Tensor } from './graph.ts'
import { inferShapes } from './shapes.ts'
import { checkGraph } from './spec.ts'
import { stateNames, stateSpans } from './state-groups.ts'
import { tensorTypes } from './tensor-types.ts'

/** Consecutive nodes of a graph at one place, as a graph of their own. */
export interface GraphPart {
  readonly place: string
  /** Indices of its nodes in the whole graph, in the order in which it runs them. */
  readonly nodes: readonly number[]
  /** Inputs come from outside or from earlier parts, outputs are what later parts or the model's user need; all by their names in the whole. */
  readonly graph: Graph
}

/**
 * Nodes that must be at one place, as a group number for every node: what lies between the first and the last use of a
 * state, and what an ONNX model computes between DequantizeLinear and QuantizeLinear. Any other assignment of a stateful
 * model is refused by `cutGraph`; chains of quantised operators it brings together itself.
 */
export function nodeGroups(graph: Graph): readonly number[] {
  const groups = graph.nodes.map((_, index) => index)
  const join = (a: number, b: number) => {
    const [from, to] = [groups[a]!, groups[b]!]
    for (const [index, group] of groups.entries()) if (group === from) groups[index] = to
  }
  const indices = new Map(graph.nodes.map((node, index) => [node, index]))
  for (const chain of quantizedChains(graph))
    for (const node of chain) join(indices.get(node)!, indices.get(chain[0]!)!)
  for (const [first, last] of stateSpans(graph).values())
    for (let node = first; node < last; node++) join(node + 1, node)
  return groups
}

/** Runs of nodes at one place. */
function runsOf(placed: readonly PlacedNode[]): readonly (readonly PlacedNode[])[] {
  const runs: PlacedNode[][] = []
  for (const one of placed) {
    const last = runs.at(-1)
    if (last?.[0]?.place === one.place) last.push(one)
    else runs.push([one])
  }
  return runs
}

/** The nodes of a part, each after the copies that it reads and no earlier one has. */
function withCopies(run: readonly PlacedNode[], copied: CutOrder['copied']): readonly Node[] {
  const made = new Set<string>()
  const nodes: Node[] = []
  const add = (name: string) => {
    const node = copied.get(name)
    if (!node || made.has(name)) return
    made.add(name)
    for (const input of node.inputs) add(input)
    nodes.push(node)
  }
  for (const { node } of run) {
    for (const name of node.inputs) add(name)
    nodes.push(node)
  }
  return nodes
}

const inside = (tensor: Tensor | undefined) => tensor?.data !== undefined || tensor?.variable === true

/** What nodes read and do not make themselves, each once, in the order of reading. */
function readFromOutside(graph: Graph, nodes: readonly Node[]): readonly string[] {
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const read = new Set(nodes.flatMap((node) => node.inputs))
  return [...read].filter((name) => name !== '' && !made.has(name) && !inside(graph.tensors.get(name)))
}

type Describe = (name: string) => Tensor

/** Tensors of the whole graph, with type and shape where the file leaves them out. */
function describer(graph: Graph): Describe {
  const [shapes, types] = [inferShapes(graph), tensorTypes(graph)]
  return (name) => {
    const tensor = graph.tensors.get(name)
    if (tensor?.shape) return tensor
    return { ...tensor, name, dtype: types.get(name) ?? 'float32', shape: shapes.get(name) ?? null }
  }
}

/** @throws MilliwattError CUT_ILLEGAL when a state is used in several parts */
function checkState(graph: Graph, parts: readonly (readonly Node[])[], where: string): void {
  const stateOf = stateNames(graph)
  const users = new Map<string, number>()
  parts.forEach((nodes, part) => {
    for (const node of nodes.filter(({ op }) => op !== 'var_handle'))
      for (const state of stateOf(node)) {
        const other = users.get(state) ?? part
        users.set(state, other)
        if (other === part) continue
        const detail = `The state "${state}" would be used in parts ${other + 1} and ${part + 1}; it must stay in one.`
        throw new MilliwattError('CUT_ILLEGAL', where, detail)
      }
  })
}

function partGraph(
  graph: Graph,
  nodes: readonly Node[],
  describe: Describe,
  [inputs, outputs]: readonly [readonly string[], readonly string[]],
): Graph {
  const names = new Set([...inputs, ...outputs, ...nodes.flatMap((node) => [...node.inputs, ...node.outputs])])
  names.delete('')
  const border = new Set([...inputs, ...outputs])
  const kept = [...names].filter((name) => graph.tensors.has(name) || border.has(name))
  const tensors = new Map(kept.map((name) => [name, border.has(name) ? describe(name) : graph.tensors.get(name)!]))
  return { name: graph.name, nodes, tensors, inputs, outputs, opsets: graph.opsets }
}

/**
 * Cuts a graph into parts that, run one after the other, compute what the whole computes, bit for bit where engines are
 * exact. A part is a longest run of consecutive nodes at one place. Quantisation is kept at the borders: native quantised
 * tensors cross as integers with their scales; graphs that quantise by nodes are cut between QuantizeLinear and
 * DequantizeLinear. Nodes that nothing reads are left out.
 * @param assignment the place of every node, in the order of the graph
 * @throws MilliwattError CUT_ILLEGAL for a wrong number of places and for state that would be torn apart
 */
export function cutGraph(graph: Graph, assignment: readonly string[]): readonly GraphPart[] {
  const where = graph.name || 'graph'
  if (assignment.length !== graph.nodes.length) {
    const detail = `It has ${graph.nodes.length} nodes, and ${assignment.length} places are given.`
    throw new MilliwattError('CUT_ILLEGAL', where, detail)
  }
  const { placed, copied } = cutOrder(graph, assignment)
  const runs = runsOf(placed)
  const parts = runs.map((run) => withCopies(run, copied))
  checkState(graph, parts, where)
  const describe = describer(graph)
  const needed = new Set(graph.outputs)
  const cut: GraphPart[] = []
  for (const [at, nodes] of [...parts.entries()].reverse()) {
    const made = new Set(nodes.flatMap((node) => node.outputs))
    const outputs = [...made].filter((name) => needed.has(name) && !copied.has(name))
    if (outputs.length === 0) continue
    const inputs = readFromOutside(graph, nodes)
    for (const name of inputs) needed.add(name)
    const part = checkGraph(partGraph(graph, nodes, describe, [inputs, outputs]), where)
    cut.unshift({ place: runs[at]![0]!.place, nodes: runs[at]!.map(({ index }) => index), graph: part })
  }
  return cut
}
