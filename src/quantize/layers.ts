import { constantNumbers, lengthsOf } from '../formats/convert/constants.ts'
import type { Graph, Node, Tensor } from '../graph/graph.ts'

/** A layer with weights that can be changed: they are float constants that nothing else reads. */
export interface Layer {
  readonly node: Node
  readonly weights: Tensor
  /** Float values in the order of the weights' shape. */
  readonly values: readonly number[]
  /** Of each unit; empty where the layer has no bias. */
  readonly bias: readonly number[]
  readonly biasName: string | null
  readonly depthwise: boolean
  /** Channels of its input and of its output. */
  readonly inputs: number
  readonly units: number
  /** Which unit, and which channel of the input an element of the weights belongs to. */
  readonly unitOf: (index: number) => number
  readonly channelOf: (index: number) => number
}

const weightedOps: readonly string[] = ['conv_2d', 'depthwise_conv_2d', 'fully_connected']

function placesOf(node: Node, shape: readonly number[]): Pick<Layer, 'inputs' | 'units' | 'unitOf' | 'channelOf'> {
  if (node.op === 'depthwise_conv_2d') {
    const units = shape[3]!
    return { inputs: units, units, unitOf: (index) => index % units, channelOf: (index) => index % units }
  }
  const [units, depth] = [shape[0]!, shape.at(-1)!]
  const perUnit = shape.slice(1).reduce((a, b) => a * b, 1)
  return { inputs: depth, units, unitOf: (index) => Math.floor(index / perUnit), channelOf: (index) => index % depth }
}

/** A node as a layer; null for other operators, for grouped ones, and for weights that are shared or no constants. */
export function layerOf(graph: Graph, node: Node): Layer | null {
  if (!weightedOps.includes(node.op)) return null
  const weights = graph.tensors.get(node.inputs[1] ?? '')
  const bias = graph.tensors.get(node.inputs[2] ?? '')
  const shared = (name: string) => graph.nodes.filter(({ inputs }) => inputs.includes(name)).length > 1
  if (weights?.dtype !== 'float32' || !weights.data || shared(weights.name)) return null
  if (bias && (bias.dtype !== 'float32' || !bias.data || shared(bias.name))) return null
  const depthwise = node.op === 'depthwise_conv_2d'
  const shape = lengthsOf(weights)
  const channels = Number(graph.tensors.get(node.inputs[0]!)?.shape?.at(-1) ?? 0)
  const places = placesOf(node, shape)
  if (places.inputs !== channels && node.op !== 'fully_connected') return null
  const values = constantNumbers(weights)!
  return {
    node,
    weights,
    values,
    bias: constantNumbers(bias) ?? [],
    biasName: bias?.name ?? null,
    depthwise,
    ...places,
  }
}
