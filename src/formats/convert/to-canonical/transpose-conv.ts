import { type Node, numberAttribute, numbersAttribute } from '../../../graph/graph.ts'
import { int32Constant, lengthsOf, permuteConstant } from '../constants.ts'
import { compute } from './compute.ts'
import { type CanonicalContext, constantOf, emit, unsupported, valueAt } from './context.ts'
import { biasOf, floatWeights, integerBias } from './conv.ts'
import { channelsLastShape, toChannelsLast } from './layout.ts'

/** ConvTranspose of rank 4 without groups and dilation: TRANSPOSE_CONV. */
export function convTransposeToCanonical(context: CanonicalContext, node: Node): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const weights = constantOf(context, node.inputs[1])
  const list = (name: string, fallback: readonly number[]) => numbersAttribute(node, name, fallback)
  const simple = numberAttribute(node, 'group', 1) === 1 && list('dilations', []).every((each) => each === 1)
  const explicit = String(node.attributes.auto_pad ?? 'NOTSET') === 'NOTSET' && !node.attributes.output_shape
  if (!weights || x.shape.length !== 4 || !simple || !explicit) throw unsupported(node, 'of this kind is missing')
  const [, channels, ...filter] = lengthsOf(weights) as [number, number, number, number]
  const [strides, pads, extra] = [list('strides', [1, 1]), list('pads', [0, 0, 0, 0]), list('output_padding', [0, 0])]
  const extent = filter.map(
    (size, axis) => strides[axis]! * (x.shape[axis + 2]! - 1) + extra[axis]! + size - pads[axis]! - pads[axis + 2]!,
  )
  const shape = [x.shape[0]!, channels, ...extent]
  const bias = biasOf(context, node, node.inputs[2])
  const stored = channelsLastShape(shape)
  compute(context, node, {
    inputs: [x],
    layout: 'channelsLast',
    shape,
    stored,
    fuse: true,
    quantizable: weights.quantization !== undefined,
    write: ([input], output, activation, integers) => {
      const matrix = permuteConstant(integers ? weights : floatWeights(weights), [1, 2, 3, 0])
      const ready = bias && (integers ? integerBias(bias, x, weights) : floatWeights(bias))
      const constants = [int32Constant('shape', stored), matrix].map(context.builder.constant)
      emit(
        context,
        'transpose_conv',
        [...constants, input!, ...(ready ? [context.builder.constant(ready)] : [])],
        [output],
        {
          strideW: strides[1]!,
          strideH: strides[0]!,
          activation,
          padTop: pads[0]!,
          padBottom: pads[2]!,
          padLeft: pads[1]!,
          padRight: pads[3]!,
        },
      )
    },
  })
}
