import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { argToCanonical, castToCanonical } from './arg.ts'
import { depthToSpaceToCanonical, spaceToDepthToCanonical } from './blocks.ts'
import type { CanonicalContext } from './context.ts'
import { convToCanonical } from './conv.ts'
import { gemmToCanonical, matMulToCanonical } from './dense.ts'
import {
  binaryToCanonical,
  eluToCanonical,
  floatUnaryToCanonical,
  reluToCanonical,
  softmaxToCanonical,
  unaryToCanonical,
} from './elementwise.ts'
import { gatherToCanonical } from './gather.ts'
import {
  aliasToCanonical,
  concatToCanonical,
  padToCanonical,
  reshapeToCanonical,
  transposeToCanonical,
} from './move.ts'
import { averagePoolToCanonical, globalAveragePoolToCanonical, maxPoolToCanonical, reduceToCanonical } from './pool.ts'
import { dequantizeToCanonical, quantizeToCanonical } from './quantizers.ts'
import { gruToCanonical, lstmToCanonical, rnnToCanonical } from './recurrent.ts'
import { resizeToCanonical } from './resize.ts'
import { sliceToCanonical, splitToCanonical } from './slice.ts'
import { convTransposeToCanonical } from './transpose-conv.ts'

/** Adds the canonical nodes of one ONNX node. @throws MilliwattError OP_UNSUPPORTED for forms that are missing */
export type ToCanonical = (context: CanonicalContext, node: Node) => void

/** Every ONNX operator that has a canonical form here, besides those that earlier passes fold away. */
export const toCanonicalRules: Readonly<Record<string, ToCanonical>> = {
  Abs: floatUnaryToCanonical('abs'),
  Add: binaryToCanonical('add', true),
  ArgMax: argToCanonical('arg_max'),
  ArgMin: argToCanonical('arg_min'),
  AveragePool: averagePoolToCanonical,
  Cast: castToCanonical,
  Ceil: floatUnaryToCanonical('ceil'),
  Clip: reluToCanonical,
  Concat: concatToCanonical,
  Conv: convToCanonical,
  ConvTranspose: convTransposeToCanonical,
  Cos: floatUnaryToCanonical('cos'),
  DepthToSpace: depthToSpaceToCanonical,
  DequantizeLinear: dequantizeToCanonical,
  Div: binaryToCanonical('div', true),
  Dropout: aliasToCanonical,
  Elu: eluToCanonical,
  Exp: floatUnaryToCanonical('exp'),
  Flatten: reshapeToCanonical,
  Floor: floatUnaryToCanonical('floor'),
  Gather: gatherToCanonical,
  Gemm: gemmToCanonical,
  GRU: gruToCanonical,
  GlobalAveragePool: globalAveragePoolToCanonical,
  GlobalMaxPool: reduceToCanonical('reduce_max'),
  HardSwish: unaryToCanonical('hard_swish'),
  Identity: aliasToCanonical,
  LSTM: lstmToCanonical,
  LeakyRelu: unaryToCanonical('leaky_relu', (node) => ({ alpha: numberAttribute(node, 'alpha', Math.fround(0.01)) })),
  Log: floatUnaryToCanonical('log'),
  LogSoftmax: softmaxToCanonical('log_softmax'),
  MatMul: matMulToCanonical,
  Max: binaryToCanonical('maximum', false),
  MaxPool: maxPoolToCanonical,
  Min: binaryToCanonical('minimum', false),
  Mul: binaryToCanonical('mul', true),
  Neg: floatUnaryToCanonical('neg'),
  PRelu: binaryToCanonical('prelu', false),
  Pad: padToCanonical,
  QuantizeLinear: quantizeToCanonical,
  RNN: rnnToCanonical,
  ReduceMax: reduceToCanonical('reduce_max'),
  ReduceMean: reduceToCanonical('mean'),
  ReduceMin: reduceToCanonical('reduce_min'),
  ReduceSum: reduceToCanonical('sum'),
  Relu: reluToCanonical,
  Reshape: reshapeToCanonical,
  Resize: resizeToCanonical,
  Sigmoid: unaryToCanonical('logistic'),
  Sin: floatUnaryToCanonical('sin'),
  Slice: sliceToCanonical,
  Softmax: softmaxToCanonical('softmax'),
  SpaceToDepth: spaceToDepthToCanonical,
  Split: splitToCanonical,
  Sqrt: floatUnaryToCanonical('sqrt'),
  Squeeze: reshapeToCanonical,
  Sub: binaryToCanonical('sub', true),
  Tanh: unaryToCanonical('tanh'),
  Transpose: transposeToCanonical,
  Unsqueeze: reshapeToCanonical,
}
