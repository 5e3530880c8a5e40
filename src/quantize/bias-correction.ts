import { lengthsOf } from '../formats/convert/constants.ts'
import type { Node, Tensor } from '../graph/graph.ts'

/**
 * Mean of what the errors of a layer's weights add to each of its units, the inputs being at their channel means:
 * E[Σ ε·x] = Σ ε·E[x] (Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction").
 * Padding counts as inputs like the rest.
 * @param errors of the weights, in their order
 * @param means of the input's channels
 */
export function biasCorrection(node: Node, weights: Tensor, errors: Float64Array, means: Float64Array): Float64Array {
  const shape = lengthsOf(weights)
  if (node.op === 'depthwise_conv_2d') {
    const units = shape[3]!
    const multiplier = units / means.length
    const sums = new Float64Array(units)
    for (const [index, error] of errors.entries()) {
      const unit = index % units
      sums[unit]! += error * means[Math.floor(unit / multiplier)]!
    }
    return sums
  }
  const depth = shape.at(-1)!
  const units = shape[0]!
  const perUnit = errors.length / units
  const groupSize = units / (means.length / depth)
  const sums = new Float64Array(units)
  for (const [index, error] of errors.entries()) {
    const unit = Math.floor(index / perUnit)
    const first = node.op === 'conv_2d' ? Math.floor(unit / groupSize) * depth : 0
    sums[unit]! += error * means[first + (index % depth)]!
  }
  return sums
}
