import type { DataType } from '../../../graph/graph.ts'
import { add, binary, convert, mul, num, select, sub, unary } from '../../loops/expressions.ts'
import { clampFloat, integerFromFloat } from '../../loops/fixed-point.ts'
import { logarithm, sine } from '../../loops/functions.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse, requireScale } from '../context.ts'
import { evaluateOn } from '../table.ts'
import { rangeOf, typeRange } from './ranges.ts'
import { factorRequantize } from './requantize.ts'
import { isFloat, requireQuantized, requireScalar, type Source, sourceAt, type Target, targetAt } from './source.ts'

interface Single {
  readonly w: LoopWriter
  readonly context: LowerContext
  readonly x: Source
  readonly out: Target
}

type One = (value: Expression) => Expression

/** A function of every element. */
function elementwise(functionOf: (single: Single) => One): (context: LowerContext) => LoopsStep {
  return (context) => {
    const w = new LoopWriter()
    const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
    if (x.size !== out.size) throw refuse(context, 'its input and output differ in size')
    const one = functionOf({ w, context, x, out })
    w.loop(x.size, (at) => out.store(at, one(x.load(at))))
    return w.step(context.node, out.value, `${context.node.op} ${x.value.dtype}`)
  }
}

/** Functions of floats that have no step of their own: ln, sine and cosine in float64. */
export const lowerFunctionLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, x, out }) => {
  requireScalar(context, 'f32', x, out)
  const { op } = context.node
  return (value) => {
    const wide = w.let(convert(value, 'f64'))
    return convert(op === 'log' ? logarithm(w, wide) : sine(w, wide, op === 'sin' ? 0 : 1), 'f32')
  }
})

/** relu, relu6, relu_n1_to_1 of quantised integers: rescaled by in / out, then cut. */
export const lowerReluLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, x, out }) => {
  const range = rangeOf(context, out, context.node.op)
  if (isFloat(x)) {
    requireScalar(context, 'f32', out)
    return (value) => clampFloat(value, range)
  }
  requireQuantized(context, x, out)
  const requantize = factorRequantize(w, context, x.value.scale / out.value.scale, out, range)
  return (value) => requantize(sub(value, x.value.zeroPoint))
})

/** leaky_relu of quantised integers: both factors in float32. */
export const lowerLeakyReluLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, x, out }) => {
  requireQuantized(context, x, out)
  const range = typeRange(out.value.dtype)
  const [from, to] = [x.value.scale, out.value.scale]
  const slope = Math.fround(from * attribute(context, 'alpha', 0))
  const positive = factorRequantize(w, context, Math.fround(from / to), out, range)
  const negative = factorRequantize(w, context, Math.fround(slope / to), out, range)
  return (value) => {
    const steps = w.let(sub(value, x.value.zeroPoint))
    const above = w.let(positive(steps))
    return select(binary('ge', steps, 0), above, negative(steps))
  }
})

/** quantize of any types. From floats `tflm` divides and rounds halves away from zero, `fp32` multiplies, to even. */
export const lowerQuantizeLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, x, out }) => {
  requireQuantized(context, out)
  const range = typeRange(out.value.dtype)
  const { scale, zeroPoint } = out.value
  if (!isFloat(x)) {
    requireQuantized(context, x)
    const requantize = factorRequantize(w, context, x.value.scale / scale, out, range)
    return (value) => requantize(sub(value, x.value.zeroPoint))
  }
  if (context.semantics === 'fp32')
    return (value) => integerFromFloat(unary('nearest', mul(value, Math.fround(1 / scale))), zeroPoint, range)
  return (value) => {
    const steps = w.let(convert(binary('div', value, scale), 'f64'))
    const size = unary('floor', add(unary('abs', steps), 0.5))
    return integerFromFloat(select(binary('lt', steps, 0), unary('neg', size), size), zeroPoint, range)
  }
})

/** dequantize of any integers, with one scale or one a slice along an axis: fl32(scale · (q − zero point)). */
export const lowerDequantizeLoops: (context: LowerContext) => LoopsStep = (context) => {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, 'f32', out)
  const { quantization } = x.tensor
  if (!quantization) throw refuse(context, `"${x.value.name}" has no quantisation`)
  const { scales, zeroPoints, axis } = quantization
  const inner = axis === null ? x.size : x.value.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const slices = scales.length
  const scaleAt = w.constant('float64', Float64Array.from(scales))
  const zeroAt = w.constant('float64', Float64Array.from(zeroPoints))
  const runs = x.size / (inner * slices)
  if (!Number.isInteger(runs)) throw refuse(context, 'its scales do not fit its shape')
  w.loop(runs, (run) => {
    w.loop(slices, (slice) => {
      const first = w.let(mul(add(mul(run, slices), slice), inner))
      w.loop(inner, (i) => {
        const at = w.let(add(first, i))
        const steps = sub(convert(x.load(at), 'f64'), w.load(zeroAt, slice))
        out.store(at, convert(mul(w.load(scaleAt, slice), steps), 'f32'))
      })
    })
  })
  return w.step(context.node, out.value, `dequantize ${x.value.dtype}`)
}

const unsignedTypes: readonly DataType[] = ['uint64']

/** cast between number types: floats are cut towards zero and wrap, integers wrap, anything but 0 is true. */
export const lowerCast: (context: LowerContext) => LoopsStep = elementwise(({ w, x, out }) => {
  if (out.value.dtype === 'bool') return (value) => binary('ne', value, 0)
  const unsigned = unsignedTypes.includes(x.value.dtype)
  const float = x.scalar === 'f32' || x.scalar === 'f64'
  // Integers go through float64 to float32, as JavaScript's numbers do.
  if (out.scalar === 'f32') return (value) => convert(convert(value, 'f64', unsigned), 'f32')
  if (out.scalar === 'f64') return (value) => convert(value, 'f64', unsigned)
  if (!float) return (value) => convert(value, out.scalar)
  return (value) => {
    const wide = w.let(convert(value, 'f64'))
    const inside = binary('lt', unary('abs', wide), 2 ** 63)
    const whole = select(inside, convert(wide, 'i64'), num('i64', 0))
    return convert(whole, out.scalar)
  }
})

/** Values of an integer type of 8 or 16 bits, from its lowest on. */
const everyValue: Readonly<Partial<Record<DataType, () => Int8Array | Uint8Array | Int16Array | Uint16Array>>> = {
  int8: () => Int8Array.from({ length: 256 }, (_, at) => at - 128),
  uint8: () => Uint8Array.from({ length: 256 }, (_, at) => at),
  int16: () => Int16Array.from({ length: 65536 }, (_, at) => at - 32768),
  uint16: () => Uint16Array.from({ length: 65536 }, (_, at) => at),
}

/** Any function of one integer of 8 or 16 bits: all its results, taken from the reference interpreter. */
export const lowerTableLoops: (context: LowerContext) => LoopsStep = elementwise(({ w, context, x, out }) => {
  const values = everyValue[x.value.dtype]?.()
  if (!values || out.scalar !== 'i32')
    throw refuse(context, `from ${x.value.dtype} to ${out.value.dtype} is not compiled`)
  requireScale(context, x.tensor)
  const table = w.constant(out.value.dtype, evaluateOn(context, [values]))
  return (value) => w.load(table, sub(value, values[0]!))
})
