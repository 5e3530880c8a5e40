import { MilliwattError } from '../core/errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { cutSegment, cuttable } from './cut-segment.ts'

/** Indices of the nodes that an output needs. */
function neededFor({ nodes }: Graph, output: string): ReadonlySet<number> {
  const maker = new Map(nodes.flatMap((node, index) => node.outputs.map((name) => [name, index] as const)))
  const needed = new Set<number>()
  const visit = (name: string) => {
    const index = maker.get(name)
    if (index === undefined || needed.has(index)) return
    needed.add(index)
    for (const input of nodes[index]!.inputs) visit(input)
  }
  visit(output)
  return needed
}

/** A model in two parts: what one of its outputs needs, and what is left to be done for the others. */
export interface ExitCut {
  readonly first: Segment
  readonly rest: Segment
}

/**
 * Cuts a model that answers at several depths behind one of its exits. The second part takes what it needs from the first.
 * @throws MilliwattError CUT_ILLEGAL for an output that it has not, or one that needs the whole model
 */
export function cutAtExit(model: Segment, output: string): ExitCut {
  const segment = cuttable(model)
  const { graph } = segment
  const where = graph.name || 'graph'
  if (!graph.outputs.includes(output))
    throw new MilliwattError('CUT_ILLEGAL', where, `It has no output "${output}", only ${graph.outputs.join(', ')}.`)
  const needed = neededFor(graph, output)
  const isFirst = graph.nodes.map((_, index) => needed.has(index))
  const order = [
    ...graph.nodes.filter((_, index) => isFirst[index]),
    ...graph.nodes.filter((_, index) => !isFirst[index]),
  ]
  const places = order.map((_, index) => (index < needed.size ? 'first' : 'rest'))
  const parts = cutSegment({ ...segment, graph: { ...graph, nodes: order } }, places)
  const [first, rest] = parts
  if (parts.length === 2 && first && rest) return { first: first.segment, rest: rest.segment }
  throw new MilliwattError('CUT_ILLEGAL', where, `Its output "${output}" needs all of it.`)
}
