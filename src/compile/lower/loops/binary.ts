import { quantizeMultiplier, roundHalfEven } from '../../../graph/reference/fixed-point.ts'
import { add, binary, convert, mul, num, select, sub, unary } from '../../loops/expressions.ts'
import {
  clampFloat,
  clampInteger,
  constantMultiplier,
  multiplyByQuantizedMultiplier,
  offsetAndClamp,
} from '../../loops/fixed-point.ts'
import type { BinaryOp, Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { type LowerContext, refuse } from '../context.ts'
import { eachBroadcast } from './broadcast.ts'
import { type Range, rangeOf, typeRange } from './ranges.ts'
import { factorRequantize } from './requantize.ts'
import {
  isFloat,
  requireQuantized,
  requireScalar,
  type Source,
  sameQuantization,
  sourceAt,
  type Target,
  targetAt,
} from './source.ts'

/** A function of two elements. */
type Combine = (x: Expression, y: Expression) => Expression

/** The operands of a node with two inputs. */
interface Pair {
  readonly w: LoopWriter
  readonly context: LowerContext
  readonly a: Source
  readonly b: Source
  readonly out: Target
}

/** A function of two tensors under broadcasting, element by element. */
function elementwise(combineOf: (pair: Pair) => Combine): (context: LowerContext) => LoopsStep {
  return (context) => {
    const w = new LoopWriter()
    const [a, b, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
    const combine = combineOf({ w, context, a, b, out })
    eachBroadcast(w, context, out.value.shape, [a.value.shape, b.value.shape], (at, [i, j]) => {
      out.store(at, combine(a.load(i!), b.load(j!)))
    })
    return w.step(context.node, out.value, `${context.node.op} ${a.value.dtype}`)
  }
}

const steps = (operand: Source, value: Expression) => sub(value, operand.value.zeroPoint)

/** Product of two operands' steps: `tflm` wraps in 32 bits, `fp32` rounds the exact one. */
function product(context: LowerContext, ...sides: readonly (readonly [Source, Expression])[]): Expression {
  const type = context.semantics === 'tflm' ? 'i32' : 'i64'
  const [left, right] = sides.map(([operand, value]) => convert(steps(operand, value), type))
  return mul(left!, right!)
}

/** TFLite's fixed-point sum: inputs shifted left, brought to twice the larger scale, then to the output's. */
function fixedPointSum({ w, a, b, out }: Pair, sign: 1 | -1, range: Range): Combine {
  const leftShift = out.value.dtype === 'int16' ? 15 : 20
  const twice = 2 * Math.max(a.value.scale, b.value.scale)
  const factorOf = (real: number) => constantMultiplier(quantizeMultiplier(real))
  const factors = [factorOf(a.value.scale / twice), factorOf(b.value.scale / twice)] as const
  const factorOut = factorOf(twice / (2 ** leftShift * out.value.scale))
  const scaled = (operand: Source, value: Expression, side: 0 | 1) =>
    multiplyByQuantizedMultiplier(w, mul(steps(operand, value), 1 << leftShift), factors[side])
  return (x, y) => {
    const [left, right] = [w.let(scaled(a, x, 0)), w.let(scaled(b, y, 1))]
    const sum = binary(sign === 1 ? 'add' : 'sub', left, right)
    return offsetAndClamp(w, multiplyByQuantizedMultiplier(w, sum, factorOut), out.value.zeroPoint, range)
  }
}

/** XNNPACK's sum: scales as integers of 21 bits over a common power of two, one rounding of halves upwards. */
function sharedShiftSum({ w, context, a, b, out }: Pair, sign: 1 | -1, range: Range): Combine {
  const ratios = [a, b].map((operand) => Math.fround(operand.value.scale / out.value.scale))
  const shift = 20 - Math.floor(Math.log2(Math.max(...ratios)))
  if (shift < 1 || shift > 62) throw refuse(context, 'its scales are too far apart')
  const factors = ratios.map((ratio) => roundHalfEven(ratio * 2 ** shift))
  const scaled = (operand: Source, value: Expression, side: 0 | 1) =>
    mul(convert(steps(operand, value), 'i64'), factors[side]!)
  return (x, y) => {
    const sum = binary(sign === 1 ? 'add' : 'sub', scaled(a, x, 0), scaled(b, y, 1))
    const rounded = binary('shr', add(sum, binary('shl', num('i64', 1), shift - 1)), shift)
    return convert(clampInteger(w, add(rounded, out.value.zeroPoint), range), 'i32')
  }
}

const sum =
  (sign: 1 | -1) =>
  (pair: Pair): Combine => {
    const { w, context, a, b, out } = pair
    const range = rangeOf(context, out)
    const op = sign === 1 ? 'add' : 'sub'
    if (isFloat(out)) {
      requireScalar(context, 'f32', a, b)
      return (x, y) => clampFloat(binary(op, x, y), range)
    }
    requireScalar(context, 'i32', a, b, out)
    if (!out.tensor.quantization) return (x, y) => clampInteger(w, binary(op, x, y), range)
    requireQuantized(context, a, b, out)
    return (context.semantics === 'tflm' ? fixedPointSum : sharedShiftSum)(pair, sign, range)
  }

/** add of any types. */
export const lowerAddLoops: (context: LowerContext) => LoopsStep = elementwise(sum(1))
/** sub of any types. */
export const lowerSubLoops: (context: LowerContext) => LoopsStep = elementwise(sum(-1))

/** mul of any types: floats, plain integers, quantised ones by the factor a · b / out. */
export const lowerMulLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, a, b, out }) => {
  const range = rangeOf(context, out)
  if (isFloat(out)) {
    requireScalar(context, 'f32', a, b)
    return (x, y) => clampFloat(mul(x, y), range)
  }
  requireScalar(context, 'i32', a, b, out)
  if (!out.tensor.quantization) return (x, y) => clampInteger(w, mul(x, y), range)
  requireQuantized(context, a, b, out)
  const [p, q, r] = [a.value.scale, b.value.scale, out.value.scale]
  const real = context.semantics === 'fp32' ? Math.fround(Math.fround(p * q) / r) : (p * q) / r
  const requantize = factorRequantize(w, context, real, out, range)
  return (x, y) => requantize(product(context, [a, x], [b, y]))
})

/** div of floats and plain integers: in float64, which divides int32 exactly and cuts what is infinite. */
export const lowerDivLoops: (context: LowerContext) => LoopsStep = elementwise(({ context, a, b, out }) => {
  const range = rangeOf(context, out)
  if (out.tensor.quantization) throw refuse(context, 'on quantised integers is not compiled')
  if (isFloat(out)) {
    requireScalar(context, 'f32', a, b)
    return (x, y) => clampFloat(binary('div', x, y), range)
  }
  requireScalar(context, 'i32', a, b, out)
  return (x, y) => {
    const quotient = unary('trunc', binary('div', convert(x, 'f64'), convert(y, 'f64')))
    return convert(clampFloat(quotient, range), 'i32')
  }
})

function requireComparable(context: LowerContext, a: Source, b: Source): void {
  if (a.scalar !== b.scalar) throw refuse(context, `of ${a.value.dtype} and ${b.value.dtype}`)
  if (!isFloat(a) && !sameQuantization(a, b)) throw refuse(context, 'its inputs differ in type or quantisation')
}

const extreme =
  (greater: boolean) =>
  ({ w, context, a, b, out }: Pair): Combine => {
    const alike = sameQuantization(a, out) && sameQuantization(b, out)
    const types = [a, b].every(({ value }) => value.dtype === out.value.dtype)
    if (!types || (context.semantics === 'fp32' && !alike))
      throw refuse(context, 'its inputs and output differ in type or quantisation')
    if (a.scalar === 'f32' || a.scalar === 'f64') return (x, y) => binary(greater ? 'max' : 'min', x, y)
    return (x, y) => {
      const [left, right] = [w.let(x), w.let(y)]
      return select(binary(greater ? 'gt' : 'lt', left, right), left, right)
    }
  }

/** maximum of any types that share their quantisation. */
export const lowerMaximumLoops: (context: LowerContext) => LoopsStep = elementwise(extreme(true))
/** minimum of any types that share their quantisation. */
export const lowerMinimumLoops: (context: LowerContext) => LoopsStep = elementwise(extreme(false))

const comparisons: Readonly<Record<string, BinaryOp>> = {
  equal: 'eq',
  not_equal: 'ne',
  greater: 'gt',
  greater_equal: 'ge',
  less: 'lt',
  less_equal: 'le',
}

/** TFLite compares 8-bit integers as (value − zero) · 2^8 · scale, rounded; others by their steps. */
function comparable({ w, context }: Pair, operand: Source): ((value: Expression) => Expression) | null {
  const { dtype, scale, zeroPoint } = operand.value
  if (context.semantics !== 'tflm' || !operand.tensor.quantization) return null
  if (dtype !== 'int8' && dtype !== 'uint8') return null
  const factor = constantMultiplier(quantizeMultiplier(scale))
  return (value) => multiplyByQuantizedMultiplier(w, mul(sub(value, zeroPoint), 256), factor)
}

/** Comparisons and logic of any types; results are 0 and 1. */
export const lowerCompare: (context: LowerContext) => LoopsStep = elementwise((pair) => {
  const { context, a, b, out } = pair
  const [left, right] = [comparable(pair, a), comparable(pair, b)]
  if (!left || !right) requireComparable(context, a, b)
  requireScalar(context, 'i32', out)
  const op = comparisons[context.node.op]
  if (op && left && right) return (x, y) => binary(op, left(x), right(y))
  if (op) return (x, y) => binary(op, x, y)
  const holds = (x: Expression) => binary('ne', x, 0)
  const logic = context.node.op === 'logical_and' ? 'and' : 'or'
  return (x, y) => binary(logic, holds(x), holds(y))
})

/** prelu of any types: the slope of negative values is a tensor, broadcast. */
export const lowerPreluLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, a, b, out }) => {
  if (isFloat(a)) {
    requireScalar(context, 'f32', b, out)
    return (x, y) => {
      const value = w.let(x)
      return select(binary('ge', value, 0), value, mul(value, y))
    }
  }
  requireQuantized(context, a, b, out)
  const range = typeRange(out.value.dtype)
  const positive = factorRequantize(w, context, a.value.scale / out.value.scale, out, range)
  const negative = factorRequantize(w, context, (a.value.scale * b.value.scale) / out.value.scale, out, range)
  return (x, y) => {
    const value = w.let(steps(a, x))
    const above = w.let(positive(value))
    return select(binary('ge', value, 0), above, negative(product(context, [a, x], [b, y])))
  }
})
