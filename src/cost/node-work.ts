import { nodeFacts } from '../graph/facts.ts'
import { dataTypeBits, elementCount, type Graph, type Node, numberAttribute, type Tensor } from '../graph/graph.ts'

/** Operators that cost alike, so that what was measured of one tells of the others. */
export type OpFamily =
  | 'conv 1x1'
  | 'conv kxk'
  | 'conv stem'
  | 'depthwise'
  | 'depthwise odd'
  | 'depthwise line'
  | 'depthwise usual line'
  | 'fully connected'
  | 'pool'
  | 'mean'
  | 'add'
  | 'softmax'
  | 'function'
  | 'quantize'
  | 'move'
  | 'reshape'
  | 'other'

/** What a node computes, as far as its time depends on it. Lengths count elements, sizes bytes. */
export interface NodeWork {
  readonly op: string
  readonly family: OpFamily
  /** What it computes in: `int8`, `float32`, `float32 by int8` (weights), `int8 by channel` (weights, where unusual). */
  readonly dtype: string
  readonly macs: number
  /** Positions of the output: batch × height × width (rows of a matrix). */
  readonly pixels: number
  readonly inputChannels: number
  readonly outputChannels: number
  /** Filter height × width; 1 where there is none. */
  readonly taps: number
  /** Filter width; 1 where there is none. */
  readonly tapsWide: number
  /** Stride height × width. */
  readonly stride: number
  /** Width of the output: how long its rows are. */
  readonly rowLength: number
  readonly inputBytes: number
  readonly outputBytes: number
  readonly weightBytes: number
}

const families: Readonly<Record<string, OpFamily>> = {
  fully_connected: 'fully connected',
  average_pool_2d: 'pool',
  max_pool_2d: 'pool',
  mean: 'mean',
  sum: 'mean',
  add: 'add',
  mul: 'add',
  sub: 'add',
  softmax: 'softmax',
  logistic: 'function',
  tanh: 'function',
  relu: 'function',
  relu6: 'function',
  hard_swish: 'function',
  leaky_relu: 'function',
  quantize: 'quantize',
  dequantize: 'quantize',
  pad: 'move',
  padv2: 'move',
  concatenation: 'move',
  slice: 'move',
  strided_slice: 'move',
  split: 'move',
  transpose: 'move',
  reshape: 'reshape',
  squeeze: 'reshape',
  expand_dims: 'reshape',
}

/** Convolutions of so few input channels are a model's first: engines gather their windows in another way. */
const stemChannels = 4

/** Depthwise filters of so many taps (3×3, 5×5) have kernels of their own in most engines, others a slow general one. */
const usualTaps: readonly number[] = [9, 25]

/** Filters of one column slide along time alone: nothing is cut at the ends of rows, and many engines treat them apart. */
function depthwiseFamily(height: number, width: number): OpFamily {
  const isUsual = usualTaps.includes(height * width)
  if (width === 1) return isUsual ? 'depthwise usual line' : 'depthwise line'
  return isUsual ? 'depthwise' : 'depthwise odd'
}

/** The family of an operator of the canonical form; a convolution's depends on its filter and its input channels. */
function familyOf(op: string, [height, width]: readonly [number, number], inputChannels: number): OpFamily {
  if (op === 'depthwise_conv_2d') return depthwiseFamily(height, width)
  if (op !== 'conv_2d') return families[op] ?? 'other'
  if (height * width === 1) return 'conv 1x1'
  return inputChannels <= stemChannels ? 'conv stem' : 'conv kxk'
}

/** What is computed in: the activations' type, and what is unusual of the weights. */
function typeOf(op: string, input: Tensor | undefined, weights: Tensor | undefined): string {
  const dtype = input?.dtype ?? 'float32'
  if (!weights?.data || op === 'reshape') return dtype
  if (dtype === 'float32' && weights.dtype === 'int8') return 'float32 by int8'
  const byChannel = op === 'fully_connected' && (weights.quantization?.scales.length ?? 1) > 1
  return byChannel ? `${dtype} by channel` : dtype
}

const product = (lengths: readonly number[]): number => lengths.reduce((all, length) => all * length, 1)

/** Bytes of a tensor; lengths that are open count as 1. */
export function bytesOf({ shape, dtype }: Tensor): number {
  const count = elementCount(shape) ?? product((shape ?? []).map((length) => Number(length) || 1))
  return Math.ceil((count * dataTypeBits[dtype]) / 8)
}

/** Height and width of a node's filter, from its weights or its options. */
function filterOf(node: Node, weights: readonly number[]): readonly [number, number] {
  if (/conv_2d$/.test(node.op) && weights.length === 4) return [weights[1]!, weights[2]!]
  return [numberAttribute(node, 'filterH', 1), numberAttribute(node, 'filterW', 1)]
}

const lengthsOf = (tensor: Tensor | undefined): readonly number[] =>
  (tensor?.shape ?? []).map((length) => (typeof length === 'number' ? length : 1))

/**
 * The work of every node of a graph in canonical form, in its order. Open lengths count as 1.
 * @throws nothing: operators without a family are `other`
 */
export function graphWork(graph: Graph): readonly NodeWork[] {
  const facts = nodeFacts(graph)
  return graph.nodes.map((node, index) => {
    const tensors = node.inputs.map((name) => graph.tensors.get(name))
    const computed = tensors.filter((tensor) => tensor && !tensor.data) as readonly Tensor[]
    const outputs = node.outputs.flatMap((name) => graph.tensors.get(name) ?? [])
    const input = computed[0] ?? tensors[0]
    const output = outputs[0]
    const [height, width] = filterOf(node, lengthsOf(tensors[1]))
    const [inShape, outShape] = [lengthsOf(input), lengthsOf(output)]
    const { macs, weightBytes } = facts[index]!
    const inputChannels = node.op === 'fully_connected' ? (lengthsOf(tensors[1])[1] ?? 1) : (inShape.at(-1) ?? 1)
    return {
      op: node.op,
      family: familyOf(node.op, [height, width], inputChannels),
      dtype: typeOf(node.op, input, tensors[1]),
      macs: macs ?? 0,
      pixels: product(outShape.slice(0, -1)),
      inputChannels,
      outputChannels: outShape.at(-1) ?? 1,
      taps: height * width,
      tapsWide: width,
      stride: numberAttribute(node, 'strideH', 1) * numberAttribute(node, 'strideW', 1),
      rowLength: outShape.length > 2 ? outShape.at(-2)! : 1,
      inputBytes: computed.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
      outputBytes: outputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
      weightBytes,
    }
  })
}
