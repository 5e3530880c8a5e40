import { quantizeMultiplier } from '../../../graph/reference/fixed-point.ts'
import { num } from '../../loops/expressions.ts'
import { cutMultiplier } from '../../loops/fixed-point.ts'
import type { Expression } from '../../loops/loops.ts'
import { type Requantize, requantizeByFactors, requantizeByMultipliers } from '../../loops/requantize.ts'
import type { LoopWriter } from '../../loops/writer.ts'
import { type LowerContext, refuse } from '../context.ts'
import type { Range } from './ranges.ts'
import type { Source, Target } from './source.ts'

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
    return requantizeByFactors(
      destination,
      Float32Array.from(each, (scale) => Math.fround(input * scale) / output),
    )
  const single = scales.length === 1 && (form.floatProduct || x.value.dtype === 'uint8')
  const reals = each.map((scale) => (single ? Math.fround(input * scale) : input * scale) / output)
  if (form.wide && reals.some((real) => real >= 2 ** 14)) throw refuse(context, 'its factor is too large for int16')
  const fixed = reals.map(quantizeMultiplier)
  return requantizeByMultipliers(destination, form.wide ? fixed.map(cutMultiplier) : fixed, form.wide)
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
      ? requantizeByFactors(destination, Float32Array.of(real))
      : requantizeByMultipliers(destination, [quantizeMultiplier(real)])
  return (steps) => requantize(steps, none)
}
