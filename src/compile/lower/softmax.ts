import type { FloatSoftmaxStep } from '../float-steps.ts'
import { type SoftmaxStep, sizeOf } from '../program.ts'
import { exponentialTable } from '../softmax-table.ts'
import { attribute, inputValue, type LowerContext, outputValue, refuse, requireType } from './context.ts'

/** softmax over the last dimension: of floats, or int8 to int8 with scale 1/256 and zero point −128. */
export function lowerSoftmax(context: LowerContext): SoftmaxStep | FloatSoftmaxStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  const depth = input.shape.at(-1) ?? 1
  const rows = sizeOf(input.shape) / depth
  const beta = attribute(context, 'beta', 1)
  if (!(beta > 0 && Number.isFinite(beta))) throw refuse(context, `its beta is ${beta}`)
  const base = { name: context.node.name || output.name, op: context.node.op, inputs: [input], output, macs: 0 }
  if (input.dtype === 'float32' && output.dtype === 'float32')
    return { kind: 'float-softmax', ...base, rows, depth, beta }
  requireType(context, 'int8', input, output)
  if (output.zeroPoint !== -128 || Math.abs(output.scale - 1 / 256) > 1e-6)
    throw refuse(context, 'its output is not scaled by 1/256 with zero point −128')
  return {
    kind: 'softmax',
    semantics: context.semantics,
    ...base,
    depth,
    rows,
    beta,
    exponentials: exponentialTable(input.scale, beta),
  }
}
