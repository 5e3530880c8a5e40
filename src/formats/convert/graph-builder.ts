import type { AttributeValue, Graph, Node, Tensor } from '../../graph/graph.ts'
import { checkGraph } from '../../graph/spec.ts'

/** A node to add; its name is made from the operator and its place. */
interface NewNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** Collects the nodes and tensors of a new graph. */
export interface GraphBuilder {
  /** A name that nothing has yet, beginning with `wanted`. */
  fresh(wanted: string): string
  /** Adds a tensor, or replaces the one of its name. */
  tensor(tensor: Tensor): Tensor
  /** Adds a constant under a name of its own. */
  constant(tensor: Tensor): Tensor
  node(node: NewNode): void
  /** The graph so far, checked. @throws MilliwattError MODEL_ILLEGAL */
  build(border: Pick<Graph, 'name' | 'inputs' | 'outputs' | 'opsets'>): Graph
}

/** Starts a graph. @param taken names that `fresh` must leave alone */
export function graphBuilder(domain: string, taken: Iterable<string>): GraphBuilder {
  const names = new Set(taken)
  const tensors = new Map<string, Tensor>()
  const nodes: Node[] = []
  const fresh = (wanted: string) => {
    let name = wanted
    for (let count = 1; names.has(name); count++) name = `${wanted}#${count}`
    names.add(name)
    return name
  }
  const tensor = (added: Tensor) => {
    tensors.set(added.name, added)
    return added
  }
  return {
    fresh,
    tensor,
    constant: (added) => tensor({ ...added, name: fresh(added.name) }),
    node: ({ attributes = {}, ...node }) => {
      nodes.push({ name: `${node.op}#${nodes.length}`, domain, ...node, attributes })
    },
    build: (border) => checkGraph({ ...border, nodes, tensors }, border.name),
  }
}
