import { add, mul, num, sub } from '../../../loops/expressions.ts'
import { clampFloat } from '../../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../../loops/loops.ts'
import { LoopWriter } from '../../../loops/writer.ts'
import { attribute, type LowerContext, optionalTensor } from '../../context.ts'
import { rangeOf } from '../ranges.ts'
import { requireScalar, sourceAt, type Target, targetAt } from '../source.ts'
import { floatSigmoid, floatTanh } from './functions.ts'
import { beginState, eachStep, floatsAt, giveStates, rowProduct, sequenceOf } from './sequence.ts'

function activation(w: LoopWriter, context: LowerContext, out: Target): (x: Expression) => Expression {
  if (context.node.attributes.activation === 'tanh') return (x) => floatTanh(w, x)
  const range = rangeOf(context, out)
  return (x) => w.let(clampFloat(x, range))
}

/** rnn and unidirectional_sequence_rnn of floats. */
export function lowerRnn(context: LowerContext): readonly LoopsStep[] {
  const w = new LoopWriter()
  const [x, out, lengths] = [sourceAt(w, context, 0), targetAt(w, context), sequenceOf(context)]
  requireScalar(context, 'f32', x, out)
  const { depth, units, steps, batches } = lengths
  const [weights, recurrent] = [floatsAt(w, context, 1), floatsAt(w, context, 2)]
  const bias = optionalTensor(context, 3) ? floatsAt(w, context, 3) : null
  const [hidden, next, finish] = [beginState(w, context, 4), w.scratch('float32', units), activation(w, context, out)]
  eachStep(w, context, lengths, (place) => {
    w.loop(units, (unit) => {
      const start = bias === null ? num('f32', 0) : w.load(bias, unit)
      const sum = rowProduct(w, start, [weights, mul(unit, depth)], depth, (c) => x.load(add(place.x, c)))
      const last = (c: Expression) => w.load(hidden, add(place.state, c))
      w.store(next, unit, finish(rowProduct(w, sum, [recurrent, mul(unit, units)], units, last)))
    })
    w.loop(units, (unit) => {
      const value = w.let(w.load(next, unit))
      w.store(hidden, add(place.state, unit), value)
      out.store(add(place.y, unit), value)
    })
  })
  const macs = steps * batches * units * (depth + units)
  return [w.step(context.node, out.value, 'rnn float32', macs), ...giveStates(context)]
}

/** unidirectional_sequence_gru of floats: the reset gate and what it keeps first, then every unit. */
export function lowerGru(context: LowerContext): readonly LoopsStep[] {
  const w = new LoopWriter()
  const [x, out, lengths] = [sourceAt(w, context, 0), targetAt(w, context), sequenceOf(context)]
  requireScalar(context, 'f32', x, out)
  const { depth, units, steps, batches } = lengths
  const [weights, recurrent, bias, feedbackBias] = [1, 2, 3, 4].map((index) => floatsAt(w, context, index)) as [
    number,
    number,
    number,
    number,
  ]
  const late = attribute(context, 'linearBeforeReset', 0) === 1
  const hidden = beginState(w, context, 5)
  const [reset, kept, next] = [0, 1, 2].map(() => w.scratch('float32', units)) as [number, number, number]
  eachStep(w, context, lengths, (place) => {
    const last = (c: Expression) => w.load(hidden, add(place.state, c))
    const onInput = (row: Expression) =>
      rowProduct(w, w.load(bias, row), [weights, mul(row, depth)], depth, (c) => x.load(add(place.x, c)))
    const onLast = (row: Expression, value: (c: Expression) => Expression) =>
      rowProduct(w, w.load(feedbackBias, row), [recurrent, mul(row, units)], units, value)
    const gate = (row: Expression) => floatSigmoid(w, w.let(add(onInput(row), onLast(row, last))))
    w.loop(units, (unit) => {
      const value = gate(w.let(add(unit, units)))
      w.store(reset, unit, value)
      w.store(kept, unit, mul(last(unit), value))
    })
    w.loop(units, (unit) => {
      const row = w.let(add(unit, 2 * units))
      const feedback = late ? mul(w.load(reset, unit), onLast(row, last)) : onLast(row, (c) => w.load(kept, c))
      const fresh = floatTanh(w, w.let(add(onInput(row), feedback)))
      const update = gate(unit)
      w.store(next, unit, add(mul(sub(num('f32', 1), update), fresh), mul(update, last(unit))))
    })
    w.loop(units, (unit) => {
      const value = w.let(w.load(next, unit))
      w.store(hidden, add(place.state, unit), value)
      out.store(add(place.y, unit), value)
    })
  })
  const macs = 3 * steps * batches * units * (depth + units)
  return [w.step(context.node, out.value, 'gru float32', macs), ...giveStates(context)]
}
