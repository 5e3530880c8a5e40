import type { AttributeValue, Dimension, Node, Tensor } from '../../graph/graph.ts'
import { IllegalModel } from './faults.ts'

/** How a window slides along one axis: lengths in elements. */
export interface WindowAxis {
  readonly input: number
  readonly filter: number
  readonly stride: number
  readonly dilation: number
}

/**
 * Zeros before and after an axis under the rule SAME: output = ceil(input / stride), the odd zero goes to the end
 * (TFLite's and TensorFlow's rule).
 */
export function samePadding(axis: WindowAxis): readonly [number, number] {
  const output = Math.ceil(axis.input / axis.stride)
  const reach = (axis.filter - 1) * axis.dilation + 1
  const total = Math.max(0, (output - 1) * axis.stride + reach - axis.input)
  return [Math.floor(total / 2), total - Math.floor(total / 2)]
}

const windowed = new Set(['conv_2d', 'depthwise_conv_2d', 'average_pool_2d', 'max_pool_2d', 'l2_pool_2d'])

/** Tells whether an operator's padding is given as four numbers. */
export function isWindowed(op: string): boolean {
  return windowed.has(op) || op === 'transpose_conv'
}

type Read = Pick<Node, 'op' | 'inputs' | 'outputs' | 'attributes'>
type Tensors = ReadonlyMap<string, Tensor>

const lengthOf = (shape: readonly Dimension[] | null | undefined, axis: number): number | null => {
  const length = shape?.[axis]
  return typeof length === 'number' && shape!.length === 4 ? length : null
}

/** The two axes, height then width; null where a length is not known. A transposed convolution slides over its output. */
export function windowAxes(node: Read, tensors: Tensors): readonly [WindowAxis, WindowAxis] | null {
  const number = (name: string, fallback: number) => {
    const value = node.attributes[name]
    return typeof value === 'number' ? value : fallback
  }
  const over = node.op === 'transpose_conv' ? node.outputs[0] : node.inputs[0]
  const weights = node.op.endsWith('pool_2d') ? null : tensors.get(node.inputs[1] ?? '')?.shape
  const axisOf = (side: 'H' | 'W', axis: 1 | 2): WindowAxis | null => {
    const input = lengthOf(tensors.get(over ?? '')?.shape, axis)
    const filter = weights === null ? number(`filter${side}`, 0) : lengthOf(weights, axis)
    const stride = number(`stride${side}`, 0)
    const dilation = number(`dilation${side}`, 1)
    if (filter === null || input === null) return null
    if (stride < 1 || dilation < 1 || filter < 1)
      throw new IllegalModel(`an operator ${node.op} has stride ${stride}, dilation ${dilation}, filter ${filter}`)
    return { input, filter, stride, dilation }
  }
  const height = axisOf('H', 1)
  const width = axisOf('W', 2)
  return height && width && [height, width]
}

/** Pads of a windowed operator as four attributes; a rule by name where a length is not known yet. */
export function explicitPadding(
  node: Read,
  rule: 'same' | 'valid',
  tensors: Tensors,
): Readonly<Record<string, AttributeValue>> {
  const axes = windowAxes(node, tensors)
  if (!axes) return { padding: rule }
  const [height, width] = axes.map((axis) => (rule === 'same' ? samePadding(axis) : [0, 0]))
  return { padTop: height![0]!, padBottom: height![1]!, padLeft: width![0]!, padRight: width![1]! }
}
