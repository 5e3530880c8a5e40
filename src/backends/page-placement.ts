import type { Graph } from '../graph/graph.ts'
import { copyOps, ownName } from './onnxruntime-placement.ts'
import { type PlacedNode, type Placement, processor } from './placement.ts'

/**
 * Reads where onnxruntime placed every node out of its verbose log (`VerifyEachNodeIsAssignedToAnEp`): one line for
 * all, or a line for each provider with its nodes below. Null when the log does not tell.
 */
export function placementFromLog(lines: readonly string[], graph: Graph, accelerator: string): Placement | null {
  const at = (provider: string | undefined) => (provider === 'CPUExecutionProvider' ? processor : accelerator)
  const names = graph.nodes.map(({ name }) => name)
  const nodes: PlacedNode[] = []
  let copies = 0
  let place: string | null = null
  for (const line of lines.filter((each) => each.includes('VerifyEachNodeIsAssignedToAnEp'))) {
    const all = /All nodes placed on \[(\w+)\]/.exec(line)
    if (all) return { accelerator, nodes: graph.nodes.map(({ name, op }) => ({ name, op, at: at(all[1]) })) }
    const some = /Node\(s\) placed on \[(\w+)\]/.exec(line)
    const node = /\]\s+(\w+) \((.*)\)\s*$/.exec(line)
    if (some) place = at(some[1])
    else if (node && place !== null && copyOps.has(node[1]!)) copies += 1
    else if (node && place !== null) nodes.push({ name: ownName(node[2]!, names), op: node[1]!, at: place })
  }
  return nodes.length > 0 ? { accelerator, nodes, copies } : null
}
