import { type Node, numberAttribute } from '../../../graph/graph.ts'
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
import { sliceFromCanonical, splitFromCanonical, stridedSliceFromCanonical } from './slice.ts'
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
  add: binaryFromCanonical('Add'),
  average_pool_2d: averagePoolFromCanonical,
  concatenation: concatenationFromCanonical,
  conv_2d: convFromCanonical,
  depthwise_conv_2d: depthwiseFromCanonical,
  dequantize: dequantizeFromCanonical,
  div: binaryFromCanonical('Div'),
  expand_dims: reshapeFromCanonical,
  fully_connected: fullyConnectedFromCanonical,
  hard_swish: unaryFromCanonical('HardSwish'),
  leaky_relu: unaryFromCanonical('LeakyRelu', (node) => ({ alpha: numberAttribute(node, 'alpha', 0) })),
  logistic: unaryFromCanonical('Sigmoid'),
  max_pool_2d: maxPoolFromCanonical,
  maximum: binaryFromCanonical('Max'),
  mean: reduceFromCanonical('ReduceMean', false),
  minimum: binaryFromCanonical('Min'),
  mul: binaryFromCanonical('Mul'),
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
  slice: sliceFromCanonical,
  softmax: softmaxFromCanonical,
  split: splitFromCanonical,
  split_v: splitFromCanonical,
  squeeze: reshapeFromCanonical,
  strided_slice: stridedSliceFromCanonical,
  sub: binaryFromCanonical('Sub'),
  sum: reduceFromCanonical('ReduceSum', true),
  tanh: unaryFromCanonical('Tanh'),
  transpose: transposeFromCanonical,
}
