import { add, binary, convert, int, mul, num, select, sub, unary } from '../../../loops/expressions.ts'
import { clampInteger } from '../../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../../loops/loops.ts'
import { LoopWriter } from '../../../loops/writer.ts'
import { attribute, type LowerContext } from '../../context.ts'
import { requireScalar, sourceAt, targetAt } from '../source.ts'

/** SignalWindow: samples times weights that repeat, shifted right, saturated to int16. */
export function lowerWindow(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, weights, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
  requireScalar(context, 'i32', x, weights, out)
  const shift = attribute(context, 'shift', 0)
  w.loop(x.size / weights.size, (row) => {
    w.loop(weights.size, (at) => {
      const place = w.let(add(mul(row, weights.size), at))
      const product = binary('shr', mul(x.load(place), weights.load(at)), shift)
      out.store(place, clampInteger(w, product, [-32768, 32767]))
    })
  })
  return w.step(context.node, out.value, 'signal window')
}

const toInt16 = (value: Expression) => binary('shr', binary('shl', value, 16), 16)

/** The bits by which the largest magnitude allows samples to be shifted left. */
function lowerScaleBits(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context, 1)]
  requireScalar(context, 'i32', x, out)
  const most = w.number('i32', 0)
  w.loop(x.size, (at) => {
    const value = w.let(x.load(at))
    const opposite = w.let(sub(int(0), value))
    const other = select(binary('gt', opposite, most), toInt16(opposite), most)
    w.set(most, select(binary('gt', value, most), value, other))
  })
  const bits = w.let(sub(unary('clz', most), 17))
  out.store(int(0), select(binary('gt', bits, 0), bits, 0))
  return w.step(context.node, out.value, 'signal scale bits')
}

/** SignalFftAutoScale: the second output first, then the samples shifted by it. */
export function lowerAutoScale(context: LowerContext): readonly LoopsStep[] {
  const w = new LoopWriter()
  const [x, out, bits] = [sourceAt(w, context, 0), targetAt(w, context), targetAt(w, context, 1)]
  const shift = w.let(w.load(w.value(bits.value), int(0)))
  w.loop(x.size, (at) => out.store(at, binary('shl', x.load(at), shift)))
  return [lowerScaleBits(context), w.step(context.node, out.value, 'signal auto scale')]
}

/** SignalEnergy: re² + im² of the bins from start to end, 0 for the others. */
export function lowerEnergy(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, 'i32', x)
  requireScalar(context, 'i64', out)
  const [start, end] = [attribute(context, 'startIndex', 0), attribute(context, 'endIndex', 0)]
  if (end - start < out.size) w.loop(out.size, (bin) => out.store(bin, num('i64', 0)))
  if (end > start)
    w.loop(end - start, (index) => {
      const bin = w.let(add(index, start))
      const [re, im] = [0, 1].map((part) => w.let(x.load(add(mul(bin, 2), part)))) as [Expression, Expression]
      out.store(bin, convert(add(mul(re, re), mul(im, im)), 'i64', true))
    })
  return w.step(context.node, out.value, 'signal energy')
}
