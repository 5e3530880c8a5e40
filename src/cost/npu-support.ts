import { type Graph, type Node, numberAttribute } from '../graph/graph.ts'
import { opDefOf } from '../graph/op-defs.ts'
import { inferShapes } from '../graph/shapes.ts'
import { tensorTypes } from '../graph/tensor-types.ts'
import type { NpuModel, NpuOp } from './npu-model.ts'
import { workingSets } from './working-set.ts'

/** What is asked of a graph again and again, node by node. */
interface Known {
  readonly shapes: ReturnType<typeof inferShapes>
  readonly types: ReturnType<typeof tensorTypes>
  /** Bytes of the activations that live while a node runs. */
  readonly sets: ReadonlyMap<Node, number>
}

const known = new WeakMap<Graph, Known>()

function knownOf(graph: Graph): Known {
  const there = known.get(graph)
  if (there) return there
  const sets = workingSets(graph)
  const made = {
    shapes: inferShapes(graph),
    types: tensorTypes(graph),
    sets: new Map(graph.nodes.map((node, index) => [node, sets[index]!])),
  }
  known.set(graph, made)
  return made
}

/** Sizes of a node that limits speak of. */
type Sizes = Readonly<Record<keyof NpuOp['limits'], number>>

const words: Readonly<Record<keyof Sizes, string>> = {
  kernelHeightElements: 'kernel height',
  kernelWidthElements: 'kernel width',
  kernelElements: 'kernel size',
  strideElements: 'stride',
  channelCount: 'number of channels',
}

/** Kernel with its dilation, of a pool from its attributes and of a convolution from its weights (OHWI and 1HWC alike). */
function sizesOf(graph: Graph, node: Node): Sizes {
  const { shapes } = knownOf(graph)
  const weights = opDefOf(node)?.weightInputs ? shapes.get(node.inputs[1] ?? '') : undefined
  const [height, width] = weights?.length === 4 ? [Number(weights[1]), Number(weights[2])] : [1, 1]
  const reach = (length: number, dilation: string) => (length - 1) * numberAttribute(node, dilation, 1) + 1
  const kernelHeightElements = reach(numberAttribute(node, 'filterH', height), 'dilationH')
  const kernelWidthElements = reach(numberAttribute(node, 'filterW', width), 'dilationW')
  // A window that is put down once does not stride.
  const output = shapes.get(node.outputs[0] ?? '')
  const stride = (name: string, axis: number) => (output?.[axis] === 1 ? 1 : numberAttribute(node, name, 1))
  const channels = [...node.inputs.slice(0, 1), ...node.outputs].map((name) => Number(shapes.get(name)?.at(-1) ?? 0))
  return {
    kernelHeightElements,
    kernelWidthElements,
    kernelElements: kernelHeightElements * kernelWidthElements,
    strideElements: Math.max(stride('strideH', 1), stride('strideW', 2)),
    channelCount: Math.max(...channels),
  }
}

function limitProblem(graph: Graph, node: Node, { limits }: NpuOp): string | null {
  const sizes = sizesOf(graph, node)
  const over = (Object.keys(words) as (keyof Sizes)[]).find((key) => sizes[key] > limits[key])
  return over ? `its ${words[over]} is ${sizes[over]}, at most ${limits[over]} is taken` : null
}

/** Activations must be of declared types; constants may hold what the operator wants (biases, axes). */
function typeProblem(graph: Graph, node: Node, dtypes: ReadonlySet<string>): string | null {
  const { types } = knownOf(graph)
  const computed = [...node.inputs, ...node.outputs].filter((name) => name !== '' && !graph.tensors.get(name)?.data)
  const name = computed.find((each) => !dtypes.has(types.get(each) ?? 'float32'))
  if (name !== undefined) return `it runs ${[...dtypes].join(' and ')}, and "${name}" is ${types.get(name)}`
  const weights = (opDefOf(node)?.weightInputs ?? []).map((index) => graph.tensors.get(node.inputs[index] ?? ''))
  const float = weights.find((tensor) => tensor?.data && tensor.dtype.startsWith('float'))
  return float ? `it runs ${[...dtypes].join(' and ')}, and the weights "${float.name}" are ${float.dtype}` : null
}

function memoryProblem(graph: Graph, node: Node, { spill, sramBytes }: NpuModel): string | null {
  if (spill === 'charged') return null
  const bytes = knownOf(graph).sets.get(node) ?? 0
  return bytes > sramBytes ? `its activations take ${bytes} bytes, the SRAM has ${sramBytes}` : null
}

/**
 * Why a node of a canonical graph cannot run on a simulated accelerator, as the end of a sentence; null when it can.
 * @param graph the graph that it is part of; without it only the operator is looked at
 */
export function npuProblem(node: Node, model: NpuModel, graph?: Graph): string | null {
  const op = node.domain === 'tflite' && node.attributes.custom !== 1 ? model.ops.get(node.op) : undefined
  if (!op) return `${model.id} does not have ${node.domain || 'ai.onnx'}:${node.op}`
  if (!graph) return null
  return typeProblem(graph, node, model.dtypes) ?? limitProblem(graph, node, op) ?? memoryProblem(graph, node, model)
}
