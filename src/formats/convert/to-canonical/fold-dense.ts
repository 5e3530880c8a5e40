import { constantIntegers, type Graph, type Node, type Tensor } from '../../../graph/graph.ts'
import { lengthsOf, permuteConstant, product } from '../constants.ts'
import { dropUnread, replaceNodes, soleConsumer, type Wiring, wiringOf } from './wiring.ts'

/** Three nodes in a row that only FULLY_CONNECTED reads. */
interface Chain {
  readonly transpose: Node
  readonly reshape: Node
  readonly dense: Node
}

function chainFrom(wiring: Wiring, transpose: Node): Chain | null {
  if (transpose.op !== 'transpose') return null
  const reshape = soleConsumer(wiring, transpose.outputs[0]!)
  const dense = reshape?.op === 'reshape' ? soleConsumer(wiring, reshape.outputs[0]!) : null
  if (!reshape || dense?.op !== 'fully_connected' || dense.inputs[0] !== reshape.outputs[0]) return null
  return { transpose, reshape, dense }
}

/** The weights [out, in] with their columns in the order of the elements before the transpose. */
function reorder(weights: Tensor, source: readonly number[], order: readonly number[]): Tensor | null {
  const [units, depth] = lengthsOf(weights) as [number, number]
  const { quantization } = weights
  if (product(source.slice(1)) !== depth || order[0] !== 0 || (quantization?.axis ?? 0) !== 0) return null
  const seen = order.slice(1).map((axis) => source[axis]!)
  const back = source.slice(1).map((_, axis) => order.indexOf(axis + 1))
  const permuted = permuteConstant({ ...weights, shape: [units, ...seen] }, [0, ...back])
  return { ...permuted, shape: [units, depth] }
}

/**
 * A FULLY_CONNECTED that reads channels first, as ONNX flattens them, takes its weights in the order of the NHWC
 * tensor instead: the transpose is gone, the sums are over the same products.
 */
export function foldDense(graph: Graph): Graph {
  const wiring = wiringOf(graph)
  const moves = new Map<Node, readonly Node[]>()
  const added: Tensor[] = []
  for (const node of graph.nodes) {
    const chain = chainFrom(wiring, node)
    const source = graph.tensors.get(node.inputs[0] ?? '')
    const order = constantIntegers(graph.tensors.get(node.inputs[1] ?? ''))
    const weights = chain && graph.tensors.get(chain.dense.inputs[1]!)
    const reordered = source && order && weights?.data ? reorder(weights, lengthsOf(source), order) : null
    if (!chain || !reordered) continue
    const name = `${reordered.name}/nhwc`
    added.push({ ...reordered, name })
    moves.set(chain.transpose, [])
    moves.set(chain.reshape, [{ ...chain.reshape, inputs: [node.inputs[0]!, ...chain.reshape.inputs.slice(1)] }])
    const [x, , ...rest] = chain.dense.inputs
    moves.set(chain.dense, [{ ...chain.dense, inputs: [x!, name, ...rest] }])
  }
  return dropUnread(replaceNodes(graph, moves, added))
}
