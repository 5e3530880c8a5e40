import { clamp, integerRange } from '../activation.ts'
import { multiplyByQuantizedMultiplier, quantizeMultiplier, roundHalfEven } from '../fixed-point.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, unsupported, zeroPoint } from '../kernel.ts'
import { toNumbers } from '../values.ts'
import { eachIndex, stridesOf } from './broadcast.ts'

/** The axes that a reduction removes, from its second input. */
function axesOf(call: Call, rank: number): readonly number[] {
  return toNumbers(input(call, 1).data).map((axis) => (axis < 0 ? axis + rank : axis))
}

/** For every input element, in order, the output element that it goes to. */
function eachTarget(call: Call, visit: (source: number, target: number) => void): void {
  const { shape } = input(call, 0)
  const axes = axesOf(call, shape.length)
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
  const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride))
  eachIndex(shape, (index, at) =>
    visit(
      at,
      strides.reduce((sum, stride, axis) => sum + stride * index[axis]!, 0),
    ),
  )
}

/**
 * Sum less its zero point to output steps as TFLite does: the multiplier in / out takes 1/n up as
 * (multiplier · 2^s) / n, s = floor(log2 n).
 */
function fixedPoint(call: Call, count: number): (sum: number) => number {
  const [x, out] = [input(call, 0), output(call)]
  const { multiplier, shift } = quantizeMultiplier(scale(x) / scale(out))
  const s = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift)
  const factor = { multiplier: Number((BigInt(multiplier) << BigInt(s)) / BigInt(count)) | 0, shift: shift - s }
  return (sum) => multiplyByQuantizedMultiplier(sum | 0, factor)
}

const sumOrMean =
  (mean: boolean): Kernel =>
  (call) => {
    const [x, out] = [input(call, 0), output(call)]
    const [source, data] = [numeric(call, x), numeric(call, out)]
    const sums = new Float64Array(data.length)
    const float = isFloat(x)
    eachTarget(call, (from, to) => {
      sums[to] = float ? Math.fround(sums[to]! + source[from]!) : sums[to]! + source[from]!
    })
    const count = source.length / data.length
    const divisor = mean ? count : 1
    if (float || !x.tensor.quantization) {
      for (let at = 0; at < data.length; at++)
        data[at] = float ? Math.fround(sums[at]! / divisor) : Math.trunc(sums[at]! / divisor)
      return
    }
    const factor = Math.fround(Math.fround(scale(x) / scale(out)) / divisor)
    const steps =
      call.semantics === 'tflm'
        ? fixedPoint(call, divisor)
        : (sum: number) => roundHalfEven(Math.fround(Math.fround(sum) * factor))
    for (let at = 0; at < data.length; at++) {
      const value = steps(sums[at]! - zeroPoint(x) * count) + zeroPoint(out)
      data[at] = clamp(value, integerRange(out.tensor.dtype))
    }
  }

/** MEAN and SUM over the axes of the second input. */
export const mean: Kernel = sumOrMean(true)
export const sum: Kernel = sumOrMean(false)

const extreme =
  (start: number, better: (a: number, b: number) => number): Kernel =>
  (call) => {
    const [source, data] = [numeric(call, input(call, 0)), numeric(call, output(call))]
    const best = new Float64Array(data.length).fill(start)
    eachTarget(call, (from, to) => {
      best[to] = better(best[to]!, source[from]!)
    })
    data.set(best)
  }

/** REDUCE_MAX and REDUCE_MIN. */
export const reduceMax: Kernel = extreme(Number.NEGATIVE_INFINITY, Math.max)
export const reduceMin: Kernel = extreme(Number.POSITIVE_INFINITY, Math.min)

/** REDUCE_PROD of floats and plain integers. */
export const reduceProd: Kernel = (call) => {
  const x = input(call, 0)
  if (x.tensor.quantization) throw unsupported(call, 'on quantised integers is missing')
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  data.fill(1)
  eachTarget(call, (from, to) => {
    data[to] = isFloat(x) ? data[to]! * source[from]! : Math.imul(data[to]!, source[from]!)
  })
}

/** REDUCE_ANY and REDUCE_ALL of booleans. */
export const reduceAny: Kernel = extreme(0, (a, b) => Math.max(a, b === 0 ? 0 : 1))
export const reduceAll: Kernel = extreme(1, (a, b) => Math.min(a, b === 0 ? 0 : 1))
