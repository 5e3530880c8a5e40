import { isMilliwattError } from '../core/errors.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { chooseKernel } from './kernels/choose.ts'
import { lowerGraph, lowerNode } from './lower/lower.ts'
import type { Semantics, Step } from './program.ts'

function problemOf(lower: () => readonly Step[]): string | null {
  try {
    for (const step of lower()) chooseKernel(step, 'scalar')
    return null
  } catch (error) {
    if (isMilliwattError(error)) return error.detail ? `${error.where}: ${error.detail}` : error.message
    throw error
  }
}

/** Why a graph cannot be compiled, naming node and operator: types, shapes and constants are looked at. Null if it can. */
export function compileProblem(graph: Graph, semantics: Semantics = 'tflm'): string | null {
  return problemOf(() => lowerGraph(graph, semantics).steps)
}

/** The same for one node of a graph, so that a graph can be cut where it cannot be compiled. */
export function nodeProblem(graph: Graph, node: Node, semantics: Semantics = 'tflm'): string | null {
  return problemOf(() => lowerNode(graph, node, semantics))
}
