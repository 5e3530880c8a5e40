import { add, binary, convert, int, mul, select, sub } from '../../loops/expressions.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { requireScalar, sourceAt, targetAt } from './source.ts'

/** For every place along an output axis: two places of the input and the weight of the second. */
interface Places {
  readonly low: readonly number[]
  readonly high: readonly number[]
  readonly upper: readonly number[]
}

/** TFLite's integer form: weights in 1/1024. */
function integerPlaces(context: LowerContext, from: number, to: number): Places {
  const less = attribute(context, 'alignCorners', 0) === 1 && to > 1 ? 1 : 0
  const centers = attribute(context, 'halfPixelCenters', 0) === 1
  const step = Math.floor((1024 * (from - less) + Math.floor((to - less) / 2)) / (to - less))
  const places = Array.from({ length: to }, (_, at) => at * step + (centers ? Math.floor(step / 2) - 512 : 0))
  const low = places.map((place) => Math.max(Math.trunc(place / 1024), 0))
  const high = places.map((place) => Math.min(Math.trunc((place + 1023) / 1024), from - 1))
  return { low, high, upper: places.map((place, at) => place - 1024 * low[at]!) }
}

/** The form of floats, in float32. */
function floatPlaces(context: LowerContext, from: number, to: number): Places {
  const less = attribute(context, 'alignCorners', 0) === 1 && to > 1 ? 1 : 0
  const centers = attribute(context, 'halfPixelCenters', 0) === 1
  const step = Math.fround((from - less) / (to - less))
  const places = Array.from({ length: to }, (_, at) =>
    centers ? Math.fround(Math.fround(Math.fround(at + 0.5) * step) - 0.5) : Math.fround(at * step),
  )
  const low = places.map((place) => Math.max(Math.floor(place), 0))
  const high = places.map((place) => Math.min(Math.ceil(place), from - 1))
  return { low, high, upper: places.map((place, at) => Math.fround(place - low[at]!)) }
}

/** Tables of places, and their weights in the type that the sum has. */
function tablesOf(w: LoopWriter, places: Places, float: boolean) {
  const [low, high] = [w.integers(places.low), w.integers(places.high)]
  const upper = float ? w.constant('float32', Float32Array.from(places.upper)) : w.integers(places.upper)
  const unit = float ? 1 : 1024
  return (at: Expression) => {
    const weight = w.let(convert(w.load(upper, at), float ? 'f32' : 'i64'))
    const rest: Expression = { kind: 'number', type: weight.type, value: unit }
    return {
      low: w.let(w.load(low, at)),
      high: w.let(w.load(high, at)),
      upper: weight,
      lower: w.let(sub(rest, weight)),
    }
  }
}

/** Rounds a sum of weighted integers in 2^-20, halves away from zero. */
function rounded(w: LoopWriter, sum: Expression): Expression {
  const value = w.let(sum)
  const moved = add(value, select(binary('gt', value, 0), { kind: 'number', type: 'i64', value: 2 ** 19 }, -(2 ** 19)))
  return convert(binary('div', moved, 2 ** 20), 'i32')
}

/** resize_bilinear of any types: integers in fixed point of 10 bits, floats in float32. */
export function lowerResizeBilinear(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const float = x.scalar === 'f32'
  requireScalar(context, float ? 'f32' : 'i32', x, out)
  if (x.value.shape.length !== 4) throw refuse(context, 'its input is not NHWC')
  const [batches, height, width, channels] = x.value.shape as [number, number, number, number]
  const [, outputHeight, outputWidth] = out.value.shape as [number, number, number, number]
  const placesOf = float ? floatPlaces : integerPlaces
  const rows = tablesOf(w, placesOf(context, height, outputHeight), float)
  const columns = tablesOf(w, placesOf(context, width, outputWidth), float)
  const next = w.variable(int(0))
  const emitPixel = (batch: Expression, row: ReturnType<typeof rows>, column: ReturnType<typeof columns>) => {
    const at = (y: Expression, column: Expression) =>
      w.let(mul(add(mul(add(mul(batch, height), y), width), column), channels))
    const corners = [
      [at(row.low, column.low), row.lower, column.lower],
      [at(row.high, column.low), row.upper, column.lower],
      [at(row.low, column.high), row.lower, column.upper],
      [at(row.high, column.high), row.upper, column.upper],
    ] as const
    w.loop(channels, (channel) => {
      const parts = corners.map(([from, a, b]) => mul(mul(convert(x.load(add(from, channel)), a.type), a), b))
      const sum = parts.slice(1).reduce((total, part) => add(total, part), parts[0]!)
      out.store(next, float ? sum : rounded(w, sum))
      w.set(next, add(next, 1))
    })
  }
  w.loop(batches, (batch) => {
    w.loop(outputHeight, (y) => {
      const row = rows(y)
      w.loop(outputWidth, (at) => emitPixel(batch, row, columns(at)))
    })
  })
  return w.step(context.node, out.value, `resize_bilinear ${x.value.dtype}`)
}
