import { constantIntegers } from '../../graph/graph.ts'
import { quantizeMultiplier } from '../../graph/reference/fixed-point.ts'
import { type ReduceStep, type Requantization, sizeOf, type Value } from '../program.ts'
import { activationRange } from '../requantization.ts'
import { inputValue, type LowerContext, outputValue, refuse, requireScale, tensorAt } from './context.ts'

const modes: Readonly<Record<string, ReduceStep['mode']>> = {
  mean: 'mean',
  sum: 'sum',
  reduce_max: 'max',
  reduce_min: 'min',
}

/**
 * From a sum less its zero points to output steps. `tflm`: the multiplier in / out takes 1/n up as
 * (multiplier · 2^s) / n, s = floor(log2 n) (TFLite's reduce.h); `fp32`: fl32(fl32(in / out) / n).
 */
function requantizationOf(context: LowerContext, input: Value, output: Value, divisor: number): Requantization {
  const { multiplier, shift } = quantizeMultiplier(input.scale / output.scale)
  const s = Math.min(Math.floor(Math.log2(divisor)), 32, 31 + shift)
  return {
    semantics: context.semantics,
    bias: new Int32Array(1),
    multipliers: Int32Array.of(Number((BigInt(multiplier) << BigInt(s)) / BigInt(divisor)) | 0),
    shifts: Int32Array.of(shift - s),
    scales: Float32Array.of(Math.fround(Math.fround(input.scale / output.scale) / divisor)),
    low: new Float64Array(1),
    high: new Float64Array(1),
    zeroPoint: output.zeroPoint,
    ...activationRange('none', output),
  }
}

/** mean, sum, reduce_max, reduce_min over constant axes: int8, uint8 and float32. */
export function lowerReduce(context: LowerContext): ReduceStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  const axes = constantIntegers(tensorAt(context, 1))
  if (!axes) throw refuse(context, 'its axes are not constant')
  if (!['int8', 'uint8', 'float32'].includes(input.dtype) || input.dtype !== output.dtype)
    throw refuse(context, `from ${input.dtype} to ${output.dtype} is not compiled yet`)
  const rank = input.shape.length
  const removed = axes.map((axis) => (axis < 0 ? axis + rank : axis))
  const reduced = input.shape.map((_, axis) => removed.includes(axis))
  const count = sizeOf(input.shape.filter((_, axis) => reduced[axis]))
  if (count * sizeOf(output.shape) !== sizeOf(input.shape)) throw refuse(context, 'its axes do not fit its output')
  const mode = modes[context.node.op]!
  const sums = input.dtype !== 'float32' && (mode === 'mean' || mode === 'sum')
  if (sums) for (const name of [input.name, output.name]) requireScale(context, context.graph.tensors.get(name)!)
  return {
    kind: 'reduce',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: [input],
    output,
    macs: 0,
    mode,
    reduced,
    requantize: sums ? requantizationOf(context, input, output, mode === 'mean' ? count : 1) : null,
  }
}
