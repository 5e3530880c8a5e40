import { add, binary, convert, int, mul, select, sub, unary } from '../../loops/expressions.ts'
import { clampFloat, clampInteger, integerFromFloat } from '../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter, type Variable } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { geometryOf } from '../geometry.ts'
import { type Range, rangeOf } from './ranges.ts'
import { isFloat, requireScalar, type Source, sourceAt, targetAt } from './source.ts'
import { eachPosition, eachTap } from './window.ts'

/** Writers of what a window becomes. */
interface Reduction {
  start(): Variable
  take(sum: Variable, element: Expression): void
  finish(sum: Expression, count: Expression): Expression
}

function maximum(w: LoopWriter, x: Source, range: Range): Reduction {
  const float = isFloat(x)
  const least = float ? Number.NEGATIVE_INFINITY : -(2 ** 31)
  return {
    start: () => w.number(x.scalar, least),
    take: (most, element) => {
      if (float) w.set(most, binary('max', most, element))
      else {
        const value = w.let(element)
        w.set(most, select(binary('gt', value, most), value, most))
      }
    },
    finish: (most) => (float ? clampFloat(most, range) : clampInteger(w, most, range)),
  }
}

/** Mean of floats; of integers with halves away from zero (`tflm`) or, from the zero point, to even (`fp32`). */
function average(w: LoopWriter, { semantics }: LowerContext, x: Source, range: Range): Reduction {
  const start = () => w.number(x.scalar, 0)
  if (isFloat(x))
    return {
      start,
      take: (sum, element) => w.set(sum, add(sum, element)),
      finish: (sum, count) => clampFloat(binary('div', sum, convert(count, 'f32')), range),
    }
  const zero = semantics === 'tflm' ? 0 : x.value.zeroPoint
  return {
    start,
    take: (sum, element) => w.set(sum, add(sum, sub(element, zero))),
    finish: (sum, count) => {
      if (semantics === 'fp32') {
        const quotient = convert(binary('div', convert(sum, 'f64'), convert(count, 'f64')), 'f32')
        return integerFromFloat(unary('nearest', quotient), zero, range)
      }
      const half = w.let(binary('shr', count, 1))
      const moved = select(binary('gt', sum, 0), add(sum, half), sub(sum, half))
      return clampInteger(w, binary('div', moved, count), range)
    },
  }
}

/** The root of the mean of squares of floats. */
function root(w: LoopWriter, context: LowerContext, x: Source, range: Range): Reduction {
  if (!isFloat(x)) throw refuse(context, `on ${x.value.dtype} is not compiled`)
  return {
    start: () => w.number('f32', 0),
    take: (sum, element) => {
      const value = w.let(element)
      w.set(sum, add(sum, mul(value, value)))
    },
    finish: (sum, count) => clampFloat(unary('sqrt', binary('div', sum, convert(count, 'f32'))), range),
  }
}

const reductions: Readonly<
  Record<string, (w: LoopWriter, context: LowerContext, x: Source, range: Range) => Reduction>
> = {
  average_pool_2d: average,
  l2_pool_2d: root,
  max_pool_2d: (w, _context, x, range) => maximum(w, x, range),
}

/** average_pool_2d and max_pool_2d of any types, l2_pool_2d of floats; input and output share their quantisation. */
export function lowerPoolLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, x.scalar, out)
  if (x.scalar !== 'i32' && x.scalar !== 'f32') throw refuse(context, `on ${x.value.dtype} is not compiled`)
  const filter = { height: attribute(context, 'filterH', 1), width: attribute(context, 'filterW', 1) }
  const g = geometryOf(context, x.value, out.value, filter)
  const range = rangeOf(context, out)
  const reduction = reductions[context.node.op]!(w, context, x, range)
  eachPosition(w, g, (position) => {
    w.loop(g.outputChannels, (channel) => {
      const [sum, count] = [reduction.start(), w.number('i32', 0)]
      eachTap(w, g, position, (_, pixel) => {
        reduction.take(sum, x.load(add(pixel, channel)))
        w.set(count, add(count, 1))
      })
      // A window that lies on the padding alone has no mean; its sum is 0.
      const seen = w.let(select(binary('gt', count, 1), count, int(1)))
      out.store(add(position.first, channel), reduction.finish(sum, seen))
    })
  })
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
}
