import { type DataType, elementCount, type Graph, type Node, type Tensor } from '../../graph/graph.ts'
import type { Quantization } from '../../graph/quantization.ts'

const convolutions = new Set(['conv_2d', 'depthwise_conv_2d'])

/** Type of a bias by that of the activations. */
const biasTypes: Readonly<Partial<Record<DataType, DataType>>> = {
  float32: 'float32',
  int8: 'int32',
  uint8: 'int32',
  int16: 'int64',
}

function biasQuantization(x: Tensor, weights: Tensor): Quantization | null {
  const [inputs, channels] = [x.quantization?.scales[0], weights.quantization]
  if (inputs === undefined || !channels) return null
  const scales = channels.scales.map((scale) => Math.fround(inputs * scale))
  return { scales, zeroPoints: scales.map(() => 0), axis: channels.axis === null ? null : 0 }
}

function zeroBias(node: Node, graph: Graph): Tensor | null {
  const [x, weights] = node.inputs.map((name) => graph.tensors.get(name))
  const channels = graph.tensors.get(node.outputs[0] ?? '')?.shape?.at(-1)
  const dtype = x && biasTypes[x.dtype]
  if (!dtype || !weights || typeof channels !== 'number') return null
  const quantization = dtype === 'float32' ? null : biasQuantization(x, weights)
  const data = new Uint8Array(elementCount([channels, dtype === 'int64' ? 8 : 4])!)
  const name = `${node.outputs[0]}/bias`
  return { name, dtype, shape: [channels], data, ...(quantization ? { quantization } : {}) }
}

/** Gives convolutions without a bias one of zeros: TensorFlow Lite refuses them without. Values stay the same. */
export function withZeroBiases(graph: Graph): Graph {
  const tensors = new Map(graph.tensors)
  const nodes = graph.nodes.map((node) => {
    const bias = convolutions.has(node.op) && !node.inputs[2] ? zeroBias(node, graph) : null
    if (!bias) return node
    tensors.set(bias.name, bias)
    return { ...node, inputs: [...node.inputs.slice(0, 2), bias.name] }
  })
  return { ...graph, nodes, tensors }
}
