import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../fixed-point.ts'
import { type AddStep, sizeOf, type Value } from '../program.ts'
import { activationRange } from '../requantization.ts'
import { activationOf, inputValue, type LowerContext, outputValue, refuse, requireType } from './context.ts'

/** Bits that TFLite's int8 addition keeps below the point (add.cc, left_shift). */
const leftShift = 20

/** An input's contribution to the raw sum for every byte value −128…127 (reference_integer_ops/add.h). */
function tableOf(input: Value, twiceMaximum: number): Int32Array {
  const fixed = quantizeMultiplier(input.scale / twiceMaximum)
  return Int32Array.from({ length: 256 }, (_, byte) =>
    multiplyByQuantizedMultiplier((byte - 128 - input.zeroPoint) * (1 << leftShift), fixed),
  )
}

/** add of two computed int8 tensors of equal shape. */
export function lowerAdd(context: LowerContext): AddStep {
  const left = inputValue(context, 0)
  const right = inputValue(context, 1)
  const output = outputValue(context)
  requireType(context, 'int8', left, right, output)
  if (sizeOf(left.shape) !== sizeOf(output.shape) || sizeOf(right.shape) !== sizeOf(output.shape))
    throw refuse(context, 'broadcasting is not compiled yet')
  const twiceMaximum = 2 * Math.max(left.scale, right.scale)
  const fixed = quantizeMultiplier(twiceMaximum / ((1 << leftShift) * output.scale))
  return {
    kind: 'add',
    semantics: context.semantics,
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [left, right],
    output,
    macs: 0,
    tables: [tableOf(left, twiceMaximum), tableOf(right, twiceMaximum)],
    multiplier: fixed.multiplier,
    shift: fixed.shift,
    factors: [left.scale / output.scale, right.scale / output.scale],
    ...activationRange(activationOf(context), output),
  }
}
