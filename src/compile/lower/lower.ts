import type { Graph, Node } from '../../graph/graph.ts'
import type { Program, Semantics, Step } from '../program.ts'
import { lowerAdd } from './add.ts'
import { type LowerContext, refuse, toValue } from './context.ts'
import { lowerConv, lowerDepthwise } from './conv.ts'
import { lowerFullyConnected } from './fully-connected.ts'
import { lowerMove } from './move.ts'
import { lowerPool } from './pool.ts'
import { lowerDequantize, lowerQuantize } from './quantize.ts'
import { lowerReduce } from './reduce.ts'
import { lowerReshape } from './reshape.ts'
import { lowerSoftmax } from './softmax.ts'
import { lowerPairTable, lowerTable } from './table.ts'

type Lowering = (context: LowerContext) => Step | readonly Step[]

const all = (lowering: Lowering, ...ops: readonly string[]) => Object.fromEntries(ops.map((op) => [op, lowering]))

/** How a node becomes a step, by operator of the domain "tflite". */
const lowerings: Readonly<Record<string, Lowering>> = {
  ...all(lowerTable, 'logistic', 'tanh', 'hard_swish', 'relu', 'relu6', 'relu_n1_to_1', 'leaky_relu', 'abs'),
  ...all(lowerPairTable, 'sub', 'mul', 'maximum', 'minimum', 'prelu'),
  ...all(
    lowerMove,
    'pad',
    'concatenation',
    'slice',
    'strided_slice',
    'transpose',
    'split',
    'split_v',
    'gather',
    'pack',
  ),
  ...all(lowerMove, 'unpack', 'space_to_depth', 'depth_to_space', 'mirror_pad', 'resize_nearest_neighbor'),
  conv_2d: lowerConv,
  depthwise_conv_2d: lowerDepthwise,
  fully_connected: lowerFullyConnected,
  average_pool_2d: lowerPool,
  max_pool_2d: lowerPool,
  add: lowerAdd,
  softmax: lowerSoftmax,
  quantize: lowerQuantize,
  dequantize: lowerDequantize,
  ...all(lowerReduce, 'mean', 'sum', 'reduce_max', 'reduce_min'),
  reshape: lowerReshape,
  squeeze: lowerReshape,
  expand_dims: lowerReshape,
}

/** Whether the compiler has an operator; types and shapes are checked when it is lowered. */
export function isCompiled(node: Node): boolean {
  return node.domain === 'tflite' && node.op in lowerings
}

/** A graph as a program. @throws MilliwattError OP_UNSUPPORTED that names the first node which cannot be compiled */
export function lowerGraph(graph: Graph, semantics: Semantics): Program {
  const value = (name: string) => toValue(graph.tensors.get(name)!)
  const steps = graph.nodes.flatMap((node) => {
    const context: LowerContext = { graph, node, semantics }
    const lowering = node.domain === 'tflite' ? lowerings[node.op] : undefined
    if (!lowering) throw refuse(context, 'the compiler does not have this operator')
    return lowering(context)
  })
  return { name: graph.name, semantics, inputs: graph.inputs.map(value), outputs: graph.outputs.map(value), steps }
}
