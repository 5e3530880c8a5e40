import { constantIntegers, elementCount, type Node, numberAttribute } from '../graph.ts'
import type { OpContext, OpDef, Shape } from '../ops/op-def.ts'

/** Length after a window slid along an axis with explicit pads; null when the input's length is open. */
function extent(node: Node, side: 'H' | 'W', length: string | number | undefined, filter: number): number | null {
  const { padding } = node.attributes
  const stride = numberAttribute(node, `stride${side}`, 1)
  const reach = (filter - 1) * numberAttribute(node, `dilation${side}`, 1) + 1
  if (typeof length !== 'number') return null
  if (padding === 'same') return Math.ceil(length / stride)
  const [before, after] = side === 'H' ? ['padTop', 'padBottom'] : ['padLeft', 'padRight']
  const padded = length + numberAttribute(node, before!, 0) + numberAttribute(node, after!, 0)
  return Math.floor((padded - reach) / stride) + 1
}

function slide({ node, shapes }: OpContext, filterH: number, filterW: number, channels: Shape[number]): Shape | null {
  const x = shapes[0]
  if (x?.length !== 4) return null
  const [height, width] = [extent(node, 'H', x[1], filterH), extent(node, 'W', x[2], filterW)]
  return height === null || width === null ? null : [x[0]!, height, width, channels]
}

/** Farther than any window reaches. */
const mostReach = 2 ** 24

/** Strides, dilations and filters count from 1, pads from 0. */
function windowFault({ attributes }: Node): string | null {
  const least = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, filterH: 1, filterW: 1 }
  const pads = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }
  for (const [name, low] of Object.entries({ ...least, ...pads })) {
    const value = attributes[name]
    if (typeof value === 'number' && !(Number.isInteger(value) && value >= low && value <= mostReach))
      return `has ${name} ${value}`
  }
  return null
}

/** Shape of constant weights of rank 4. */
function weightShape({ shapes }: OpContext): readonly [number, number, number, number] | null {
  const shape = shapes[1]
  return shape?.length === 4 && elementCount(shape) !== null
    ? (shape as readonly [number, number, number, number])
    : null
}

/** Checks rank, channels and bias of a convolution; `fits` tells whether input channels go with the weights. */
function convolutionFault(
  { node, shapes }: OpContext,
  [xInput, biasInput]: readonly [number, number],
  outputAxis: 0 | 3,
  fits: (channels: number, weights: readonly number[]) => boolean,
): string | null {
  const window = windowFault(node)
  if (window) return window
  const [x, weights, bias] = [shapes[xInput], shapes[1], shapes[biasInput]]
  if (!x || !weights || elementCount(weights) === null) return null
  if (x.length !== 4 || weights.length !== 4) return `wants ranks of 4, not [${x}] by [${weights}]`
  const channels = x[3]
  if (typeof channels === 'number' && !fits(channels, weights as readonly number[]))
    return `has weights [${weights}] that do not fit ${channels} input channels`
  return bias && elementCount(bias) !== weights[outputAxis]
    ? `has a bias [${bias}] that does not fit [${weights}]`
    : null
}

/** Convolution of NHWC by OHWI. */
const conv2d: OpDef = {
  op: 'conv_2d',
  weightInputs: [1, 2],
  fault: (context) =>
    convolutionFault(context, [0, 2], 0, (channels, [units, , , depth]) => {
      const groups = channels / depth!
      return Number.isInteger(groups) && units! % groups === 0
    }),
  outputShape(context) {
    const weights = weightShape(context)
    return weights && slide(context, weights[1], weights[2], weights[0])
  },
  macs(context, output) {
    const [weights, outputs] = [weightShape(context), elementCount(output)]
    return weights && outputs !== null ? outputs * weights[1] * weights[2] * weights[3] : null
  },
}

/** Depthwise convolution of NHWC by 1HWC. */
const depthwiseConv2d: OpDef = {
  op: 'depthwise_conv_2d',
  weightInputs: [1, 2],
  fault: (context) =>
    convolutionFault(context, [0, 2], 3, (channels, [one, , , outputs]) => one === 1 && outputs! % channels === 0),
  outputShape(context) {
    const weights = weightShape(context)
    return weights && slide(context, weights[1], weights[2], weights[3])
  },
  macs(context, output) {
    const [weights, outputs] = [weightShape(context), elementCount(output)]
    return weights && outputs !== null ? outputs * weights[1] * weights[2] : null
  },
}

/** Transposed convolution: inputs are the output's shape, weights OHWI, the activations, a bias. */
const transposeConv: OpDef = {
  op: 'transpose_conv',
  weightInputs: [1, 3],
  fault: (context) => convolutionFault(context, [2, 3], 0, (channels, [, , , depth]) => channels === depth),
  outputShape: ({ tensors: [shape] }) => constantIntegers(shape),
  macs(context) {
    const [weights, inputs] = [weightShape(context), elementCount(context.shapes[2] ?? null)]
    return weights && inputs !== null ? inputs * weights[0] * weights[1] * weights[2] : null
  },
}

const pool = (op: string): OpDef => ({
  op,
  fault: ({ node }) => windowFault(node),
  outputShape(context) {
    const [height, width] = ['filterH', 'filterW'].map((name) => numberAttribute(context.node, name, 1))
    const channels = context.shapes[0]?.[3]
    return channels === undefined ? null : slide(context, height!, width!, channels)
  },
})

/** Operators that slide a window over NHWC. */
export const windowedOps: readonly OpDef[] = [
  conv2d,
  depthwiseConv2d,
  transposeConv,
  pool('average_pool_2d'),
  pool('max_pool_2d'),
  pool('l2_pool_2d'),
]
