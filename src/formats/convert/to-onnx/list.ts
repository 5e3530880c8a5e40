import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { argFromCanonical } from './arg.ts'
import {
  batchMatmulFromCanonical,
  blocksFromCanonical,
  castFromCanonical,
  gatherFromCanonical,
  packFromCanonical,
  unpackFromCanonical,
} from './collect.ts'
import type { OnnxContext } from './context.ts'
import { dequantizeFromCanonical, fullyConnectedFromCanonical, quantizeFromCanonical } from './dense.ts'
import { binaryFromCanonical, clipFromCanonical, softmaxFromCanonical, unaryFromCanonical } from './elementwise.ts'
import {
  concatenationFromCanonical,
  padFromCanonical,
  reduceFromCanonical,
  reshapeFromCanonical,
  transposeFromCanonical,
} from './move.ts'
import { resizeFromCanonical } from './resize.ts'
import { sliceFromCanonical, splitFromCanonical, stridedSliceFromCanonical } from './slice.ts'
import { transposeConvFromCanonical } from './transpose-conv.ts'
import {
  averagePoolFromCanonical,
  convFromCanonical,
  depthwiseFromCanonical,
  maxPoolFromCanonical,
} from './windowed.ts'

/** Adds the ONNX nodes of one canonical node. @throws MilliwattError OP_UNSUPPORTED for forms that are missing */
export type FromCanonical = (context: OnnxContext, node: Node) => void

/** Every canonical operator that has an ONNX form here. */
export const fromCanonical: Readonly<Record<string, FromCanonical>> = {
  abs: unaryFromCanonical('Abs'),
  add: binaryFromCanonical('Add'),
  arg_max: argFromCanonical('ArgMax'),
  arg_min: argFromCanonical('ArgMin'),
  average_pool_2d: averagePoolFromCanonical,
  batch_matmul: batchMatmulFromCanonical,
  cast: castFromCanonical,
  ceil: unaryFromCanonical('Ceil'),
  concatenation: concatenationFromCanonical,
  conv_2d: convFromCanonical,
  cos: unaryFromCanonical('Cos'),
  depthwise_conv_2d: depthwiseFromCanonical,
  depth_to_space: blocksFromCanonical('DepthToSpace'),
  dequantize: dequantizeFromCanonical,
  div: binaryFromCanonical('Div'),
  elu: unaryFromCanonical('Elu'),
  exp: unaryFromCanonical('Exp'),
  expand_dims: reshapeFromCanonical,
  floor: unaryFromCanonical('Floor'),
  fully_connected: fullyConnectedFromCanonical,
  gather: gatherFromCanonical,
  hard_swish: unaryFromCanonical('HardSwish'),
  leaky_relu: unaryFromCanonical('LeakyRelu', (node) => ({ alpha: numberAttribute(node, 'alpha', 0) })),
  log: unaryFromCanonical('Log'),
  log_softmax: softmaxFromCanonical('LogSoftmax'),
  logistic: unaryFromCanonical('Sigmoid'),
  max_pool_2d: maxPoolFromCanonical,
  maximum: binaryFromCanonical('Max'),
  mean: reduceFromCanonical('ReduceMean', false),
  minimum: binaryFromCanonical('Min'),
  mul: binaryFromCanonical('Mul'),
  neg: unaryFromCanonical('Neg'),
  pack: packFromCanonical,
  pad: padFromCanonical,
  padv2: padFromCanonical,
  prelu: binaryFromCanonical('PRelu'),
  quantize: quantizeFromCanonical,
  reduce_max: reduceFromCanonical('ReduceMax', false),
  reduce_min: reduceFromCanonical('ReduceMin', false),
  relu: unaryFromCanonical('Relu'),
  relu6: clipFromCanonical(0, 6),
  relu_n1_to_1: clipFromCanonical(-1, 1),
  reshape: reshapeFromCanonical,
  resize_bilinear: resizeFromCanonical('linear'),
  resize_nearest_neighbor: resizeFromCanonical('nearest'),
  sin: unaryFromCanonical('Sin'),
  slice: sliceFromCanonical,
  softmax: softmaxFromCanonical('Softmax'),
  space_to_depth: blocksFromCanonical('SpaceToDepth'),
  split: splitFromCanonical,
  split_v: splitFromCanonical,
  sqrt: unaryFromCanonical('Sqrt'),
  squeeze: reshapeFromCanonical,
  strided_slice: stridedSliceFromCanonical,
  sub: binaryFromCanonical('Sub'),
  sum: reduceFromCanonical('ReduceSum', true),
  tanh: unaryFromCanonical('Tanh'),
  transpose: transposeFromCanonical,
  transpose_conv: transposeConvFromCanonical,
  unpack: unpackFromCanonical,
}
