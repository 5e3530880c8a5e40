import type { Kernel } from '../kernel.ts'
import { unidirectionalSequenceGru } from '../recurrent/gru.ts'
import { unidirectionalSequenceLstm } from '../recurrent/lstm.ts'
import { rnn, unidirectionalSequenceRnn } from '../recurrent/rnn.ts'
import { signalKernels } from '../signal/list.ts'
import { add, sub } from './add.ts'
import { argMax, argMin } from './arg.ts'
import { floorDiv, floorModulo, pow, squaredDifference } from './arithmetic.ts'
import {
  batchToSpace,
  broadcastTo,
  cumulativeSum,
  fill,
  gatherNd,
  oneHot,
  range,
  reverse,
  select,
  shapeOf,
  spaceToBatch,
  tile,
  topK,
  zerosLike,
} from './arrange.ts'
import { batchMatmul } from './batch-matmul.ts'
import { depthToSpace, mirrorPad, spaceToDepth } from './blocks.ts'
import { cast } from './cast.ts'
import { gather, pack, unpack } from './collect.ts'
import { compareKernels } from './compare.ts'
import { conv2d } from './conv-2d.ts'
import { depthwiseConv2d } from './depthwise-conv-2d.ts'
import { fullyConnected } from './fully-connected.ts'
import { hardSwish } from './hard-swish.ts'
import { logSoftmax } from './log-softmax.ts'
import { logistic, tanh } from './logistic.ts'
import { maximum, minimum } from './min-max.ts'
import { concatenation, copy, pad, slice, split, splitV, transpose } from './move.ts'
import { div, mul } from './mul.ts'
import { l2Normalization, localResponseNormalization } from './normalize.ts'
import { averagePool2d, l2Pool2d, maxPool2d } from './pool-2d.ts'
import { dequantize, quantize } from './quantize.ts'
import { mean, reduceAll, reduceAny, reduceMax, reduceMin, reduceProd, sum } from './reduce.ts'
import { leakyRelu, prelu, relu, relu6, reluN1To1 } from './relu.ts'
import { resizeBilinear, resizeNearest } from './resize.ts'
import { softmax } from './softmax.ts'
import { stridedSlice } from './strided-slice.ts'
import { svdf } from './svdf.ts'
import { transposeConv } from './transpose-conv.ts'
import { unaryKernels } from './unary.ts'
import { assignVariable, readVariable, varHandle } from './variables.ts'

/** Every operator that the reference interpreter runs, by canonical name. */
export const kernels: Readonly<Record<string, Kernel>> = {
  ...compareKernels,
  ...unaryKernels,
  batch_matmul: batchMatmul,
  depth_to_space: depthToSpace,
  log_softmax: logSoftmax,
  mirror_pad: mirrorPad,
  space_to_depth: spaceToDepth,
  add,
  assign_variable: assignVariable,
  gather,
  pack,
  read_variable: readVariable,
  resize_bilinear: resizeBilinear,
  resize_nearest_neighbor: resizeNearest,
  svdf,
  transpose_conv: transposeConv,
  unpack,
  var_handle: varHandle,
  arg_max: argMax,
  arg_min: argMin,
  average_pool_2d: averagePool2d,
  cast,
  concatenation,
  conv_2d: conv2d,
  depthwise_conv_2d: depthwiseConv2d,
  dequantize,
  div,
  expand_dims: copy,
  fully_connected: fullyConnected,
  hard_swish: hardSwish,
  leaky_relu: leakyRelu,
  logistic,
  max_pool_2d: maxPool2d,
  maximum,
  mean,
  minimum,
  mul,
  pad,
  padv2: pad,
  prelu,
  quantize,
  rnn,
  reduce_max: reduceMax,
  reduce_min: reduceMin,
  relu,
  relu6,
  relu_n1_to_1: reluN1To1,
  reshape: copy,
  slice,
  softmax,
  split,
  split_v: splitV,
  squeeze: copy,
  strided_slice: stridedSlice,
  sub,
  sum,
  tanh,
  transpose,
  batch_to_space_nd: batchToSpace,
  broadcast_to: broadcastTo,
  cumsum: cumulativeSum,
  fill,
  floor_div: floorDiv,
  floor_mod: floorModulo,
  gather_nd: gatherNd,
  l2_normalization: l2Normalization,
  l2_pool_2d: l2Pool2d,
  local_response_normalization: localResponseNormalization,
  one_hot: oneHot,
  pow,
  range,
  reduce_all: reduceAll,
  reduce_any: reduceAny,
  reduce_prod: reduceProd,
  reverse_v2: reverse,
  select,
  select_v2: select,
  shape: shapeOf,
  space_to_batch_nd: spaceToBatch,
  squared_difference: squaredDifference,
  tile,
  topk_v2: topK,
  zeros_like: zerosLike,
  unidirectional_sequence_gru: unidirectionalSequenceGru,
  unidirectional_sequence_lstm: unidirectionalSequenceLstm,
  unidirectional_sequence_rnn: unidirectionalSequenceRnn,
}

/** Custom operators that the reference interpreter runs, by name. */
export const customKernels: Readonly<Record<string, Kernel>> = signalKernels
