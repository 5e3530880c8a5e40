import { quantizeMultiplier } from '../../../../graph/reference/fixed-point.ts'
import { powerOfTwo } from '../../../../graph/reference/int16-tables.ts'
import { add, convert, mul, num, sub } from '../../../loops/expressions.ts'
import {
  clampFloat,
  clampInteger,
  constantMultiplier,
  cutMultiplier,
  multiplyByQuantizedMultiplier,
  multiplyWide,
  offsetAndClamp,
} from '../../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../../loops/loops.ts'
import { LoopWriter } from '../../../loops/writer.ts'
import { attribute, type LowerContext, optionalTensor, outputValue, refuse, tensorAt, toValue } from '../../context.ts'
import { typeRange } from '../ranges.ts'
import { optionalSource, requireQuantized, type Source, sourceAt, targetAt } from '../source.ts'
import { floatSigmoid, floatTanh, Table16 } from './functions.ts'
import { beginState, eachStep, giveStates, sequenceOf } from './sequence.ts'

/** Sums of products of one gate with one list of values. */
interface GateProducts {
  readonly start: Expression
  add(sum: Expression, value: Expression, weight: Expression): Expression
  finish(sum: Expression, unit: Expression): Expression
}

/** The interpreter's `CellArithmetic` as expressions. */
interface CellArithmetic {
  products(
    x: { readonly dtype: string; readonly scale: number; readonly zeroPoint: number },
    weights: Source,
    bias: Source | null,
  ): GateProducts
  join(a: Expression, b: Expression): Expression
  sigmoid(x: Expression): Expression
  tanh(x: Expression): Expression
  remember(forget: Expression, cell: Expression, input: Expression, fresh: Expression): Expression
  give(out: Expression, cell: Expression): Expression
}

function floatCell(w: LoopWriter, context: LowerContext): CellArithmetic {
  const clip = attribute(context, 'cellClip', 0)
  return {
    products: (_x, _weights, bias) => ({
      start: num('f32', 0),
      add: (sum, value, weight) => add(sum, mul(value, weight)),
      finish: (sum, unit) => w.let(bias ? add(sum, bias.load(unit)) : add(sum, 0)),
    }),
    join: (a, b) => w.let(add(a, b)),
    sigmoid: (x) => floatSigmoid(w, x),
    tanh: (x) => floatTanh(w, x),
    remember: (forget, cell, input, fresh) => {
      const sum = add(mul(forget, cell), mul(input, fresh))
      return w.let(clip > 0 ? clampFloat(sum, [-Math.fround(clip), Math.fround(clip)]) : sum)
    },
    give: (out, cell) => w.let(mul(out, floatTanh(w, cell))),
  }
}

const wide = [-32768, 32767] as const
const q15 = 2 ** -15

/** Products of a gate in Q3.12; int16 activations sum in 64 bits. */
function gateProducts(
  w: LoopWriter,
  x: { readonly dtype: string; readonly scale: number; readonly zeroPoint: number },
  weights: Source,
  bias: Source | null,
): GateProducts {
  const factor = quantizeMultiplier(Math.fround(x.scale * weights.value.scale) / 2 ** -12)
  const type = x.dtype === 'int16' ? 'i64' : 'i32'
  const step = (value: Expression, zero: number) => convert(sub(value, zero), type)
  const multiply = (sum: Expression) =>
    type === 'i64'
      ? convert(multiplyWide(sum, constantMultiplier(cutMultiplier(factor))), 'i32')
      : multiplyByQuantizedMultiplier(w, sum, constantMultiplier(factor))
  return {
    start: num(type, 0),
    add: (sum, value, weight) => add(sum, mul(step(value, x.zeroPoint), step(weight, weights.value.zeroPoint))),
    finish: (sum, unit) => w.let(multiply(bias ? add(sum, convert(bias.load(unit), type)) : sum)),
  }
}

function integerCell(w: LoopWriter, context: LowerContext): CellArithmetic {
  const [hidden, cell] = [toValue(tensorAt(context, 18)), toValue(tensorAt(context, 19))]
  const power = powerOfTwo(cell.scale)
  if (power === null || cell.dtype !== 'int16')
    throw refuse(context, 'its cell is not int16 with a power of two as scale')
  const times = (real: number) => {
    const factor = constantMultiplier(quantizeMultiplier(real))
    return (a: Expression, b: Expression) => w.let(multiplyByQuantizedMultiplier(w, mul(a, b), factor))
  }
  const kept = times((q15 * cell.scale) / cell.scale)
  const [added, given] = [times((q15 * q15) / cell.scale), times((q15 * q15) / hidden.scale)]
  const clip = attribute(context, 'cellClip', 0)
  const steps = Math.trunc(Math.min(wide[1], clip / cell.scale))
  const saturate = (value: Expression) => w.let(clampInteger(w, value, wide))
  const [table, gate] = [new Table16(w), { multiplier: 3, shift: 0 }]
  const inTable = power < -12 ? { multiplier: 3, shift: -12 - power } : { multiplier: 3 << (12 + power), shift: 0 }
  return {
    products: (x, weights, bias) => gateProducts(w, x, weights, bias),
    join: (a, b) => saturate(add(saturate(a), saturate(b))),
    sigmoid: (x) => table.logistic(x, gate),
    tanh: (x) => table.tanh(x, gate),
    remember: (forget, value, input, fresh) => {
      const sum = saturate(add(saturate(kept(forget, value)), saturate(added(input, fresh))))
      return clip > 0 ? w.let(clampInteger(w, sum, [-steps, steps])) : sum
    },
    give: (out, value) =>
      w.let(offsetAndClamp(w, given(out, table.tanh(value, inTable)), hidden.zeroPoint, typeRange(hidden.dtype))),
  }
}

const others = [9, 10, 11, 16, 17, 20, 21, 22, 23]

function checkForm(context: LowerContext): void {
  if (others.some((index) => optionalTensor(context, index)) || !optionalTensor(context, 1))
    throw refuse(context, 'with peepholes, a projection, normalisation or coupled gates is not compiled')
  const activation = context.node.attributes.activation ?? 'tanh'
  if (activation !== 'tanh') throw refuse(context, `with the activation ${String(activation)} is not compiled`)
}

/** unidirectional_sequence_lstm: a step for the sequence, one for each state that is given out. */
export function lowerLstm(context: LowerContext): readonly LoopsStep[] {
  checkForm(context)
  const w = new LoopWriter()
  const [x, out, lengths] = [sourceAt(w, context, 0), targetAt(w, context), sequenceOf(context)]
  const { depth, units, steps, batches } = lengths
  const float = x.value.dtype === 'float32'
  if (!float) requireQuantized(context, x, out)
  const last = optionalTensor(context, 18)
  const feedback = last ? toValue(last) : outputValue(context)
  const cell = float ? floatCell(w, context) : integerCell(w, context)
  const [hidden, cells] = [beginState(w, context, 18), beginState(w, context, 19)]
  const next = w.scratch(out.value.dtype, units)
  const gates = [0, 1, 2, 3].map((gate) => {
    const [weights, recurrent] = [sourceAt(w, context, 1 + gate), sourceAt(w, context, 5 + gate)]
    const onInput = cell.products(x.value, weights, optionalSource(w, context, 12 + gate))
    return { weights, recurrent, onInput, onLast: cell.products(feedback, recurrent, null) }
  })
  eachStep(w, context, lengths, (place) => {
    w.loop(units, (unit) => {
      const [row, back] = [w.let(mul(unit, depth)), w.let(mul(unit, units))]
      const [i, f, g, o] = gates.map(({ weights, recurrent, onInput, onLast }) => {
        const [sum, rest] = [w.variable(onInput.start), w.variable(onLast.start)]
        w.loop(depth, (c) => w.set(sum, onInput.add(sum, x.load(add(place.x, c)), weights.load(add(row, c)))))
        w.loop(units, (c) =>
          w.set(rest, onLast.add(rest, w.load(hidden, add(place.state, c)), recurrent.load(add(back, c)))),
        )
        return cell.join(onInput.finish(sum, unit), onLast.finish(rest, unit))
      }) as [Expression, Expression, Expression, Expression]
      const at = w.let(add(place.state, unit))
      const kept = cell.remember(cell.sigmoid(f), w.let(w.load(cells, at)), cell.sigmoid(i), cell.tanh(g))
      w.store(cells, at, kept)
      w.store(next, unit, cell.give(cell.sigmoid(o), kept))
    })
    w.loop(units, (unit) => {
      const value = w.let(w.load(next, unit))
      w.store(hidden, add(place.state, unit), value)
      out.store(add(place.y, unit), value)
    })
  })
  const macs = 4 * steps * batches * units * (depth + units)
  return [w.step(context.node, out.value, `lstm ${x.value.dtype}`, macs), ...giveStates(context)]
}
