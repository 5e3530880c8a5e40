import { add, binary, convert, int, mul, select, sub, unary } from '../../loops/expressions.ts'
import { clampInteger, integerFromFloat, roundingShift } from '../../loops/fixed-point.ts'
import { exponential, logarithm } from '../../loops/functions.ts'
import { reciprocalOfSum, scaledByReciprocal } from '../../loops/gemmlowp.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { exponentialTable } from '../../softmax-table.ts'
import { attribute, type LowerContext, refuse, requireScale } from '../context.ts'
import { typeRange } from './ranges.ts'
import { isFloat, requireQuantized, requireScalar, type Source, sourceAt, type Target, targetAt } from './source.ts'

interface Rows {
  readonly w: LoopWriter
  readonly context: LowerContext
  readonly x: Source
  readonly out: Target
  readonly depth: number
}

/** The largest of a row of numbers that a callback reads. */
function largest(w: LoopWriter, depth: number, read: (at: Expression) => Expression): Expression {
  const most = w.variable(read(int(0)))
  w.loop(depth, (at) => {
    const value = w.let(read(at))
    w.set(most, most.type === 'i32' ? select(binary('gt', value, most), value, most) : binary('max', most, value))
  })
  return most
}

/** Reads an element as a real: floats as they are, integers as fl32(scale · (q − zero point)). */
function realsOf({ x, context }: Rows): (at: Expression) => Expression {
  if (isFloat(x)) return x.load
  requireQuantized(context, x)
  const { scale, zeroPoint } = x.value
  return (at) => convert(mul(convert(sub(x.load(at), zeroPoint), 'f64'), scale), 'f32')
}

/** Rows of reals: float32 after every step; integers are rounded to even at the end. */
function floatRows(rows: Rows): (from: Expression) => void {
  const { w, context, x, out, depth } = rows
  const real = realsOf(rows)
  const beta = attribute(context, 'beta', 1)
  const exponentials = w.scratch('float32', depth)
  const [range, { scale, zeroPoint }] = [typeRange(out.value.dtype), out.value]
  if (isFloat(x)) requireScalar(context, 'f32', out)
  else requireQuantized(context, out)
  return (from) => {
    const most = largest(w, depth, (at) => real(add(from, at)))
    const sum = w.number('f32', 0)
    w.loop(depth, (at) => {
      const t = mul(sub(real(add(from, at)), most), beta)
      const exp = w.let(convert(exponential(w, convert(t, 'f64')), 'f32'))
      w.store(exponentials, at, exp)
      w.set(sum, add(sum, exp))
    })
    w.loop(depth, (at) => {
      const share = binary('div', w.load(exponentials, at), sum)
      const result = isFloat(x)
        ? share
        : integerFromFloat(unary('nearest', binary('div', share, scale)), zeroPoint, range)
      out.store(add(from, at), result)
    })
  }
}

/** Rows of bytes as TFLite's reference: exponentials by difference to the largest, products with 1 / sum. */
function fixedPointRows({ w, context, x, out, depth }: Rows): (from: Expression) => void {
  const [from, to] = [x.value.dtype, out.value.dtype]
  if (from !== 'int8' && from !== 'uint8') throw refuse(context, `on ${from} is not compiled`)
  requireScale(context, x.tensor)
  requireScalar(context, 'i32', out)
  const table = w.constant('int32', exponentialTable(x.value.scale, attribute(context, 'beta', 1)))
  const bits = to === 'int16' ? 16 : 8
  const lowest = to === 'uint8' ? 0 : -(2 ** (bits - 1))
  return (first) => {
    const most = largest(w, depth, (at) => x.load(add(first, at)))
    const exponentialAt = (at: Expression) => w.load(table, sub(most, x.load(add(first, at))))
    const sum = w.number('i32', 0)
    w.loop(depth, (at) => w.set(sum, add(sum, roundingShift(w, exponentialAt(at), 12))))
    const reciprocal = reciprocalOfSum(w, sum, bits)
    w.loop(depth, (at) => {
      const value = add(scaledByReciprocal(w, exponentialAt(at), reciprocal), lowest)
      out.store(add(first, at), clampInteger(w, value, typeRange(to)))
    })
  }
}

/** log_softmax of floats: x − max − ln Σ e^(x − max), float32 after every step. */
function logRows(rows: Rows): (from: Expression) => void {
  const { w, context, x, out, depth } = rows
  requireScalar(context, 'f32', x, out)
  return (from) => {
    const most = largest(w, depth, (at) => x.load(add(from, at)))
    const difference = (at: Expression) => sub(x.load(add(from, at)), most)
    const sum = w.number('f32', 0)
    w.loop(depth, (at) => {
      const exp = convert(exponential(w, convert(difference(at), 'f64')), 'f32')
      w.set(sum, add(sum, exp))
    })
    const log = w.let(convert(logarithm(w, w.let(convert(sum, 'f64'))), 'f32'))
    w.loop(depth, (at) => out.store(add(from, at), sub(difference(at), log)))
  }
}

/** softmax and log_softmax over the last axis of any types. */
export function lowerSoftmaxLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const depth = x.value.shape.at(-1) ?? 1
  const rows = { w, context, x, out, depth }
  const logs = context.node.op === 'log_softmax'
  const floats = isFloat(x) || context.semantics === 'fp32'
  const emitRow = (logs ? logRows : floats ? floatRows : fixedPointRows)(rows)
  w.loop(x.size / depth, (row) => emitRow(w.let(mul(row, depth))))
  return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
}
