import type { FloatConvStep } from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { activationOf, inputValue, type LowerContext, outputValue, refuse, requireType } from './context.ts'
import { constantFloats, floatBias, floatRange } from './float-values.ts'
import { rowsGeometry } from './geometry.ts'

/** fully_connected of floats with weights [out, in]. */
export function lowerFloatFullyConnected(context: LowerContext): FloatConvStep {
  const { shape, data } = constantFloats(context, 1)
  const [input, output] = [inputValue(context, 0), outputValue(context)]
  requireType(context, 'float32', input, output)
  const [channels, depth] = shape as [number, number]
  const rows = sizeOf(input.shape) / depth
  if (!Number.isInteger(rows) || rows * channels !== sizeOf(output.shape))
    throw refuse(context, 'its weights do not fit its input and output')
  return {
    kind: 'float-conv',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: rows * data.length,
    geometry: rowsGeometry(rows, depth, channels),
    weights: data,
    bias: floatBias(context, 2, channels),
    ...floatRange(context, activationOf(context)),
  }
}
