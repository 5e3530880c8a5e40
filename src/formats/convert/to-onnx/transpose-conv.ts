import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { lengthsOf } from '../constants.ts'
import { emit, inputOf, type OnnxContext, outputOf } from './context.ts'
import { result } from './result.ts'
import { real } from './values.ts'
import { biasReal, weightReal } from './weights.ts'

interface Axis {
  readonly begin: number
  readonly end: number
  readonly extra: number
}

/** Pads of one axis; what the window leaves open at the end is ONNX's output padding. */
function axisOf(begin: number, input: number, output: number, stride: number, filter: number): Axis {
  const rest = output - (stride * (input - 1) + filter - begin)
  return { begin, end: Math.max(0, -rest), extra: Math.max(0, rest) }
}

/** TRANSPOSE_CONV: inputs are the output's shape, weights OHWI, the activations, a bias. */
export function transposeConvFromCanonical(context: OnnxContext, node: Node): void {
  const [weights, x, out] = [inputOf(context, node, 1), inputOf(context, node, 2), outputOf(context, node)]
  const [inputs, outputs, filter] = [lengthsOf(x), lengthsOf(out), lengthsOf(weights).slice(1, 3)]
  const strides = ['strideH', 'strideW'].map((name) => numberAttribute(node, name, 1))
  const begins = ['padTop', 'padLeft'].map((name) => numberAttribute(node, name, 0))
  const axes = [0, 1].map((axis) =>
    axisOf(begins[axis]!, inputs[axis + 1]!, outputs[axis + 1]!, strides[axis]!, filter[axis]!),
  )
  const operands = [real(context, x, 'nchw'), weightReal(context, node, weights, [3, 0, 1, 2])]
  const bias = biasReal(context, node, x, weights, 3)
  result(context, node, 'nchw', (output) =>
    emit(context, 'ConvTranspose', bias ? [...operands, bias] : operands, output, {
      kernel_shape: filter,
      output_padding: axes.map(({ extra }) => extra),
      pads: [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)],
      strides,
    }),
  )
}
