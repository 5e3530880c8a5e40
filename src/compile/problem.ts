import { isMilliwattError, type MilliwattError } from '../core/errors.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { chooseKernel } from './kernels/choose.ts'
import { foldConstants } from './lower/fold-constants.ts'
import { lowerGraph, lowerNode } from './lower/lower.ts'
import type { Semantics, Step } from './program.ts'

function problemOf(lower: () => readonly Step[], say: (error: MilliwattError) => string): string | null {
  try {
    for (const step of lower()) chooseKernel(step, 'scalar')
    return null
  } catch (error) {
    if (isMilliwattError(error)) return say(error)
    throw error
  }
}

/** Why a graph cannot be compiled, naming node and operator: types, shapes and constants are looked at. Null if it can. */
export function compileProblem(graph: Graph, semantics: Semantics = 'tflm'): string | null {
  const say = ({ where, detail, message }: MilliwattError) => (detail ? `${where}: ${detail}` : message)
  return problemOf(() => lowerGraph(graph, semantics).steps, say)
}

/** The same for one node of a graph, which is not named again, so that a graph can be cut where it cannot be compiled. */
export function nodeProblem(graph: Graph, node: Node, semantics: Semantics = 'tflm'): string | null {
  const folded = foldConstants(graph, semantics)
  return problemOf(
    () => lowerNode(folded, node, semantics),
    ({ detail, message }) => detail ?? message,
  )
}
