import { quantizeMultiplier } from '../../../graph/reference/fixed-point.ts'
import { binary, convert, mul, num, unary } from '../../loops/expressions.ts'
import {
  constantMultiplier,
  cutMultiplier,
  integerFromFloat,
  type MultiplierExpression,
  multiplyByQuantizedMultiplier,
  multiplyWide,
  offsetAndClamp,
} from '../../loops/fixed-point.ts'
import type { Expression } from '../../loops/loops.ts'
import type { LoopWriter } from '../../loops/writer.ts'
import { type LowerContext, refuse } from '../context.ts'
import type { Range } from './ranges.ts'
import type { Source, Target } from './source.ts'

/** From an accumulator (i32 or i64) of a channel to the output's integer, zero point added and cut to the range. */
export type Requantize = (accumulator: Expression, channel: Expression) => Expression

/** Where a requantisation ends. */
interface Destination {
  readonly w: LoopWriter
  readonly zeroPoint: number
  readonly range: Range
}

/** RNE(fl32(accumulator) · factor), factors by channel or one. */
function byFloats({ w, zeroPoint, range }: Destination, factors: Float32Array): Requantize {
  const table = factors.length > 1 ? w.constant('float32', factors) : null
  return (accumulator, channel) => {
    const factor = table === null ? num('f32', factors[0]!) : w.load(table, channel)
    return integerFromFloat(unary('nearest', mul(convert(accumulator, 'f32'), factor)), zeroPoint, range)
  }
}

/** Fixed point with double rounding, or that of 64-bit accumulators. */
function byMultipliers(destination: Destination, reals: readonly number[], wide: boolean): Requantize {
  const { w, zeroPoint, range } = destination
  const fixed = reals.map(quantizeMultiplier).map((each) => (wide ? cutMultiplier(each) : each))
  const kept = fixed.map(({ multiplier, shift }) => (shift > 31 ? { multiplier: 0, shift: 0 } : { multiplier, shift }))
  const tables =
    kept.length > 1
      ? [w.integers(kept.map(({ multiplier }) => multiplier)), w.integers(kept.map(({ shift }) => shift))]
      : null
  return (accumulator, channel) => {
    const factor: MultiplierExpression = tables
      ? { multiplier: w.load(tables[0]!, channel), shift: w.let(w.load(tables[1]!, channel)) }
      : constantMultiplier(kept[0]!)
    if (!wide) return offsetAndClamp(w, multiplyByQuantizedMultiplier(w, accumulator, factor), zeroPoint, range)
    const value = w.let(multiplyWide(accumulator, factor))
    // Within int32 before it is cut: 64-bit sums may lie beyond.
    const low = w.let({
      kind: 'select',
      type: 'i64',
      condition: binary('gt', value, -(2 ** 31)),
      yes: value,
      no: num('i64', -(2 ** 31)),
    })
    const high = num('i64', 2 ** 31 - 1)
    const inside: Expression = { kind: 'select', type: 'i64', condition: binary('lt', low, high), yes: low, no: high }
    return offsetAndClamp(w, convert(inside, 'i32'), zeroPoint, range)
  }
}

/** How sums of products are requantised: see the reference interpreter's `productRequantize`. */
export interface ProductForm {
  readonly floatProduct: boolean
  readonly wide: boolean
}

/**
 * Requantisation of sums of products x · weights of so many channels. `tflm` forms the factor in double arithmetic;
 * the product of the two scales in float32 for a fully connected layer and for uint8. `fp32`: fl32(fl32(x · w) / out).
 */
export function productRequantize(
  w: LoopWriter,
  context: LowerContext,
  { x, weights, out }: { readonly x: Source; readonly weights: Source; readonly out: Target },
  range: Range,
  form: ProductForm & { readonly channels: number },
): Requantize {
  const scales = weights.tensor.quantization?.scales
  if (!scales?.every((scale) => scale > 0 && Number.isFinite(scale)))
    throw refuse(context, `"${weights.value.name}" has no positive scale`)
  const destination = { w, zeroPoint: out.value.zeroPoint, range }
  const count = scales.length === 1 ? 1 : form.channels
  const each = Array.from({ length: count }, (_, channel) => scales[Math.min(channel, scales.length - 1)]!)
  const [input, output] = [x.value.scale, out.value.scale]
  if (context.semantics === 'fp32')
    return byFloats(
      destination,
      Float32Array.from(each, (scale) => Math.fround(input * scale) / output),
    )
  const single = scales.length === 1 && (form.floatProduct || x.value.dtype === 'uint8')
  const reals = each.map((scale) => (single ? Math.fround(input * scale) : input * scale) / output)
  if (form.wide && reals.some((real) => real >= 2 ** 14)) throw refuse(context, 'its factor is too large for int16')
  return byMultipliers(destination, reals, form.wide)
}

/** Requantisation by one real factor: double arithmetic in `tflm`, one float32 factor in `fp32`. */
export function factorRequantize(
  w: LoopWriter,
  context: LowerContext,
  real: number,
  out: Target,
  range: Range,
): (steps: Expression) => Expression {
  const destination = { w, zeroPoint: out.value.zeroPoint, range }
  const none = num('i32', 0)
  const requantize =
    context.semantics === 'fp32'
      ? byFloats(destination, Float32Array.of(real))
      : byMultipliers(destination, [real], false)
  return (steps) => requantize(steps, none)
}
