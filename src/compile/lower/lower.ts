import { MilliwattError } from '../../core/errors.ts'
import { checkShapes } from '../../graph/check-shapes.ts'
import type { Graph, Node } from '../../graph/graph.ts'
import type { Program, Semantics, Step, Value } from '../program.ts'
import { lowerAdd } from './add.ts'
import { type LowerContext, refuse, tensorAt, toValue } from './context.ts'
import { lowerConv, lowerDepthwise } from './conv.ts'
import { lowerFloatBinary, lowerFloatUnary } from './float-elementwise.ts'
import { lowerFullyConnected } from './fully-connected.ts'
import { lowerMove } from './move.ts'
import { lowerPool } from './pool.ts'
import { lowerDequantize, lowerQuantize } from './quantize.ts'
import { lowerReduce } from './reduce.ts'
import { lowerReshape } from './reshape.ts'
import { lowerSoftmax } from './softmax.ts'
import { lowerPairTable, lowerTable } from './table.ts'

type Lowering = (context: LowerContext) => Step | readonly Step[]

/** Floats by a kernel of their own, bytes by a table. */
const lowerUnary: Lowering = (context) =>
  tensorAt(context, 0).dtype === 'float32' ? lowerFloatUnary(context) : lowerTable(context)
const lowerBinary: Lowering = (context) =>
  tensorAt(context, 0).dtype === 'float32' ? lowerFloatBinary(context) : lowerPairTable(context)

const byOps = (lowering: Lowering, ops: string) => Object.fromEntries(ops.split(' ').map((op) => [op, lowering]))

/** How a node becomes a step, by operator of the domain "tflite". */
const lowerings: Readonly<Record<string, Lowering>> = {
  ...byOps(lowerUnary, 'logistic tanh hard_swish relu relu6 relu_n1_to_1 leaky_relu'),
  ...byOps(lowerUnary, 'abs neg square sqrt rsqrt floor ceil exp elu'),
  ...byOps(lowerBinary, 'sub mul div maximum minimum prelu'),
  ...byOps(lowerMove, 'pad padv2 mirror_pad concatenation slice strided_slice transpose split split_v'),
  ...byOps(lowerMove, 'gather pack unpack space_to_depth depth_to_space resize_nearest_neighbor'),
  ...byOps(lowerPool, 'average_pool_2d max_pool_2d'),
  ...byOps(lowerReduce, 'mean sum reduce_max reduce_min'),
  ...byOps(lowerReshape, 'reshape squeeze expand_dims'),
  conv_2d: lowerConv,
  depthwise_conv_2d: lowerDepthwise,
  fully_connected: lowerFullyConnected,
  add: lowerAdd,
  softmax: lowerSoftmax,
  quantize: lowerQuantize,
  dequantize: lowerDequantize,
}

/** Whether the compiler has an operator at all; `compileProblem` and `nodeProblem` look at types and shapes too. */
export function isCompiled(node: Node): boolean {
  return node.domain === 'tflite' && Object.hasOwn(lowerings, node.op)
}

/** The steps of one node. @throws MilliwattError OP_UNSUPPORTED that names it, if it cannot be compiled */
export function lowerNode(graph: Graph, node: Node, semantics: Semantics): readonly Step[] {
  const context: LowerContext = { graph, node, semantics }
  if (!isCompiled(node)) throw refuse(context, 'the compiler does not have this operator')
  const state = node.inputs.find((name) => graph.tensors.get(name)?.variable)
  if (state) throw refuse(context, `it keeps state in "${state}", which is not compiled yet`)
  return [lowerings[node.op]!(context)].flat()
}

/** An input or output of the graph. */
function interfaceValue(graph: Graph, name: string): Value {
  const tensor = graph.tensors.get(name)!
  const readable = ['int8', 'uint8', 'int16', 'int32', 'float32'].includes(tensor.dtype)
  const fault = tensor.data ? 'it is a constant' : readable ? null : `it is ${tensor.dtype}`
  if (fault) throw new MilliwattError('OP_UNSUPPORTED', name, `as input or output of a compiled model: ${fault}`)
  return toValue(tensor)
}

/**
 * A graph as a program.
 * @throws MilliwattError OP_UNSUPPORTED that names the first node which cannot be compiled, MODEL_ILLEGAL for shapes
 * that do not fit
 */
export function lowerGraph(graph: Graph, semantics: Semantics): Program {
  checkShapes(graph, graph.name || 'graph')
  const value = (name: string) => interfaceValue(graph, name)
  return {
    name: graph.name,
    semantics,
    inputs: graph.inputs.map(value),
    steps: graph.nodes.flatMap((node) => lowerNode(graph, node, semantics)),
    outputs: graph.outputs.map(value),
  }
}
