import { quantizeMultiplier } from '../../../graph/reference/fixed-point.ts'
import { interpolationTable } from '../../../graph/reference/int16-tables.ts'
import { add, binary, convert, int, mul, num, select, sub, unary } from '../../loops/expressions.ts'
import { clampInteger, constantMultiplier, multiplyByQuantizedMultiplier } from '../../loops/fixed-point.ts'
import { exponential, logarithm } from '../../loops/functions.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { type BufferIndex, LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { requireScalar, sourceAt, targetAt } from './source.ts'

/** l2_normalization of floats over the last axis. */
export function lowerL2Normalization(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, 'f32', x, out)
  const depth = x.value.shape.at(-1) ?? 1
  w.loop(x.size / depth, (row) => {
    const from = w.let(mul(row, depth))
    const sum = w.number('f32', 0)
    w.loop(depth, (at) => {
      const value = w.let(x.load(add(from, at)))
      w.set(sum, add(sum, mul(value, value)))
    })
    const norm = w.let(binary('max', unary('sqrt', sum), Math.fround(1e-6)))
    w.loop(depth, (at) => out.store(add(from, at), binary('div', x.load(add(from, at)), norm)))
  })
  return w.step(context.node, out.value, 'l2_normalization float32')
}

/** local_response_normalization of floats over the last axis. */
export function lowerLocalResponse(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, 'f32', x, out)
  const depth = x.value.shape.at(-1)!
  const [radius, bias, alpha, beta] = ['radius', 'bias', 'alpha', 'beta'].map((name) =>
    attribute(context, name, 0),
  ) as [number, number, number, number]
  w.loop(x.size / depth, (row) => {
    const from = w.let(mul(row, depth))
    w.loop(depth, (channel) => {
      const sum = w.number('f32', 0)
      w.loop(2 * radius + 1, (offset) => {
        const c = w.let(sub(add(channel, offset), radius))
        w.if(binary('lt_u', c, depth), () => {
          const value = w.let(x.load(add(from, c)))
          w.set(sum, add(sum, mul(value, value)))
        })
      })
      const scale = w.let(convert(add(mul(sum, Math.fround(alpha)), Math.fround(bias)), 'f64'))
      const factor = convert(exponential(w, mul(logarithm(w, scale), -beta)), 'f32')
      out.store(add(from, channel), mul(x.load(add(from, channel)), factor))
    })
  })
  return w.step(context.node, out.value, 'local_response_normalization float32')
}

/** The interpreter's `lookUp`: between two of a table's 513 entries. */
function lookUp(w: LoopWriter, table: BufferIndex, value: Expression): Expression {
  const index = w.let(add(binary('shr', value, 7), 256))
  const from = w.let(w.load(table, index))
  const slope = sub(w.load(table, add(index, 1)), from)
  return w.let(add(from, binary('shr', add(mul(slope, binary('and', value, 0x7f)), 64), 7)))
}

/** softmax of int16 to int16 by TFLite's tables (`tflm`). */
export function lowerSoftmax16(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  if (x.value.dtype !== 'int16' || out.value.dtype !== 'int16' || context.semantics !== 'tflm')
    throw refuse(context, `from ${x.value.dtype} to ${out.value.dtype} is not compiled`)
  const depth = x.value.shape.at(-1) ?? 1
  const factor = constantMultiplier(quantizeMultiplier((x.value.scale * attribute(context, 'beta', 1)) / (10 / 65535)))
  const powers = w.constant('int16', interpolationTable(Math.exp, -10, 0))
  const reciprocals = w.constant(
    'int16',
    interpolationTable((value) => 1 / (1 + value), 0, 1),
  )
  const exps = w.scratch('int16', depth)
  const wide = [-32768, 32767] as const
  w.loop(x.size / depth, (row) => {
    const from = w.let(mul(row, depth))
    const [most, sum] = [w.number('i32', -32768), w.number('i32', 0)]
    w.loop(depth, (at) => {
      const value = w.let(x.load(add(from, at)))
      w.set(most, select(binary('gt', value, most), value, most))
    })
    w.loop(depth, (at) => {
      const difference = multiplyByQuantizedMultiplier(w, sub(x.load(add(from, at)), most), factor)
      const exp = lookUp(w, powers, w.let(clampInteger(w, add(difference, 32767), wide)))
      w.store(exps, at, exp)
      w.set(sum, add(sum, exp))
    })
    const headroom = w.let(unary('clz', sum))
    const left = convert(sub(headroom, 1), 'i64')
    const shifted = convert(binary('shr', add(binary('shl', convert(sum, 'i64'), left), 2 ** 13), 14), 'i32')
    const share = lookUp(w, reciprocals, w.let(clampInteger(w, sub(shifted, 2 ** 15 + 2 ** 16), wide)))
    const right = w.let(sub(int(31), headroom))
    const half = w.let(binary('shl', num('i32', 1), sub(right, 1)))
    w.loop(depth, (at) => {
      const product = add(mul(w.load(exps, at), share), half)
      out.store(add(from, at), clampInteger(w, binary('shr', product, right), [0, 32767]))
    })
  })
  return w.step(context.node, out.value, 'softmax int16')
}
