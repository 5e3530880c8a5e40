import { type Node, numberAttribute } from '../../../graph/graph.ts'
import type { CanonicalContext } from './context.ts'
import { convToCanonical } from './conv.ts'
import { gemmToCanonical, matMulToCanonical } from './dense.ts'
import { binaryToCanonical, reluToCanonical, softmaxToCanonical, unaryToCanonical } from './elementwise.ts'
import {
  aliasToCanonical,
  concatToCanonical,
  padToCanonical,
  reshapeToCanonical,
  transposeToCanonical,
} from './move.ts'
import { averagePoolToCanonical, globalAveragePoolToCanonical, maxPoolToCanonical, reduceToCanonical } from './pool.ts'
import { dequantizeToCanonical, quantizeToCanonical } from './quantizers.ts'
import { sliceToCanonical, splitToCanonical } from './slice.ts'

/** Adds the canonical nodes of one ONNX node. @throws MilliwattError OP_UNSUPPORTED for forms that are missing */
export type ToCanonical = (context: CanonicalContext, node: Node) => void

/** Every ONNX operator that has a canonical form here, besides those that earlier passes fold away. */
export const toCanonicalRules: Readonly<Record<string, ToCanonical>> = {
  Add: binaryToCanonical('add', true),
  AveragePool: averagePoolToCanonical,
  Cast: aliasToCanonical,
  Clip: reluToCanonical,
  Concat: concatToCanonical,
  Conv: convToCanonical,
  DequantizeLinear: dequantizeToCanonical,
  Div: binaryToCanonical('div', true),
  Dropout: aliasToCanonical,
  Flatten: reshapeToCanonical,
  Gemm: gemmToCanonical,
  GlobalAveragePool: globalAveragePoolToCanonical,
  GlobalMaxPool: reduceToCanonical('reduce_max'),
  HardSwish: unaryToCanonical('hard_swish'),
  Identity: aliasToCanonical,
  LeakyRelu: unaryToCanonical('leaky_relu', (node) => ({ alpha: numberAttribute(node, 'alpha', Math.fround(0.01)) })),
  LogSoftmax: softmaxToCanonical('log_softmax'),
  MatMul: matMulToCanonical,
  Max: binaryToCanonical('maximum', false),
  MaxPool: maxPoolToCanonical,
  Min: binaryToCanonical('minimum', false),
  Mul: binaryToCanonical('mul', true),
  PRelu: binaryToCanonical('prelu', false),
  Pad: padToCanonical,
  QuantizeLinear: quantizeToCanonical,
  ReduceMax: reduceToCanonical('reduce_max'),
  ReduceMean: reduceToCanonical('mean'),
  ReduceMin: reduceToCanonical('reduce_min'),
  ReduceSum: reduceToCanonical('sum'),
  Relu: reluToCanonical,
  Reshape: reshapeToCanonical,
  Sigmoid: unaryToCanonical('logistic'),
  Slice: sliceToCanonical,
  Softmax: softmaxToCanonical('softmax'),
  Split: splitToCanonical,
  Squeeze: reshapeToCanonical,
  Sub: binaryToCanonical('sub', true),
  Tanh: unaryToCanonical('tanh'),
  Transpose: transposeToCanonical,
  Unsqueeze: reshapeToCanonical,
}
