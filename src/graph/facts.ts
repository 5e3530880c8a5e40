import { type Dimension, dataTypeBits, elementCount, type Graph, type Node, type Tensor } from './graph.ts'
import { opDefOf } from './op-defs.ts'
import { inferShapes, opContext } from './shapes.ts'

/** Facts of a model, read from its content; a file's name proves nothing. */
export interface ModelFacts {
  /**
   * What the heavy operators compute in: the weights' type when weights and activations are both quantised
   * (`int8`), `int8 weights` when only the weights are, else the float type.
   */
  readonly dtype: string
  /** Trained values: weights and biases, scales and zero points not counted. */
  readonly parameters: number
  readonly weightBytes: number
  /** Multiply-accumulates of one inference; null when a heavy operator's shape is not known. */
  readonly macs: number | null
  /** How often each operator occurs, most frequent first. */
  readonly ops: readonly (readonly [string, number])[]
}

type Producers = ReadonlyMap<string, Node>

/** The constant behind a tensor, looking through DequantizeLinear. */
function constantBehind(graph: Graph, producers: Producers, name: string): Tensor | null {
  const tensor = graph.tensors.get(name)
  if (tensor?.data) return tensor
  const maker = producers.get(name)
  return maker?.op === 'DequantizeLinear' ? constantBehind(graph, producers, maker.inputs[0]!) : null
}

function weightsOf(graph: Graph, producers: Producers, node: Node): readonly Tensor[] {
  const inputs = opDefOf(node)?.weightInputs ?? []
  return inputs.flatMap((index) => {
    const name = node.inputs[index]
    const tensor = name ? constantBehind(graph, producers, name) : null
    return tensor ? [tensor] : []
  })
}

/** Integers on the first input: by its type in a canonical graph, by a dequantisation before it in ONNX. */
function hasIntegerActivations(graph: Graph, producers: Producers, node: Node): boolean {
  const name = node.inputs[0] ?? ''
  if (node.domain === 'tflite') return !graph.tensors.get(name)?.dtype.startsWith('float')
  return producers.get(name)?.op === 'DequantizeLinear'
}

function computeType(graph: Graph, producers: Producers, node: Node): string | null {
  const weight = weightsOf(graph, producers, node)[0]
  if (!weight) return null
  if (weight.dtype.startsWith('float')) return weight.dtype
  return hasIntegerActivations(graph, producers, node) ? weight.dtype : `${weight.dtype} weights`
}

/** Facts of one node. */
export interface NodeFacts {
  readonly node: Node
  /** Shape of the first output; null where it is not known. */
  readonly shape: readonly Dimension[] | null
  /** Multiply-accumulates of one run: 0 where none are worth counting, null where the shape is not known. */
  readonly macs: number | null
  /** Bytes of the trained values that it reads; values that several nodes share count at each. */
  readonly weightBytes: number
}

const producersOf = (graph: Graph): Producers =>
  new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))

const bytesOf = ({ shape, dtype }: Tensor): number => Math.ceil(((elementCount(shape) ?? 0) * dataTypeBits[dtype]) / 8)

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Facts of every node, in the graph's order. */
export function nodeFacts(graph: Graph): readonly NodeFacts[] {
  const shapes = inferShapes(graph)
  const producers = producersOf(graph)
  return graph.nodes.map((node) => {
    const shape = shapes.get(node.outputs[0] ?? '') ?? null
    const macs = opDefOf(node)?.macs
    return {
      node,
      shape,
      macs: macs ? shape && macs(opContext(graph, node, shapes), shape) : 0,
      weightBytes: total(weightsOf(graph, producers, node).map(bytesOf)),
    }
  })
}

/** Multiply-accumulates of all that one output of a graph needs; null when a heavy operator's shape is not known. */
export function outputMacs(graph: Graph, output: string): number | null {
  const producers = producersOf(graph)
  const needed = new Set<Node>()
  const open = [output]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const maker = producers.get(name)
    if (!maker || needed.has(maker)) continue
    needed.add(maker)
    open.push(...maker.inputs)
  }
  const nodes = nodeFacts(graph).filter(({ node }) => needed.has(node))
  return nodes.some(({ macs }) => macs === null) ? null : total(nodes.map(({ macs }) => macs!))
}

function macsOf(graph: Graph): number | null {
  return nodeFacts(graph).reduce<number | null>(
    (sum, { macs }) => (sum === null || macs === null ? null : sum + macs),
    0,
  )
}

function countOps(graph: Graph): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const node of graph.nodes) counts.set(node.op, (counts.get(node.op) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

/** Reads the facts of a model from its graph. Several compute types are joined by `+`. */
export function modelFacts(graph: Graph): ModelFacts {
  const producers = producersOf(graph)
  const weights = new Map(
    graph.nodes.flatMap((node) => weightsOf(graph, producers, node)).map((tensor) => [tensor.name, tensor]),
  )
  const heavy = graph.nodes.filter((node) => opDefOf(node)?.macs)
  const types = new Set(heavy.map((node) => computeType(graph, producers, node)).filter((type) => type !== null))
  const trained = [...weights.values()]
  return {
    dtype: [...types].sort().join('+') || 'none',
    parameters: total(trained.map((tensor) => elementCount(tensor.shape) ?? 0)),
    weightBytes: total(trained.map(bytesOf)),
    macs: macsOf(graph),
    ops: countOps(graph),
  }
}
