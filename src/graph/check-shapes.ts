import { MilliwattError } from '../core/errors.ts'
import { type Dimension, elementCount, type Graph, type Node } from './graph.ts'
import { opDefOf } from './op-defs.ts'
import { inferShapes, opContext } from './shapes.ts'

type Shapes = ReadonlyMap<string, readonly Dimension[]>

/** Lengths agree one by one, or as a whole where the rank differs; what is open agrees with everything. */
function agree(a: readonly Dimension[], b: readonly Dimension[]): boolean {
  const [countA, countB] = [elementCount(a), elementCount(b)]
  if (countA === null || countB === null) return true
  return a.length === b.length ? a.every((length, axis) => length === b[axis]) : countA === countB
}

function faultOf(graph: Graph, shapes: Shapes, node: Node): string | null {
  const def = opDefOf(node)
  const context = opContext(graph, node, shapes)
  const fault = def?.fault?.(context)
  if (fault) return fault
  const [name] = node.outputs
  const [made, declared] = [def?.outputShape(context), shapes.get(name ?? '')]
  if (!made || !declared || agree(made, declared)) return null
  return `makes [${made}], but tensor "${name}" is [${declared}]`
}

/**
 * Checks that the shapes of a graph fit its operators: weights to inputs, declared outputs to what the rules say.
 * An engine that has checked a graph may trust its shapes. Gives the graph back.
 * @throws MilliwattError MODEL_ILLEGAL naming the node
 */
export function checkShapes(graph: Graph, where: string): Graph {
  const shapes = inferShapes(graph)
  for (const node of graph.nodes) {
    const fault = faultOf(graph, shapes, node)
    if (fault) throw new MilliwattError('MODEL_ILLEGAL', where, `Node "${node.name || node.op}" ${fault}.`)
  }
  return graph
}
