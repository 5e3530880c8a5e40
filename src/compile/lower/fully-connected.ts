import type { FloatConvStep } from '../float-steps.ts'
import { type ConvStep, sizeOf } from '../program.ts'
import { requantizationOf } from '../requantization.ts'
import {
  activationOf,
  constantBias,
  constantInt8,
  inputValue,
  type LowerContext,
  outputValue,
  refuse,
  requireType,
  tensorAt,
  weightScales,
} from './context.ts'
import { lowerFloatFullyConnected } from './float-fully-connected.ts'
import { rowsGeometry } from './geometry.ts'

/** fully_connected with weights [out, in]: a convolution of 1×1 over as many pixels as there are rows. */
export function lowerFullyConnected(context: LowerContext): ConvStep | FloatConvStep {
  if (tensorAt(context, 0).dtype === 'float32') return lowerFloatFullyConnected(context)
  const input = inputValue(context, 0)
  const output = outputValue(context)
  requireType(context, 'int8', input, output)
  const { tensor, data } = constantInt8(context, 1)
  const [channels, depth] = tensor.shape as [number, number]
  const rows = sizeOf(input.shape) / depth
  if (!Number.isInteger(rows) || rows * channels !== sizeOf(output.shape))
    throw refuse(context, 'its weights do not fit its input and output')
  const scales = weightScales(context, tensor, channels)
  return {
    kind: 'conv',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: rows * channels * depth,
    geometry: rowsGeometry(rows, depth, channels),
    weights: data,
    requantize: requantizationOf(
      {
        input,
        output,
        weightScales: scales,
        bias: constantBias(context, 2, channels),
        channels,
        activation: activationOf(context),
        floatProduct: scales.length === 1,
        weightsOf: (channel) => data.subarray(channel * depth, (channel + 1) * depth),
      },
      context.semantics,
    ),
  }
}
