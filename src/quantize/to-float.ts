import { MilliwattError } from '../core/errors.ts'
import { constantNumbers, floatConstant, lengthsOf, widenInt4 } from '../formats/convert/constants.ts'
import type { Graph, Tensor } from '../graph/graph.ts'
import { isStateful } from '../graph/stateful.ts'
import { sliceOf } from './weights.ts'

/** Weights that are integers while activations are floats (a hybrid model), as floats. */
function asFloats(tensor: Tensor): Tensor {
  const { quantization } = tensor
  if (!tensor.data || !quantization) return tensor
  const shape = lengthsOf(tensor)
  const slice = sliceOf(shape, quantization.axis)
  const values = constantNumbers(widenInt4(tensor))!.map((value, index) => {
    const at = slice(index)
    return quantization.scales[at]! * (value - (quantization.zeroPoints[at] ?? 0))
  })
  return floatConstant(tensor.name, values, shape)
}

/**
 * A canonical graph with float weights throughout, ready to be quantised.
 * @throws MilliwattError QUANTIZE_INPUT when activations are integers already, nothing is there to quantise, or the
 * model keeps state
 */
export function toFloatGraph(graph: Graph, where: string): Graph {
  const integer = [...graph.tensors.values()].find(({ data, quantization }) => !data && quantization)
  if (integer)
    throw new MilliwattError(
      'QUANTIZE_INPUT',
      where,
      `Its activations are quantised already ("${integer.name}" is ${integer.dtype}).`,
    )
  if (!graph.nodes.some(({ op }) => op.endsWith('conv_2d') || op === 'fully_connected'))
    throw new MilliwattError('QUANTIZE_INPUT', where, 'It has no convolution and no dense layer.')
  if (isStateful(graph))
    throw new MilliwattError(
      'QUANTIZE_INPUT',
      where,
      'It keeps state from one run to the next, which calibration does not follow.',
    )
  const tensors = new Map([...graph.tensors].map(([name, tensor]) => [name, asFloats(tensor)]))
  return { ...graph, tensors }
}
