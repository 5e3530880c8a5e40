import { quantizeMultiplier } from '../../../graph/reference/fixed-point.ts'
import { add, convert, mul, sub } from '../../loops/expressions.ts'
import {
  clampFloat,
  constantMultiplier,
  multiplyByQuantizedMultiplier,
  offsetAndClamp,
} from '../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { rangeOf, typeRange } from './ranges.ts'
import {
  isFloat,
  optionalSource,
  requireQuantized,
  requireScalar,
  type Source,
  sourceAt,
  type Target,
  targetAt,
} from './source.ts'

/** Finishes a sum of one of the two products: integers by a factor a · b / c in float32, cut to the type. */
function finisher(
  w: LoopWriter,
  [a, b]: readonly [Source, Source],
  to: Source | Target,
  float: (sum: Expression) => Expression,
): (sum: Expression) => Expression {
  if (isFloat(a)) return float
  const factor = quantizeMultiplier(Math.fround(Math.fround(a.value.scale * b.value.scale) / to.value.scale))
  const range = typeRange(to.value.dtype)
  return (sum) =>
    offsetAndClamp(w, multiplyByQuantizedMultiplier(w, sum, constantMultiplier(factor)), to.value.zeroPoint, range)
}

const stepOf = ({ value, load }: Source, at: Expression) =>
  value.dtype === 'float32' ? load(at) : sub(load(at), value.zeroPoint)

/** Operands of an SVDF: the same numbers for both of its steps. */
function operands(w: LoopWriter, context: LowerContext) {
  const [x, feature, time, state] = [0, 1, 2, 4].map((index) => sourceAt(w, context, index)) as [
    Source,
    Source,
    Source,
    Source,
  ]
  if (isFloat(x)) requireScalar(context, 'f32', feature, time, state)
  else requireQuantized(context, x, feature, time, state)
  if (!state.tensor.variable) throw refuse(context, `its state "${state.value.name}" is not a variable`)
  return { x, feature, time, state }
}

/** Shifts every filter's memory by one and puts the newest feature at its end. */
function lowerMemory(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const { x, feature, time, state } = operands(w, context)
  const [filters, depth] = feature.value.shape as [number, number]
  const memory = time.value.shape[1]!
  const cells = w.value(state.value)
  if (state.size > 1) w.loop(state.size - 1, (at) => w.store(cells, at, w.load(cells, add(at, 1))))
  const finish = finisher(w, [x, feature], state, (sum) => sum)
  w.loop(x.value.shape[0]!, (batch) => {
    w.loop(filters, (filter) => {
      const sum = w.number(x.scalar, 0)
      w.loop(depth, (c) => {
        const product = mul(feature.load(add(mul(filter, depth), c)), stepOf(x, add(mul(batch, depth), c)))
        w.set(sum, add(sum, product))
      })
      const row = add(mul(batch, filters), filter)
      w.store(cells, add(mul(row, memory), memory - 1), finish(sum))
    })
  })
  return w.step(context.node, state.value, `svdf memory ${x.value.dtype}`, x.value.shape[0]! * filters * depth)
}

/** The output: every unit's filters over their memories. */
function lowerOutput(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const { x, time, state } = operands(w, context)
  const [bias, out] = [optionalSource(w, context, 3), targetAt(w, context)]
  if (isFloat(x)) requireScalar(context, 'f32', out)
  else requireQuantized(context, out)
  const [filters, memory] = time.value.shape as [number, number]
  const rank = attribute(context, 'rank', 1)
  const units = filters / rank
  const range = rangeOf(context, out)
  const finish = finisher(w, [state, time], out, (sum) => clampFloat(sum, range))
  w.loop(out.size / units, (batch) => {
    w.loop(units, (unit) => {
      const sum = bias ? w.variable(convert(bias.load(unit), x.scalar)) : w.number(x.scalar, 0)
      w.loop(rank, (part) => {
        const filter = w.let(add(mul(unit, rank), part))
        const row = w.let(mul(add(mul(batch, filters), filter), memory))
        const dot = w.number(x.scalar, 0)
        w.loop(memory, (m) => {
          const product = mul(time.load(add(mul(filter, memory), m)), stepOf(state, add(row, m)))
          w.set(dot, add(dot, product))
        })
        w.set(sum, add(sum, dot))
      })
      out.store(add(mul(batch, units), unit), finish(sum))
    })
  })
  return w.step(context.node, out.value, `svdf ${x.value.dtype}`, out.size * rank * memory)
}

/** svdf of floats or integers: one step changes its state, the next one reads it. */
export function lowerSvdf(context: LowerContext): readonly LoopsStep[] {
  return [lowerMemory(context), lowerOutput(context)]
}
