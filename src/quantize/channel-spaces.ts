import { constantIntegers, type Graph, type Node } from '../graph/graph.ts'
import { type Layer, layerOf } from './layers.ts'

/** Activations that have the same channels: removing one means removing it from all of them. */
export interface ChannelSpace {
  readonly tensors: readonly string[]
  readonly channels: number
  /** Layers that make it, and depthwise ones that pass it on. */
  readonly producers: readonly Layer[]
  /** Layers that read it and make other channels. */
  readonly consumers: readonly Layer[]
}

/** Operators that keep every channel to itself. */
const channelwise: readonly string[] = [
  'relu',
  'relu6',
  'leaky_relu',
  'hard_swish',
  'logistic',
  'tanh',
  'average_pool_2d',
  'max_pool_2d',
  'pad',
  'reshape',
  'squeeze',
  'expand_dims',
  'mean',
  'add',
  'sub',
  'mul',
]

const lastOf = (graph: Graph, name: string) => graph.tensors.get(name)?.shape?.at(-1)
const isActivation = (graph: Graph, name: string) => name !== '' && !graph.tensors.get(name)?.data

/** Tells whether all activations at a node have the same channels, each kept to itself. */
function keepsChannels(graph: Graph, node: Node): boolean {
  if (node.domain !== 'tflite' || !channelwise.includes(node.op)) return false
  const constants = node.inputs.filter((name) => graph.tensors.get(name)?.data)
  if (constants.some((name) => graph.tensors.get(name)?.dtype === 'float32')) return false
  if (node.op === 'mean') {
    const rank = graph.tensors.get(node.inputs[0]!)?.shape?.length ?? 0
    const axes = constantIntegers(graph.tensors.get(node.inputs[1] ?? '')) ?? [rank - 1]
    if (axes.some((axis) => (axis + rank) % rank === rank - 1)) return false
  }
  const lasts = [...node.inputs, ...node.outputs]
    .filter((name) => isActivation(graph, name))
    .map((name) => lastOf(graph, name))
  return lasts.every((length) => length !== undefined && length === lasts[0])
}

interface Union {
  find(name: string): string
  join(a: string, b: string): void
}

function unionFind(): Union {
  const parent = new Map<string, string>()
  const find = (name: string): string => {
    const above = parent.get(name)
    return above === undefined || above === name ? name : find(above)
  }
  return { find, join: (a, b) => void parent.set(find(a), find(b)) }
}

/** The channel spaces of a float graph whose channels may be removed: neither its inputs nor its outputs are among them. */
export function channelSpaces(graph: Graph): readonly ChannelSpace[] {
  const union = unionFind()
  const fixed = new Set<string>([...graph.inputs, ...graph.outputs])
  const layers = graph.nodes.flatMap((node) => layerOf(graph, node) ?? [])
  const layerAt = new Map(layers.map((layer) => [layer.node, layer]))
  for (const node of graph.nodes) {
    const layer = layerAt.get(node)
    const activations = [...node.inputs, ...node.outputs].filter((name) => isActivation(graph, name))
    const [input, output] = [node.inputs[0]!, node.outputs[0]!]
    if (layer && !layer.depthwise) {
      if (layer.inputs !== lastOf(graph, input)) fixed.add(input)
    } else if (layer || keepsChannels(graph, node)) {
      for (const name of activations) union.join(name, output)
    } else for (const name of activations) fixed.add(name)
  }
  const fixedSpaces = new Set([...fixed].map(union.find))
  const members = new Map<string, string[]>()
  for (const name of new Set(graph.nodes.flatMap(({ outputs }) => outputs))) {
    const space = union.find(name)
    if (!fixedSpaces.has(space)) members.set(space, [...(members.get(space) ?? []), name])
  }
  return [...members.values()].flatMap((tensors) => {
    const producers = layers.filter(({ node }) => tensors.includes(node.outputs[0]!))
    const consumers = layers.filter(({ node, depthwise }) => !depthwise && tensors.includes(node.inputs[0]!))
    const channels = Number(lastOf(graph, tensors[0]!))
    return producers.length > 0 && consumers.length > 0 ? [{ tensors, channels, producers, consumers }] : []
  })
}
