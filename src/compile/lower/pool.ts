import type { PoolStep } from '../program.ts'
import { activationRange } from '../requantization.ts'
import { activationOf, attribute, inputValue, type LowerContext, outputValue, requireType } from './context.ts'
import { geometryOf } from './geometry.ts'

/** average_pool_2d and max_pool_2d on int8; input and output share scale and zero point. */
export function lowerPool(context: LowerContext): PoolStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  requireType(context, 'int8', input, output)
  const filter = { height: attribute(context, 'filterH', 1), width: attribute(context, 'filterW', 1) }
  const geometry = geometryOf(context, input, output, filter)
  return {
    kind: context.node.op === 'max_pool_2d' ? 'max-pool' : 'average-pool',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
    semantics: context.semantics,
    geometry,
    ...activationRange(activationOf(context), output),
  }
}
