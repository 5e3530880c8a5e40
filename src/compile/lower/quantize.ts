import type { DequantizeStep, QuantizeStep } from '../float-steps.ts'
import type { TableStep } from '../program.ts'
import { activationRange } from '../requantization.ts'
import { inputValue, type LowerContext, outputValue, refuse, requireScale, tensorAt } from './context.ts'
import { lowerTable } from './table.ts'

const integers: readonly string[] = ['int8', 'uint8', 'int16']

/** quantize: from float32, or from bytes to bytes by a table. */
export function lowerQuantize(context: LowerContext): QuantizeStep | TableStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  if (input.dtype !== 'float32') return lowerTable(context)
  if (!integers.includes(output.dtype)) throw refuse(context, `to ${output.dtype} is not compiled yet`)
  requireScale(context, context.graph.tensors.get(output.name)!)
  return {
    kind: 'quantize',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
    semantics: context.semantics,
    ...activationRange('none', output),
  }
}

/** dequantize to float32. */
export function lowerDequantize(context: LowerContext): DequantizeStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  if (!integers.includes(input.dtype) || output.dtype !== 'float32')
    throw refuse(context, `from ${input.dtype} to ${output.dtype} is not compiled yet`)
  requireScale(context, tensorAt(context, 0))
  return {
    kind: 'dequantize',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
  }
}
