import { type Multiplier, quantizeMultiplier } from '../../../graph/reference/fixed-point.ts'
import { toNumbers } from '../../../graph/reference/values.ts'
import { add, binary, convert, mul, select, sub, unary } from '../../loops/expressions.ts'
import {
  constantMultiplier,
  integerFromFloat,
  multiplyByQuantizedMultiplier,
  offsetAndClamp,
} from '../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter, type Variable } from '../../loops/writer.ts'
import { sizeOf } from '../../program.ts'
import { type LowerContext, refuse, tensorAt } from '../context.ts'
import { type Axis, eachIndex, joinedAxes } from './broadcast.ts'
import { typeRange } from './ranges.ts'
import {
  constantElements,
  isFloat,
  requireQuantized,
  requireScalar,
  type Source,
  sourceAt,
  type Target,
  targetAt,
} from './source.ts'

/** The constant axes of an input, counted from the front. @throws MilliwattError OP_UNSUPPORTED if they are computed */
function axesAt(context: LowerContext, index: number, rank: number): readonly number[] {
  const data = constantElements(tensorAt(context, index))
  if (!data) throw refuse(context, 'its axes are not constant')
  return toNumbers(data).map((axis) => (axis < 0 ? axis + rank : axis))
}

/** Axes that are marked or not, walked with their strides in the dense input. */
function axesOf(shape: readonly number[], marked: (axis: number) => boolean): readonly Axis[] {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const chosen = shape.map((length, axis) => (marked(axis) ? length : 1))
  const axes = joinedAxes(chosen, [strides])
  return axes.length > 0 ? axes : [{ length: 1, strides: [0] }]
}

/** TFLite's factor of a mean: in / out takes 1/n up as (multiplier · 2^s) / n, s = floor(log2 n). */
function meanMultiplier(real: number, count: number): Multiplier {
  const { multiplier, shift } = quantizeMultiplier(real)
  const s = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift)
  return { multiplier: Number((BigInt(multiplier) << BigInt(s)) / BigInt(count)) | 0, shift: shift - s }
}

/** What a sum of `count` elements becomes. */
function finishOf(w: LoopWriter, context: LowerContext, x: Source, out: Target, count: number) {
  const divisor = context.node.op === 'mean' ? count : 1
  if (isFloat(x)) {
    requireScalar(context, 'f32', out)
    return (sum: Expression) => (divisor === 1 ? sum : binary('div', sum, divisor))
  }
  if (!x.tensor.quantization) {
    requireScalar(context, 'i32', out)
    return (sum: Expression) =>
      convert(convert(unary('trunc', binary('div', convert(sum, 'f64'), divisor)), 'i64'), 'i32')
  }
  requireQuantized(context, x, out)
  const [zero, range] = [out.value.zeroPoint, typeRange(out.value.dtype)]
  const real = x.value.scale / out.value.scale
  if (context.semantics === 'tflm') {
    const factor = constantMultiplier(meanMultiplier(real, divisor))
    return (sum: Expression) =>
      offsetAndClamp(w, multiplyByQuantizedMultiplier(w, convert(sum, 'i32'), factor), zero, range)
  }
  const factor = Math.fround(Math.fround(real) / divisor)
  return (sum: Expression) => integerFromFloat(unary('nearest', mul(convert(sum, 'f32'), factor)), zero, range)
}

/** Walks the kept axes outside and the reduced ones inside. */
function eachReduction(
  w: LoopWriter,
  context: LowerContext,
  x: Source,
  body: (out: Expression, each: (visit: (element: Expression) => void) => void) => void,
): number {
  const { shape } = x.value
  const removed = axesAt(context, 1, shape.length)
  const kept = axesOf(shape, (axis) => !removed.includes(axis))
  const reduced = axesOf(shape, (axis) => removed.includes(axis))
  const next = w.number('i32', 0)
  eachIndex(w, kept, ([base]) => {
    const from = w.let(base!)
    body(next, (visit) => eachIndex(w, reduced, ([offset]) => visit(x.load(add(from, offset!)))))
    w.set(next, add(next, 1))
  })
  return sizeOf(kept.map((axis) => axis.length))
}

/** mean and sum over constant axes of any types. */
export function lowerSumLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const count = x.size / out.size
  if (!Number.isInteger(count)) throw refuse(context, 'its axes do not fit its output')
  if (x.scalar !== 'i32' && x.scalar !== 'f32') throw refuse(context, `on ${x.value.dtype} is not compiled`)
  const finish = finishOf(w, context, x, out, count)
  const type = isFloat(x) ? 'f32' : 'i64'
  const zero = isFloat(x) || !x.tensor.quantization ? 0 : x.value.zeroPoint
  const written = eachReduction(w, context, x, (at, each) => {
    const sum = w.number(type, 0)
    each((element) => w.set(sum, add(sum, convert(element, type))))
    out.store(at, finish(zero === 0 ? sum : w.let(sub(sum, zero * count))))
  })
  if (written !== out.size) throw refuse(context, 'its axes do not fit its output')
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
}

/** The better of what was found and an element. */
function improve(w: LoopWriter, best: Variable, element: Expression, greater: boolean): void {
  if (best.type === 'f32' || best.type === 'f64') w.set(best, binary(greater ? 'max' : 'min', best, element))
  else {
    const value = w.let(element)
    w.set(best, select(binary(greater ? 'gt' : 'lt', value, best), value, best))
  }
}

/** reduce_max and reduce_min over constant axes of any types. */
export function lowerExtremeLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, x.scalar, out)
  const greater = context.node.op === 'reduce_max'
  const ends = { i32: 2 ** 31 - 1, i64: 2 ** 53, f32: Number.POSITIVE_INFINITY, f64: Number.POSITIVE_INFINITY }
  const start = greater ? -ends[x.scalar] - (x.scalar === 'i32' ? 1 : 0) : ends[x.scalar]
  const written = eachReduction(w, context, x, (at, each) => {
    const best = w.number(x.scalar, start)
    each((element) => improve(w, best, element, greater))
    out.store(at, best)
  })
  if (written !== out.size) throw refuse(context, 'its axes do not fit its output')
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
}

/** reduce_prod of floats and plain integers, reduce_any and reduce_all of booleans, over constant axes. */
export function lowerProductLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, x.scalar, out)
  if (x.tensor.quantization) throw refuse(context, 'on quantised integers is not compiled')
  const { op } = context.node
  if (op !== 'reduce_prod') requireScalar(context, 'i32', x)
  const join = (total: Expression, element: Expression) => {
    if (op === 'reduce_prod') return mul(total, element)
    return binary(op === 'reduce_any' ? 'or' : 'and', total, binary('ne', element, 0))
  }
  const written = eachReduction(w, context, x, (at, each) => {
    const total = w.number(x.scalar, op === 'reduce_any' ? 0 : 1)
    each((element) => w.set(total, join(total, element)))
    out.store(at, total)
  })
  if (written !== out.size) throw refuse(context, 'its axes do not fit its output')
  return w.step(context.node, out.value, `${op} ${x.value.dtype}`)
}

/** arg_max and arg_min along a constant axis of any types: the first of equals. */
export function lowerArgument(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const [axis] = axesAt(context, 1, x.value.shape.length)
  const length = x.value.shape[axis!]!
  const inner = sizeOf(x.value.shape.slice(axis! + 1))
  if (length * out.size !== x.size) throw refuse(context, 'its axis does not fit its output')
  const better = context.node.op === 'arg_max' ? 'gt' : 'lt'
  w.loop(out.size / inner, (outer) => {
    w.loop(inner, (i) => {
      const from = w.let(add(mul(outer, length * inner), i))
      const [best, place] = [w.variable(x.load(from)), w.number('i32', 0)]
      if (length > 1)
        w.loop(length, (at) => {
          const value = w.let(x.load(add(from, mul(at, inner))))
          w.if(binary(better, value, best), () => {
            w.set(best, value)
            w.set(place, at)
          })
        })
      out.store(add(mul(outer, inner), i), convert(place, out.scalar))
    })
  })
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
}
