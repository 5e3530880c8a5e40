import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { numberAttribute } from '../../graph/graph.ts'

/** Inputs of an operator that form scale and zero point of the tensor before them: [tensor, scale, zero point]. */
const triples: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  QuantizeLinear: [[0, 1, 2]],
  DequantizeLinear: [[0, 1, 2]],
  QLinearConv: [
    [0, 1, 2],
    [3, 4, 5],
  ],
  QLinearMatMul: [
    [0, 1, 2],
    [3, 4, 5],
  ],
}

function float32s({ data }: Tensor): Float32Array {
  const bytes = Uint8Array.from(data!)
  return new Float32Array(bytes.buffer, 0, bytes.length >> 2)
}

function scaleFault(scale: Tensor): string | null {
  if (scale.dtype !== 'float32' || !scale.data) return null
  const values = float32s(scale)
  if (values.length === 0) return `has no scale in "${scale.name}"`
  const bad = values.find((value) => !(value > 0 && value < Number.POSITIVE_INFINITY))
  return bad === undefined ? null : `has the scale ${bad} in "${scale.name}"`
}

/** One scale for all, or one a slice along the axis; blocks of the axis have the tensor's rank. */
function lengthFault(node: Node, tensor: Tensor | undefined, scale: Tensor): string | null {
  if (scale.shape?.length !== 1 || scale.shape[0] === 1 || !tensor?.shape) return null
  const rank = tensor.shape.length
  const axis = numberAttribute(node, 'axis', node.op.startsWith('QLinear') ? 0 : 1)
  const length = tensor.shape[axis < 0 ? axis + rank : axis]
  if (typeof length === 'string' || length === scale.shape[0]) return null
  return `has ${scale.shape[0]} scales along axis ${axis} of [${tensor.shape}]`
}

function zeroPointFault(scale: Tensor, zeroPoint: Tensor | undefined): string | null {
  const same = !zeroPoint?.shape || String(zeroPoint.shape) === String(scale.shape ?? [])
  const one = zeroPoint?.shape?.every((length) => length === 1) && scale.shape?.every((length) => length === 1)
  return same || one ? null : `has zero points [${zeroPoint.shape}] for scales [${scale.shape}]`
}

/** What is wrong with the quantisation that a node states; null when nothing is, or it is computed. */
function nodeFault(graph: Graph, node: Node): string | null {
  const at = (index: number) => graph.tensors.get(node.inputs[index] ?? '')
  for (const [tensor, scale, zeroPoint] of node.domain === '' ? (triples[node.op] ?? []) : []) {
    const scales = at(scale)
    if (!scales?.data) continue
    const fault = scaleFault(scales) ?? lengthFault(node, at(tensor), scales) ?? zeroPointFault(scales, at(zeroPoint))
    if (fault) return fault
  }
  return null
}

/** The first node whose constant scales or zero points cannot be, in words; null when there is none. */
export function quantizerFault(graph: Graph): string | null {
  for (const node of graph.nodes) {
    const fault = nodeFault(graph, node)
    if (fault) return `node "${node.name || node.op}" ${fault}`
  }
  return null
}
