import { add, binary, convert, int, mul, num, select, sub, unary } from '../../loops/expressions.ts'
import { exponential, logarithm } from '../../loops/functions.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { eachBroadcast } from './broadcast.ts'
import { floatTanh } from './recurrent/functions.ts'
import { requireScalar, sourceAt, targetAt } from './source.ts'

type One = (w: LoopWriter, x: Expression) => Expression
type Two = (w: LoopWriter, x: Expression, y: Expression) => Expression

const f64 = (value: number) => num('f64', value)

/** erf by the interpreter's series, as many terms as |x| up to 6 takes. */
function errorFunction(w: LoopWriter, given: Expression): Expression {
  const x = w.let(binary('min', binary('max', given, -6), 6))
  const [term, sum, odd] = [w.variable(mul(x, 1)), w.variable(mul(x, 1)), w.number('f64', 1)]
  const square = w.let(mul(mul(x, x), 2))
  w.loop(120, () => {
    w.set(odd, add(odd, 2))
    w.set(term, binary('div', mul(term, square), odd))
    w.set(sum, add(sum, term))
  })
  const scaled = mul(exponential(w, unary('neg', mul(x, x))), 2 / Math.sqrt(Math.PI))
  return w.let(mul(scaled, sum))
}

/** x · Φ(x), or its approximation by a hyperbolic tangent. */
const gelu =
  (approximate: boolean): One =>
  (w, given) => {
    const x = w.let(convert(given, 'f64'))
    const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI))
    const half = approximate
      ? convert(floatTanh(w, convert(inner, 'f32')), 'f64')
      : errorFunction(w, binary('div', x, Math.SQRT2))
    return convert(mul(mul(x, 0.5), add(half, 1)), 'f32')
  }

const sign: One = (w, given) => {
  const x = w.let(given)
  const below = select(binary('lt', x, 0), num('f32', -1), x)
  return select(binary('gt', x, 0), num('f32', 1), below)
}

const functions: Readonly<Record<string, (context: LowerContext) => One>> = {
  gelu: (context) => gelu(attribute(context, 'approximate', 0) !== 0),
  round: () => (_, x) => unary('nearest', x),
  sign: () => sign,
}

/** round, sign and gelu of floats; logical_not. */
export function lowerSingle(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const { op } = context.node
  const not = op === 'logical_not'
  requireScalar(context, not ? 'i32' : 'f32', x, out)
  const one: One = not ? (_, value) => binary('eq', value, 0) : functions[op]!(context)
  w.loop(x.size, (at) => out.store(at, one(w, x.load(at))))
  return w.step(context.node, out.value, `${op} ${x.value.dtype}`)
}

/** The quotient rounded down, in float64, which holds the quotient of two int32 or float32 well enough to floor it. */
function floored(w: LoopWriter, x: Expression, y: Expression): Expression {
  return w.let(unary('floor', binary('div', convert(x, 'f64'), convert(y, 'f64'))))
}

const floatPower: Two = (w, x, y) => {
  const [base, exponent] = [w.let(convert(x, 'f64')), w.let(convert(y, 'f64'))]
  const size = exponential(w, mul(logarithm(w, w.let(unary('abs', base))), exponent))
  const whole = binary('eq', unary('floor', exponent), exponent)
  const half = w.let(mul(exponent, 0.5))
  const odd = binary('ne', unary('floor', half), half)
  const negative = select(whole, select(odd, unary('neg', size), size), f64(Number.NaN))
  const signed = w.let(select(binary('lt', base, 0), negative, size))
  return convert(select(binary('eq', exponent, 0), f64(1), signed), 'f32')
}

const integerPower: Two = (w, x, y) => {
  const [result, base] = [w.number('i32', 1), w.variable(add(mul(x, 1), num('i32', 0)))]
  const rest = w.variable(select(binary('gt', y, 0), y, int(0)))
  w.loop(31, () => {
    w.set(result, select(binary('and', rest, 1), mul(result, base), result))
    w.set(base, mul(base, base))
    w.set(rest, binary('shr_u', rest, 1))
  })
  return result
}

const floats: Readonly<Record<string, Two>> = {
  floor_div: (w, x, y) => convert(unary('floor', w.let(binary('div', x, y))), 'f32'),
  floor_mod: (w, x, y) => {
    const quotient = floored(w, x, y)
    return convert(sub(convert(x, 'f64'), mul(quotient, convert(y, 'f64'))), 'f32')
  },
  pow: floatPower,
  squared_difference: (w, x, y) => {
    const difference = w.let(sub(x, y))
    return mul(difference, difference)
  },
}

const orZero = (y: Expression, value: Expression) => select(binary('eq', y, 0), int(0), value)

const integers: Readonly<Record<string, Two>> = {
  floor_div: (w, x, y) => orZero(y, convert(floored(w, x, y), 'i32')),
  floor_mod: (w, x, y) => orZero(y, sub(x, mul(convert(floored(w, x, y), 'i32'), y))),
  pow: integerPower,
  squared_difference: (w, x, y) => {
    const difference = w.let(sub(x, y))
    return mul(difference, difference)
  },
}

/** floor_div, floor_mod, pow and squared_difference of floats and plain int32, broadcast. */
export function lowerPairLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [a, b, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
  requireScalar(context, out.scalar, a, b)
  if (out.tensor.quantization) throw refuse(context, `on quantised ${a.value.dtype} is not compiled`)
  const two = (out.scalar === 'f32' ? floats : out.value.dtype === 'int32' ? integers : {})[context.node.op]
  if (!two) throw refuse(context, `on ${a.value.dtype} is not compiled`)
  eachBroadcast(w, context, out.value.shape, [a.value.shape, b.value.shape], (at, [left, right]) => {
    out.store(at, two(w, w.let(a.load(left!)), w.let(b.load(right!))))
  })
  return w.step(context.node, out.value, `${context.node.op} ${a.value.dtype}`)
}
