import { add, convert, mul } from '../../loops/expressions.ts'
import { clampInteger } from '../../loops/fixed-point.ts'
import type { LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { sizeOf } from '../../program.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { requireScalar, sourceAt, targetAt } from './source.ts'

/** gather along an axis by indices that are computed; one outside of the axis takes its nearest end. */
export function lowerGather(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, indices, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
  requireScalar(context, x.scalar, out)
  if (indices.scalar !== 'i32' && indices.scalar !== 'i64') throw refuse(context, 'its indices are not integers')
  const given = attribute(context, 'axis', 0)
  const axis = given < 0 ? given + x.value.shape.length : given
  const length = x.value.shape[axis]!
  const inner = sizeOf(x.value.shape.slice(axis + 1))
  const outer = sizeOf(x.value.shape.slice(0, axis))
  if (outer * indices.size * inner !== out.size) throw refuse(context, 'its indices do not fit its output')
  w.loop(outer, (run) => {
    w.loop(indices.size, (number) => {
      const index = w.let(convert(clampInteger(w, indices.load(number), [0, length - 1]), 'i32'))
      const from = w.let(mul(add(mul(run, length), index), inner))
      const to = w.let(mul(add(mul(run, indices.size), number), inner))
      w.loop(inner, (at) => out.store(add(to, at), x.load(add(from, at))))
    })
  })
  return w.step(context.node, out.value, `gather ${x.value.dtype}`)
}
