import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { numberAttribute } from '../../graph/graph.ts'

/** Inputs of an operator that belong together, and the axis along which there may be one scale a slice. */
interface QuantizedInput {
  readonly tensor: number
  readonly scale: number
  readonly zeroPoint: number
  readonly axis: number | 'attribute'
}

const first = (axis: QuantizedInput['axis']): QuantizedInput => ({ tensor: 0, scale: 1, zeroPoint: 2, axis })
const second = (axis: number): QuantizedInput => ({ tensor: 3, scale: 4, zeroPoint: 5, axis })

/** By operator of the standard set: weights of a convolution by output channel, factors of a product by row and column. */
const quantizedInputs: Readonly<Record<string, readonly QuantizedInput[]>> = {
  QuantizeLinear: [first('attribute')],
  DequantizeLinear: [first('attribute')],
  QLinearConv: [first(0), second(0)],
  QLinearMatMul: [first(-2), second(-1)],
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

/** One scale for all, or one a slice along the axis; one a block of it is another rule. */
function lengthFault(node: Node, input: QuantizedInput, tensor: Tensor | undefined, scale: Tensor): string | null {
  if (scale.shape?.length !== 1 || scale.shape[0] === 1 || !tensor?.shape) return null
  if (numberAttribute(node, 'block_size', 0) !== 0) return null
  const rank = tensor.shape.length
  const axis = input.axis === 'attribute' ? numberAttribute(node, 'axis', 1) : input.axis
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
  for (const input of node.domain === '' ? (quantizedInputs[node.op] ?? []) : []) {
    const scale = at(input.scale)
    if (!scale?.data) continue
    const fault =
      scaleFault(scale) ??
      lengthFault(node, input, at(input.tensor), scale) ??
      zeroPointFault(scale, at(input.zeroPoint))
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
