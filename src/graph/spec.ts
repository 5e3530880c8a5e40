import { MilliwattError } from '../core/errors.ts'
import { dataTypeBits, elementCount, type Graph, type Node, type Tensor } from './graph.ts'
import { maxElements, maxRank } from './limits.ts'

function checkTensor(tensor: Tensor): string | null {
  const at = `tensor "${tensor.name}"`
  if ((tensor.shape?.length ?? 0) > maxRank) return `${at} has ${tensor.shape?.length} dimensions`
  const bad = tensor.shape?.find(
    (dimension) => typeof dimension === 'number' && !(Number.isSafeInteger(dimension) && dimension >= 0),
  )
  if (bad !== undefined) return `${at} has the dimension ${bad}`
  const count = elementCount(tensor.shape)
  if ((count ?? 0) > maxElements) return `${at} has more than ${maxElements} elements`
  if (!tensor.data || count === null || dataTypeBits[tensor.dtype] === 0) return null
  const bytes = Math.ceil((count * dataTypeBits[tensor.dtype]) / 8)
  if (bytes === tensor.data.length) return null
  return `${at} holds ${tensor.data.length} bytes, but its shape needs ${bytes}`
}

function checkNode(node: Node, defined: Set<string>): string | null {
  const missing = node.inputs.find((name) => name !== '' && !defined.has(name))
  if (missing !== undefined)
    return `node "${node.name || node.op}" reads "${missing}", which nothing before it makes (a cycle or a wrong order)`
  const twice = node.outputs.find((name) => name !== '' && defined.has(name))
  if (twice !== undefined) return `tensor "${twice}" is made twice`
  for (const name of node.outputs) defined.add(name)
  return null
}

/**
 * Checks that a graph is legal: every tensor is made once and before it is read (state is always there), constants are as long as
 * their shapes say, inputs and outputs exist. Gives the graph back.
 * @throws MilliwattError MODEL_ILLEGAL naming the node or tensor
 */
export function checkGraph(graph: Graph, where: string): Graph {
  const present = [...graph.tensors.values()].filter((tensor) => tensor.data || tensor.variable)
  const defined = new Set([...graph.inputs, ...present.map((tensor) => tensor.name)])
  const complaints = [
    ...[...graph.tensors.values()].map(checkTensor),
    ...graph.nodes.map((node) => checkNode(node, defined)),
    ...graph.outputs.map((name) => (defined.has(name) ? null : `output "${name}" is never made`)),
    graph.outputs.length === 0 ? 'it has no output' : null,
  ]
  const first = complaints.find((complaint) => complaint !== null)
  if (first) throw new MilliwattError('MODEL_ILLEGAL', where, `${first[0]!.toUpperCase()}${first.slice(1)}.`)
  return graph
}
