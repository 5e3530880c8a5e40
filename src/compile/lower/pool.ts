import type { FloatPoolStep } from '../float-steps.ts'
import type { PoolStep } from '../program.ts'
import { activationRange } from '../requantization.ts'
import { activationOf, attribute, inputValue, type LowerContext, outputValue, requireType } from './context.ts'
import { floatRange } from './float-values.ts'
import { geometryOf } from './geometry.ts'

/** average_pool_2d and max_pool_2d on float32 or int8; int8 input and output share scale and zero point. */
export function lowerPool(context: LowerContext): PoolStep | FloatPoolStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  const filter = { height: attribute(context, 'filterH', 1), width: attribute(context, 'filterW', 1) }
  const geometry = geometryOf(context, input, output, filter)
  const base = {
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
    geometry,
  }
  const most = context.node.op === 'max_pool_2d'
  if (input.dtype === 'float32' && output.dtype === 'float32')
    return {
      kind: 'float-pool',
      mode: most ? 'max' : 'average',
      ...base,
      ...floatRange(context, activationOf(context)),
    }
  requireType(context, 'int8', input, output)
  return {
    kind: most ? 'max-pool' : 'average-pool',
    semantics: context.semantics,
    ...base,
    ...activationRange(activationOf(context), output),
  }
}
