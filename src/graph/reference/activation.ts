import type { DataType } from '../graph.ts'
import { roundHalfAway } from './fixed-point.ts'
import { type Call, isFloat, type Operand, scale, unsupported, zeroPoint } from './kernel.ts'

/** Lowest and highest value that an output may take. */
export type Range = readonly [number, number]

const integerRanges: Partial<Record<DataType, Range>> = {
  int4: [-8, 7],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
}

/** Range of an integer type. */
export function integerRange(dtype: DataType): Range {
  return integerRanges[dtype] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
}

const realRanges: Readonly<Record<string, Range>> = {
  none: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  relu: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
  relu_n1_to_1: [-1, 1],
}

/**
 * Range of a quantised integer under a fused activation, TFLite's CalculateActivationRangeQuantized: zeroPoint +
 * round(bound / scale) in float32, within the type's range. Null for the activations that TFLite's kernels do not fuse.
 */
export function quantizedRange(
  activation: string,
  { dtype, scale, zeroPoint }: { readonly dtype: DataType; readonly scale: number; readonly zeroPoint: number },
): Range | null {
  const real = realRanges[activation]
  const [low, high] = integerRange(dtype)
  if (!real || activation === 'none') return real ? [low, high] : null
  const quantized = (bound: number) => zeroPoint + roundHalfAway(Math.fround(bound / Math.fround(scale)))
  return [Math.max(low, quantized(real[0])), Math.min(high, quantized(real[1]))]
}

/**
 * Range of an output under a fused activation: reals for floats, `quantizedRange` for integers.
 * @throws MilliwattError OP_UNSUPPORTED for the activations that TFLite's kernels do not fuse
 */
export function activationRange(call: Call, out: Operand, name?: string): Range {
  const activation = name ?? String(call.node.attributes.activation ?? 'none')
  const real = realRanges[activation]
  if (!real) throw unsupported(call, `with the fused activation ${activation} is missing`)
  if (isFloat(out)) return real
  const { dtype, quantization } = out.tensor
  const [low, high] = integerRange(dtype)
  if (!quantization) return [Math.max(low, real[0]), Math.min(high, real[1])]
  return quantizedRange(activation, { dtype, scale: scale(out), zeroPoint: zeroPoint(out) })!
}

/** The nearest value within a range. */
export function clamp(value: number, [low, high]: Range): number {
  return Math.min(high, Math.max(low, value))
}
