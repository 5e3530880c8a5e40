import { type Graph, type Node, numberAttribute, type Tensor } from '../../graph/graph.ts'
import { paddingRule } from './write-options.ts'

const convolutions = new Set(['conv_2d', 'depthwise_conv_2d'])

function paddings(node: Node): readonly number[] {
  const pad = (side: string) => numberAttribute(node, `pad${side}`, 0)
  return [0, 0, pad('Top'), pad('Bottom'), pad('Left'), pad('Right'), 0, 0]
}

function padNode(node: Node, source: Tensor): { readonly nodes: readonly Node[]; readonly tensors: readonly Tensor[] } {
  const amounts = paddings(node)
  const list: Tensor = {
    name: `${node.outputs[0]}/paddings`,
    dtype: 'int32',
    shape: [4, 2],
    data: new Uint8Array(Int32Array.from(amounts).buffer),
  }
  const shape = source.shape!.map((length, axis) => Number(length) + amounts[2 * axis]! + amounts[2 * axis + 1]!)
  const { data: _data, ...padded } = { ...source, name: `${node.outputs[0]}/padded`, shape }
  const pad: Node = {
    name: `${node.name}/pad`,
    op: 'pad',
    domain: 'tflite',
    inputs: [source.name, list.name],
    outputs: [padded.name],
    attributes: {},
  }
  const attributes = { ...node.attributes, padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }
  return {
    nodes: [pad, { ...node, inputs: [padded.name, ...node.inputs.slice(1)], attributes }],
    tensors: [list, padded],
  }
}

/**
 * Gives convolutions whose pads neither SAME nor VALID describes a PAD before them, as TFLite knows only these two
 * rules. The values stay the same: PAD fills with the zero point. Other nodes are left as they are.
 */
export function withPadNodes(graph: Graph): Graph {
  const tensors = new Map(graph.tensors)
  const nodes = graph.nodes.flatMap((node) => {
    const source = graph.tensors.get(node.inputs[0] ?? '')
    if (!convolutions.has(node.op) || !source?.shape || paddingRule(node, graph)) return [node]
    const made = padNode(node, source)
    for (const tensor of made.tensors) tensors.set(tensor.name, tensor)
    return made.nodes
  })
  return { ...graph, nodes, tensors }
}
