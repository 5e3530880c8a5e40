import type { LoopsStep } from '../../loops/loops.ts'
import { type Pooling, pool } from '../../loops/pooling.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { geometryOf } from '../geometry.ts'
import { rangeOf } from './ranges.ts'
import { requireScalar, sourceAt, targetAt } from './source.ts'

const modes: Readonly<Record<string, Pooling['mode']>> = {
  average_pool_2d: 'average',
  l2_pool_2d: 'root',
  max_pool_2d: 'max',
}

/** average_pool_2d and max_pool_2d of any types, l2_pool_2d of floats; input and output share their quantisation. */
export function lowerPoolLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const { scalar } = x
  requireScalar(context, scalar, out)
  if (scalar !== 'i32' && scalar !== 'f32') throw refuse(context, `on ${x.value.dtype} is not compiled`)
  const mode = modes[context.node.op]!
  if (mode === 'root' && scalar !== 'f32') throw refuse(context, `on ${x.value.dtype} is not compiled`)
  pool(w, {
    mode,
    semantics: context.semantics,
    geometry: geometryOf(context, x.value, out.value, {
      height: attribute(context, 'filterH', 1),
      width: attribute(context, 'filterW', 1),
    }),
    scalar,
    zeroPoint: x.value.zeroPoint,
    range: rangeOf(context, out),
    load: x.load,
    store: out.store,
  })
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
}
