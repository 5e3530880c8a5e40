import type { Node, Tensor } from '../../../graph/graph.ts'
import type { Quantization } from '../../../graph/quantization.ts'
import { permuteConstant } from '../constants.ts'
import { constantReal, type OnnxContext, unsupported } from './context.ts'

/** Reals of constant weights with permuted axes; integers stay signed. */
export function weightReal(context: OnnxContext, node: Node, weights: Tensor, order: readonly number[]): string {
  if (!weights.data) throw unsupported(node, 'with weights that are no constant is missing')
  if (weights.dtype === 'int4') throw unsupported(node, 'with int4 weights is missing')
  return constantReal(context, permuteConstant(weights, order))
}

/** Scales of an int32 bias: input scale times weight scale, in float32. */
function biasQuantization(x: Tensor, weights: Tensor): Quantization {
  const { scales } = weights.quantization!
  const products = scales.map((scale) => Math.fround(x.quantization!.scales[0]! * scale))
  return { scales: products, zeroPoints: products.map(() => 0), axis: products.length === 1 ? null : 0 }
}

/** Reals of a layer's bias, its third input; null without one. */
export function biasReal(context: OnnxContext, node: Node, x: Tensor, weights: Tensor): string | null {
  const bias = context.source.tensors.get(node.inputs[2] ?? '')
  if (!bias) return null
  if (!bias.data) throw unsupported(node, 'with a bias that is no constant is missing')
  if (bias.dtype === 'float32') return constantReal(context, bias)
  if (bias.dtype !== 'int32') throw unsupported(node, `with a bias of ${bias.dtype} is missing`)
  return constantReal(context, { ...bias, quantization: biasQuantization(x, weights) })
}
