import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { sameQuantization } from '../zero-point.ts'
import { emit, inputOf, type OnnxContext, outputOf, unsupported } from './context.ts'
import { moved, result } from './result.ts'
import { real, stored } from './values.ts'
import { biasReal, weightReal } from './weights.ts'

const number = (node: Node, name: string) => numberAttribute(node, name, 1)
const strides = (node: Node) => [number(node, 'strideH'), number(node, 'strideW')]
const filter = (node: Node) => [number(node, 'filterH'), number(node, 'filterW')]

function pads(node: Node): readonly number[] {
  if (node.attributes.padding !== undefined) throw unsupported(node, 'with a length that is not known is missing')
  return ['padTop', 'padLeft', 'padBottom', 'padRight'].map((name) => numberAttribute(node, name, 0))
}

function convolve(context: OnnxContext, node: Node, order: readonly number[], group: number): void {
  const [x, weights] = [inputOf(context, node, 0), inputOf(context, node, 1)]
  const kernel = weights.shape!.slice(1, 3).map(Number)
  const inputs = [real(context, x, 'nchw'), weightReal(context, node, weights, order)]
  const bias = biasReal(context, node, x, weights)
  result(context, node, 'nchw', (output) =>
    emit(context, 'Conv', bias ? [...inputs, bias] : inputs, output, {
      dilations: [number(node, 'dilationH'), number(node, 'dilationW')],
      group,
      kernel_shape: kernel,
      pads: pads(node),
      strides: strides(node),
    }),
  )
}

/** CONV_2D: weights OHWI to OIHW; grouped where the weights see fewer channels than there are. */
export function convFromCanonical(context: OnnxContext, node: Node): void {
  const channels = Number(inputOf(context, node, 0).shape![3])
  convolve(context, node, [0, 3, 1, 2], channels / Number(inputOf(context, node, 1).shape![3]))
}

/** DEPTHWISE_CONV_2D: weights 1HWC to C1HW, one group a channel of the input. */
export function depthwiseFromCanonical(context: OnnxContext, node: Node): void {
  convolve(context, node, [3, 0, 1, 2], Number(inputOf(context, node, 0).shape![3]))
}

/** A pool that sees its whole input at once. */
function isGlobal(node: Node, x: Tensor, out: Tensor): boolean {
  const whole = filter(node).every((length, axis) => length === x.shape![axis + 1])
  return whole && pads(node).every((pad) => pad === 0) && out.shape![1] === 1 && out.shape![2] === 1
}

/** AVERAGE_POOL_2D: padding does not count. */
export function averagePoolFromCanonical(context: OnnxContext, node: Node): void {
  const x = inputOf(context, node, 0)
  const input = real(context, x, 'nchw')
  result(context, node, 'nchw', (output) => {
    if (isGlobal(node, x, outputOf(context, node))) emit(context, 'GlobalAveragePool', [input], output)
    else
      emit(context, 'AveragePool', [input], output, {
        count_include_pad: 0,
        kernel_shape: filter(node),
        pads: pads(node),
        strides: strides(node),
      })
  })
}

/** MAX_POOL_2D: on the stored integers where no activation and no other scale asks for the reals. */
export function maxPoolFromCanonical(context: OnnxContext, node: Node): void {
  const x = inputOf(context, node, 0)
  const attributes = { kernel_shape: filter(node), pads: pads(node), strides: strides(node) }
  const plain = (node.attributes.activation ?? 'none') === 'none'
  const same = sameQuantization(x.quantization, outputOf(context, node).quantization)
  const [put, input] = plain && same ? [moved, stored] : [result, real]
  const source = input(context, x, 'nchw')
  put(context, node, 'nchw', (output) => emit(context, 'MaxPool', [source], output, attributes))
}
