import type { Node } from '../graph/graph.ts'
import type { QuantizationParameters } from '../graph/quantization.ts'

/**
 * How a node's outputs get their scale: `own` from their own range; `same` as its inputs (all of them, since TensorFlow
 * Lite's kernels move the integers as they are); `fixed` as TensorFlow Lite's quantisation specification says.
 */
export type OutputRule =
  | 'own'
  | 'same'
  | { readonly int8: QuantizationParameters; readonly int16: QuantizationParameters }

/** What is known of quantising an operator. Activations are the inputs that are neither weights nor shapes. */
export interface OpRule {
  readonly output: OutputRule
  /** Indexes of the inputs that are reals and no weights. */
  readonly activations: readonly number[] | 'all'
  /** Indexes of weights and bias, and the axis of the weights that has a scale a slice (null: one scale). */
  readonly weights?: { readonly weight: number; readonly bias: number; readonly axis: number | null }
  /** TensorFlow Lite has the operator with int16 activations as well. */
  readonly int16: boolean
}

const own = (activations: OpRule['activations'], int16: boolean): OpRule => ({ output: 'own', activations, int16 })
const same = (activations: OpRule['activations'], int16: boolean): OpRule => ({ output: 'same', activations, int16 })
const fixed = (int8: QuantizationParameters, scale16: number): OpRule => ({
  output: { int8, int16: { scale: scale16, zeroPoint: 0 } },
  activations: [0],
  int16: true,
})
/** Dense layers have one scale: TensorFlow Lite before 2.11 misreads one a unit. */
const weighted = (axis: number | null): OpRule => ({
  output: 'own',
  activations: [0],
  weights: { weight: 1, bias: 2, axis },
  int16: true,
})

const rules: Readonly<Record<string, OpRule>> = {
  conv_2d: weighted(0),
  depthwise_conv_2d: weighted(3),
  fully_connected: weighted(null),
  add: own('all', true),
  sub: own('all', true),
  mul: own('all', true),
  mean: own([0], false),
  relu: own([0], false),
  relu6: own([0], false),
  leaky_relu: own([0], false),
  hard_swish: own([0], false),
  softmax: fixed({ scale: 1 / 256, zeroPoint: -128 }, 1 / 32768),
  logistic: fixed({ scale: 1 / 256, zeroPoint: -128 }, 1 / 32768),
  tanh: fixed({ scale: 1 / 128, zeroPoint: 0 }, 1 / 32768),
  average_pool_2d: same([0], true),
  max_pool_2d: same([0], true),
  reshape: same([0], true),
  squeeze: same([0], true),
  expand_dims: same([0], true),
  transpose: same([0], true),
  pad: same([0], true),
  slice: same([0], true),
  strided_slice: same([0], true),
  concatenation: same('all', true),
  resize_nearest_neighbor: same([0], false),
  resize_bilinear: same([0], false),
}

/** How a node is quantised; null for operators that stay in float32. */
export function ruleOf(node: Node): OpRule | null {
  if (node.domain !== 'tflite' || node.attributes.custom === 1) return null
  return Object.hasOwn(rules, node.op) ? rules[node.op]! : null
}

/** Indexes of the activations of a node. */
export function activationsOf(node: Node, { activations }: OpRule): readonly number[] {
  return activations === 'all' ? node.inputs.map((_, index) => index) : activations
}
