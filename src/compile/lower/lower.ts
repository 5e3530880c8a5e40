import { isMilliwattError, MilliwattError } from '../../core/errors.ts'
import { checkShapes } from '../../graph/check-shapes.ts'
import type { Graph, Node } from '../../graph/graph.ts'
import { dataTypeBits } from '../../graph/graph.ts'
import { scalarOf } from '../loops/loops.ts'
import type { Program, Semantics, Step, Value } from '../program.ts'
import { lowerAdd } from './add.ts'
import { isConstant, type LowerContext, refuse, tensorAt, toValue } from './context.ts'
import { lowerConv, lowerDepthwise } from './conv.ts'
import { lowerFloatBinary, lowerFloatUnary } from './float-elementwise.ts'
import { foldConstants } from './fold-constants.ts'
import { lowerFullyConnected } from './fully-connected.ts'
import { lowerGroupedConv } from './grouped-conv.ts'
import { lowerPairLoops, lowerSingle } from './loops/arithmetic.ts'
import {
  lowerCumulativeSum,
  lowerFill,
  lowerKnown,
  lowerOneHot,
  lowerRescaledConcatenation,
  lowerSelect,
  lowerTopK,
} from './loops/arrange.ts'
import {
  lowerAddLoops,
  lowerCompare,
  lowerDivLoops,
  lowerMaximumLoops,
  lowerMinimumLoops,
  lowerMulLoops,
  lowerPreluLoops,
  lowerSubLoops,
} from './loops/binary.ts'
import { lowerConvLoops } from './loops/conv.ts'
import { lowerGather } from './loops/gather.ts'
import { lowerBatchMatmul, lowerFullyConnectedLoops } from './loops/matmul.ts'
import { copyLoops } from './loops/move.ts'
import { lowerL2Normalization, lowerLocalResponse, lowerSoftmax16 } from './loops/normalize.ts'
import { lowerPoolLoops } from './loops/pool.ts'
import { lowerLstm } from './loops/recurrent/lstm.ts'
import { lowerGru, lowerRnn } from './loops/recurrent/rnn.ts'
import { lowerArgument, lowerExtremeLoops, lowerProductLoops, lowerSumLoops } from './loops/reduce.ts'
import { lowerResizeBilinear } from './loops/resize.ts'
import { signalLowerings } from './loops/signal/list.ts'
import { lowerSoftmaxLoops } from './loops/softmax.ts'
import { constantElements } from './loops/source.ts'
import { lowerSvdf } from './loops/svdf.ts'
import {
  lowerCast,
  lowerDequantizeLoops,
  lowerFunctionLoops,
  lowerLeakyReluLoops,
  lowerQuantizeLoops,
  lowerReluLoops,
  lowerTableLoops,
} from './loops/unary.ts'
import { lowerMove } from './move.ts'
import { lowerPool } from './pool.ts'
import { lowerDequantize, lowerQuantize } from './quantize.ts'
import { lowerReduce } from './reduce.ts'
import { lowerReshape } from './reshape.ts'
import { lowerSoftmax } from './softmax.ts'
import { lowerAssignVariable, lowerReadVariable, lowerVarHandle, statesOf } from './state.ts'
import { lowerLargePairTable, lowerPairTable, lowerTable } from './table.ts'
import { lowerTransposeConv } from './transpose-conv.ts'

type Lowering = (context: LowerContext) => Step | readonly Step[]

/** Floats by a kernel of their own, bytes by a table. */
const lowerUnary: Lowering = (context) =>
  tensorAt(context, 0).dtype === 'float32' ? lowerFloatUnary(context) : lowerTable(context)
const lowerBinary: Lowering = (context) =>
  tensorAt(context, 0).dtype === 'float32' ? lowerFloatBinary(context) : lowerLargePairTable(context)

const byOps = (ops: string, ...forms: readonly Lowering[]) =>
  Object.fromEntries(ops.split(' ').map((op) => [op, forms]))

/**
 * How a node becomes steps, by operator of the domain "tflite": forms that are tried one after another. Those with fast
 * kernels come first and refuse what they do not take; the general form in loops comes last.
 */
const lowerings: Readonly<Record<string, readonly Lowering[]>> = {
  ...byOps('logistic tanh hard_swish', lowerUnary, lowerTableLoops),
  ...byOps('relu relu6 relu_n1_to_1', lowerUnary, lowerReluLoops),
  ...byOps('abs neg square sqrt rsqrt floor ceil', lowerFloatUnary),
  ...byOps('exp elu', lowerUnary),
  ...byOps('sin cos', lowerFunctionLoops),
  ...byOps('gelu', lowerSingle, lowerTable),
  ...byOps('log', lowerFunctionLoops, lowerTable),
  ...byOps('round sign logical_not', lowerSingle),
  ...byOps('floor_div floor_mod pow', lowerPairLoops),
  squared_difference: [lowerPairLoops, lowerPairTable],
  ...byOps('equal not_equal greater greater_equal less less_equal logical_and logical_or', lowerCompare),
  ...byOps('pad padv2 mirror_pad slice strided_slice transpose split split_v', lowerMove),
  ...byOps('pack unpack space_to_depth depth_to_space resize_nearest_neighbor', lowerMove),
  ...byOps('tile broadcast_to reverse_v2 gather_nd space_to_batch_nd batch_to_space_nd', lowerMove),
  concatenation: [lowerMove, lowerRescaledConcatenation],
  ...byOps('shape zeros_like', lowerKnown),
  ...byOps('select select_v2', lowerSelect),
  fill: [lowerFill],
  one_hot: [lowerOneHot],
  cumsum: [lowerCumulativeSum],
  topk_v2: [lowerTopK],
  l2_normalization: [lowerL2Normalization],
  local_response_normalization: [lowerLocalResponse],
  l2_pool_2d: [lowerPoolLoops],
  ...byOps('reduce_prod reduce_any reduce_all', lowerProductLoops),
  ...byOps('average_pool_2d max_pool_2d', lowerPool, lowerPoolLoops),
  ...byOps('mean sum', lowerReduce, lowerSumLoops),
  ...byOps('reduce_max reduce_min', lowerReduce, lowerExtremeLoops),
  ...byOps('arg_max arg_min', lowerArgument),
  ...byOps('reshape squeeze expand_dims', lowerReshape),
  leaky_relu: [lowerUnary, lowerLeakyReluLoops],
  sub: [lowerBinary, lowerSubLoops],
  mul: [lowerBinary, lowerMulLoops],
  div: [lowerBinary, lowerDivLoops, lowerPairTable],
  maximum: [lowerBinary, lowerMaximumLoops],
  minimum: [lowerBinary, lowerMinimumLoops],
  prelu: [lowerBinary, lowerPreluLoops],
  conv_2d: [lowerConv, lowerGroupedConv, lowerConvLoops],
  depthwise_conv_2d: [lowerDepthwise, lowerConvLoops],
  transpose_conv: [lowerTransposeConv, lowerConvLoops],
  fully_connected: [lowerFullyConnected, lowerFullyConnectedLoops],
  batch_matmul: [lowerBatchMatmul],
  add: [lowerAdd, lowerAddLoops],
  softmax: [lowerSoftmax, lowerSoftmaxLoops, lowerSoftmax16],
  log_softmax: [lowerSoftmaxLoops],
  cast: [lowerCast],
  gather: [lowerMove, lowerGather],
  resize_bilinear: [lowerResizeBilinear],
  svdf: [lowerSvdf],
  quantize: [lowerQuantize, lowerQuantizeLoops],
  dequantize: [lowerDequantize, lowerDequantizeLoops],
  var_handle: [lowerVarHandle],
  read_variable: [lowerReadVariable],
  assign_variable: [lowerAssignVariable],
  ...byOps('rnn unidirectional_sequence_rnn', lowerRnn),
  unidirectional_sequence_gru: [lowerGru],
  unidirectional_sequence_lstm: [lowerLstm],
}

/** Whether the compiler has an operator at all; `compileProblem` and `nodeProblem` look at types and shapes too. */
export function isCompiled(node: Node): boolean {
  const known = node.attributes.custom === 1 ? signalLowerings : lowerings
  return node.domain === 'tflite' && Object.hasOwn(known, node.op)
}

/** The steps of the first form that takes the node; what the last one says if none does. */
function firstThatTakes(forms: readonly Lowering[], context: LowerContext): readonly Step[] {
  const [form, ...others] = forms
  try {
    return [form!(context)].flat()
  } catch (error) {
    if (others.length === 0 || !isMilliwattError(error, 'OP_UNSUPPORTED')) throw error
    return firstThatTakes(others, context)
  }
}

/** The steps of one node. @throws MilliwattError OP_UNSUPPORTED that names it, if it cannot be compiled */
export function lowerNode(graph: Graph, node: Node, semantics: Semantics): readonly Step[] {
  const context: LowerContext = { graph, node, semantics }
  if (!isCompiled(node)) throw refuse(context, 'the compiler does not have this operator')
  return firstThatTakes(node.attributes.custom === 1 ? [signalLowerings[node.op]!] : lowerings[node.op]!, context)
}

/** An input or output of the graph. */
function interfaceValue(graph: Graph, name: string): Value {
  const tensor = graph.tensors.get(name)!
  if (!scalarOf(tensor.dtype) || dataTypeBits[tensor.dtype] === 0)
    throw new MilliwattError('OP_UNSUPPORTED', name, `as input or output of a compiled model: it is ${tensor.dtype}`)
  return toValue(tensor)
}

function inputOf(graph: Graph, name: string): Value {
  if (!isConstant(graph.tensors.get(name))) return interfaceValue(graph, name)
  throw new MilliwattError('OP_UNSUPPORTED', name, 'as input of a compiled model: it is a constant')
}

/** Outputs that are constants are written like others. */
function constantOutputs(graph: Graph, semantics: Semantics): readonly Step[] {
  return graph.outputs.flatMap((name) => {
    const tensor = graph.tensors.get(name)!
    const data = constantElements(tensor)
    const node: Node = { name, op: 'constant', domain: 'tflite', inputs: [], outputs: [name], attributes: {} }
    return data ? [copyLoops({ graph, node, semantics }, data, toValue(tensor))] : []
  })
}

/**
 * A graph as a program.
 * @throws MilliwattError OP_UNSUPPORTED that names the first node which cannot be compiled, MODEL_ILLEGAL for shapes
 * that do not fit
 */
export function lowerGraph(given: Graph, semantics: Semantics): Program {
  const graph = foldConstants(checkShapes(given, given.name || 'graph'), semantics)
  return {
    name: graph.name,
    semantics,
    inputs: graph.inputs.map((name) => inputOf(graph, name)),
    states: statesOf(graph, semantics),
    steps: [...graph.nodes.flatMap((node) => lowerNode(graph, node, semantics)), ...constantOutputs(graph, semantics)],
    outputs: graph.outputs.map((name) => interfaceValue(graph, name)),
  }
}
