import type { Graph } from '../graph/graph.ts'
import { bytesOf } from './node-work.ts'

/** Memory of a segment in bytes. */
export interface SegmentMemory {
  /** Constants: weights, biases, tables. */
  readonly weightBytes: number
  /** Most that is alive at once of what is computed: a lower bound of any arena. */
  readonly arenaBytes: number
}

/** Memory that a graph needs, whoever runs it: its constants, and its values from where they are made to their last reader. */
export function segmentMemory(graph: Graph): SegmentMemory {
  const tensors = [...graph.tensors.values()]
  const weightBytes = tensors.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
  const first = new Map<string, number>(graph.inputs.map((name) => [name, 0]))
  const last = new Map<string, number>()
  graph.nodes.forEach((node, index) => {
    for (const name of node.inputs) last.set(name, index)
    for (const name of node.outputs) first.set(name, index)
  })
  for (const name of graph.outputs) last.set(name, graph.nodes.length)
  const alive = new Float64Array(graph.nodes.length + 1)
  for (const tensor of tensors) {
    const from = first.get(tensor.name)
    if (tensor.data || from === undefined) continue
    for (let at = from; at <= (last.get(tensor.name) ?? from); at++) alive[at] = alive[at]! + bytesOf(tensor)
  }
  return { weightBytes, arenaBytes: Math.max(...alive) }
}
