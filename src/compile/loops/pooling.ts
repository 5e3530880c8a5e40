import type { Geometry, Semantics } from '../program.ts'
import { add, binary, convert, int, mul, select, sub, unary } from './expressions.ts'
import { clampFloat, clampInteger, integerFromFloat } from './fixed-point.ts'
import type { Expression, Scalar } from './loops.ts'
import { eachPosition, eachTap } from './window.ts'
import type { LoopWriter, Variable } from './writer.ts'

/** What a pool reads, and what it does with it. */
export interface Pooling {
  /** `root`: the root of the mean of squares, of floats. */
  readonly mode: 'average' | 'max' | 'root'
  readonly semantics: Semantics
  readonly geometry: Geometry
  readonly scalar: Scalar
  readonly zeroPoint: number
  readonly range: readonly [number, number]
  load(index: Expression): Expression
  store(index: Expression, value: Expression): void
}

/** Writers of what a window becomes. */
interface Reduction {
  readonly first: number
  take(sum: Variable, element: Expression): void
  finish(sum: Expression, count: Expression): Expression
}

function maximum(w: LoopWriter, { scalar, range }: Pooling): Reduction {
  if (scalar === 'f32')
    return {
      first: Number.NEGATIVE_INFINITY,
      take: (most, element) => w.set(most, binary('max', most, element)),
      finish: (most) => clampFloat(most, range),
    }
  return {
    first: -(2 ** 31),
    take: (most, element) => {
      const value = w.let(element)
      w.set(most, select(binary('gt', value, most), value, most))
    },
    finish: (most) => clampInteger(w, most, range),
  }
}

/** Mean of floats; of integers with halves away from zero (`tflm`) or, from the zero point, to even (`fp32`). */
function average(w: LoopWriter, { scalar, semantics, zeroPoint, range }: Pooling): Reduction {
  const zero = semantics === 'tflm' || scalar === 'f32' ? 0 : zeroPoint
  const take = (sum: Variable, element: Expression) =>
    w.set(sum, add(sum, scalar === 'f32' ? element : sub(element, zero)))
  if (scalar === 'f32')
    return { first: 0, take, finish: (sum, count) => clampFloat(binary('div', sum, convert(count, 'f32')), range) }
  const toEven = (sum: Expression, count: Expression) => {
    const quotient = convert(binary('div', convert(sum, 'f64'), convert(count, 'f64')), 'f32')
    return integerFromFloat(unary('nearest', quotient), zero, range)
  }
  const awayFromZero = (sum: Expression, count: Expression) => {
    const half = w.let(binary('shr', count, 1))
    const moved = select(binary('gt', sum, 0), add(sum, half), sub(sum, half))
    return clampInteger(w, binary('div', moved, count), range)
  }
  return { first: 0, take, finish: semantics === 'fp32' ? toEven : awayFromZero }
}

/** The root of the mean of squares of floats. */
function root(w: LoopWriter, { range }: Pooling): Reduction {
  return {
    first: 0,
    take: (sum, element) => {
      const value = w.let(element)
      w.set(sum, add(sum, mul(value, value)))
    },
    finish: (sum, count) => clampFloat(unary('sqrt', binary('div', sum, convert(count, 'f32'))), range),
  }
}

const reductions = { average, max: maximum, root }

/** Writes a pool over windows clipped to the input, element by element. */
export function pool(w: LoopWriter, pooling: Pooling): void {
  const { mode, geometry: g, scalar, load, store } = pooling
  const reduction = reductions[mode](w, pooling)
  eachPosition(w, g, (position) => {
    w.loop(g.outputChannels, (channel) => {
      const [sum, count] = [w.number(scalar, reduction.first), w.number('i32', 0)]
      eachTap(w, g, position, (_, pixel) => {
        reduction.take(sum, load(add(pixel, channel)))
        w.set(count, add(count, 1))
      })
      // A window that lies on the padding alone has no mean; its sum is 0.
      const seen = w.let(select(binary('gt', count, 1), count, int(1)))
      store(add(position.first, channel), reduction.finish(sum, seen))
    })
  })
}
