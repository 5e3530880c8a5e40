import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import {
  constantNumbers,
  floatConstant,
  int32Constant,
  int64Constant,
  lengthsOf,
  permuteConstant,
} from '../constants.ts'
import { compute } from './compute.ts'
import { type CanonicalContext, constantOf, emit, unsupported, type Value, valueAt } from './context.ts'
import { channelsLastShape, toChannelsLast } from './layout.ts'
import { windowOf } from './window.ts'

/** A constant in reals: a float constant as it is, integers by their scales. */
export function floatWeights(tensor: Tensor): Tensor {
  const { quantization, ...plain } = tensor
  if (!quantization) return plain
  const { scales, zeroPoints, axis } = quantization
  const shape = lengthsOf(tensor)
  const inner = axis === null ? Number.POSITIVE_INFINITY : shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const values = constantNumbers(tensor)!.map((value, at) => {
    const slice = Math.floor(at / inner) % scales.length
    return scales[slice]! * (value - zeroPoints[slice]!)
  })
  return floatConstant(tensor.name, values, shape)
}

/**
 * Bias of a quantised layer: int32 as it is, or floats rounded to steps of input scale times weight scale; int64 for
 * int16 activations.
 */
export function integerBias(bias: Tensor, x: Value, weights: Tensor): Tensor {
  const scales = weights.quantization!.scales.map((scale) => Math.fround(x.tensor.quantization!.scales[0]! * scale))
  const quantization = { scales, zeroPoints: scales.map(() => 0), axis: scales.length === 1 ? null : 0 }
  const values = constantNumbers(bias)!
  const steps =
    bias.dtype === 'int32' ? values : values.map((value, c) => Math.round(value / scales[c % scales.length]!))
  const make = x.tensor.dtype === 'int16' ? int64Constant : int32Constant
  return { ...make(bias.name, steps), quantization }
}

/** The bias of a layer: an input, or none. */
export function biasOf(context: CanonicalContext, node: Node, name: string | undefined): Tensor | null {
  if (!name) return null
  const bias = constantOf(context, name)
  if (!bias) throw unsupported(node, 'with a bias that is no constant is missing')
  return bias
}

/** Weights of a 1-D convolution get a height of 1. */
function wide(tensor: Tensor): Tensor {
  const shape = lengthsOf(tensor)
  return shape.length === 3 ? { ...tensor, shape: [shape[0]!, shape[1]!, 1, shape[2]!] } : tensor
}

/** Conv of rank 3 or 4: CONV_2D (grouped too), or DEPTHWISE_CONV_2D with one input channel a group. */
export function convToCanonical(context: CanonicalContext, node: Node): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const constant = constantOf(context, node.inputs[1])
  if (!constant) throw unsupported(node, 'with weights that are no constant is missing')
  if (x.shape.length > 4) throw unsupported(node, `of rank ${x.shape.length} is missing`)
  const weights = wide(constant)
  const [channels, depth, ...kernel] = lengthsOf(weights) as [number, number, number, number]
  const group = numberAttribute(node, 'group', 1)
  const depthwise = group > 1 && depth === 1 && group === x.shape[1]
  const window = windowOf(node, x.tensor.shape as number[], kernel)
  const bias = biasOf(context, node, node.inputs[2])
  const order = depthwise ? [1, 2, 3, 0] : [0, 2, 3, 1]
  const shape = [x.shape[0]!, channels, ...window.extent.slice(x.shape.length === 3 ? 1 : 0)]
  compute(context, node, {
    inputs: [x],
    layout: 'channelsLast',
    shape,
    stored: channelsLastShape(shape),
    fuse: true,
    quantizable: weights.quantization !== undefined,
    write: ([input], output, activation, integers) => {
      const filter = permuteConstant(integers ? weights : floatWeights(weights), order)
      const ready = bias && (integers ? integerBias(bias, x, weights) : floatWeights(bias))
      const operands = [input!, context.builder.constant(filter), ...(ready ? [context.builder.constant(ready)] : [])]
      emit(context, depthwise ? 'depthwise_conv_2d' : 'conv_2d', operands, [output], {
        strideW: window.strides[1]!,
        strideH: window.strides[0]!,
        ...(depthwise ? { depthMultiplier: channels / group } : {}),
        activation,
        dilationW: window.dilations[1]!,
        dilationH: window.dilations[0]!,
        ...window.pads,
      })
    },
  })
}
