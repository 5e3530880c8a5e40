import type { DataType } from '../../../graph/graph.ts'
import { integerRange } from '../../../graph/reference/activation.ts'
import { roundHalfAway } from '../../../graph/reference/fixed-point.ts'
import { activationOf, type LowerContext, refuse } from '../context.ts'
import type { Target } from './source.ts'

/** Lowest and highest value. */
export type Range = readonly [number, number]

const realRanges: Readonly<Record<string, Range>> = {
  none: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  relu: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
  relu_n1_to_1: [-1, 1],
}

/** What an integer type can hold, within int32. */
export function typeRange(dtype: DataType): Range {
  const [low, high] = integerRange(dtype)
  return [Math.max(low, -(2 ** 31)), Math.min(high, 2 ** 31 - 1)]
}

/**
 * Range of an output under a fused activation, as the reference interpreter has it: reals for floats, steps for
 * integers. @throws MilliwattError OP_UNSUPPORTED for other activations
 */
export function rangeOf(context: LowerContext, out: Target, activation: string = activationOf(context)): Range {
  const real = realRanges[activation]
  if (!real) throw refuse(context, `the fused activation ${activation} is not compiled yet`)
  if (out.scalar === 'f32') return real
  const [low, high] = typeRange(out.value.dtype)
  const { scale, zeroPoint } = out.value
  const steps = (bound: number) =>
    out.tensor.quantization && activation !== 'none' ? zeroPoint + roundHalfAway(Math.fround(bound / scale)) : bound
  return [Math.max(low, steps(real[0])), Math.min(high, steps(real[1]))]
}
