import type { Node, Tensor } from '../../../graph/graph.ts'
import type { Quantization } from '../../../graph/quantization.ts'
import { constantNumbers, int32Constant, permuteConstant, widenInt4 } from '../constants.ts'
import { constantReal, type OnnxContext, unsupported } from './context.ts'

/** Reals of constant weights with permuted axes; integers stay signed, those of 4 bits become int8. */
export function weightReal(context: OnnxContext, node: Node, weights: Tensor, order: readonly number[]): string {
  if (!weights.data) throw unsupported(node, 'with weights that are no constant is missing')
  return constantReal(context, permuteConstant(widenInt4(weights), order))
}

/** Scales of an int32 bias: input scale times weight scale, in float32. */
function biasQuantization(x: Tensor, weights: Tensor): Quantization {
  const { scales } = weights.quantization!
  const products = scales.map((scale) => Math.fround(x.quantization!.scales[0]! * scale))
  return { scales: products, zeroPoints: products.map(() => 0), axis: products.length === 1 ? null : 0 }
}

/** An int64 bias (of int16 activations) as int32, where it fits. */
function narrow(node: Node, bias: Tensor): Tensor {
  if (bias.dtype === 'int32') return bias
  const values = bias.dtype === 'int64' ? constantNumbers(bias)! : []
  if (values.length === 0 || values.some((value) => Math.abs(value) >= 2 ** 31))
    throw unsupported(node, `with a bias of ${bias.dtype} is missing`)
  return int32Constant(bias.name, values)
}

/** Reals of a layer's bias, an input; null without one. */
export function biasReal(context: OnnxContext, node: Node, x: Tensor, weights: Tensor, index = 2): string | null {
  const bias = context.source.tensors.get(node.inputs[index] ?? '')
  if (!bias) return null
  if (!bias.data) throw unsupported(node, 'with a bias that is no constant is missing')
  if (bias.dtype === 'float32') return constantReal(context, bias)
  return constantReal(context, { ...narrow(node, bias), quantization: biasQuantization(x, weights) })
}
