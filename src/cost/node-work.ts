import { nodeFacts } from '../graph/facts.ts'
import { dataTypeBits, elementCount, type Graph, type Node, numberAttribute, type Tensor } from '../graph/graph.ts'

/** Operators that cost alike, so that what was measured of one tells of the others. */
export type OpFamily =
  | 'conv 1x1'
  | 'conv kxk'
  | 'depthwise'
  | 'fully connected'
  | 'pool'
  | 'add'
  | 'softmax'
  | 'function'
  | 'move'
  | 'reshape'
  | 'other'

/** All families, dearest first. */
export const opFamilies: readonly OpFamily[] = [
  'conv 1x1',
  'conv kxk',
  'depthwise',
  'fully connected',
  'pool',
  'add',
  'softmax',
  'function',
  'move',
  'reshape',
  'other',
]

/** What a node computes, as far as its time depends on it. Lengths count elements, sizes bytes. */
export interface NodeWork {
  readonly op: string
  readonly family: OpFamily
  /** Of what it computes in: `int8`, `float32`, ... */
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
  depthwise_conv_2d: 'depthwise',
  fully_connected: 'fully connected',
  average_pool_2d: 'pool',
  max_pool_2d: 'pool',
  mean: 'pool',
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
  quantize: 'function',
  dequantize: 'function',
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

/** The family of an operator of the canonical form; a convolution's depends on its filter. */
export function familyOf(op: string, taps: number): OpFamily {
  return op === 'conv_2d' ? (taps === 1 ? 'conv 1x1' : 'conv kxk') : (families[op] ?? 'other')
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
    return {
      op: node.op,
      family: familyOf(node.op, height * width),
      dtype: input?.dtype ?? 'float32',
      macs: macs ?? 0,
      pixels: product(outShape.slice(0, -1)),
      inputChannels: node.op === 'fully_connected' ? (lengthsOf(tensors[1])[1] ?? 1) : (inShape.at(-1) ?? 1),
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
