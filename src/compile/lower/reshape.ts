import { type ReshapeStep, sizeOf } from '../program.ts'
import { inputValue, type LowerContext, outputValue, refuse } from './context.ts'

/** reshape, squeeze, expand_dims: the same bytes under another shape. */
export function lowerReshape(context: LowerContext): ReshapeStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  if (sizeOf(input.shape) !== sizeOf(output.shape)) throw refuse(context, 'input and output differ in size')
  return {
    kind: 'reshape',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
  }
}
