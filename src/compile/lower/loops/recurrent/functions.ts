import { sigmoidTable, type TableInput } from '../../../../graph/reference/int16-tables.ts'
import { add, binary, convert, mul, num, select, sub, unary } from '../../../loops/expressions.ts'
import { exponential } from '../../../loops/functions.ts'
import type { Expression } from '../../../loops/loops.ts'
import type { BufferIndex, LoopWriter } from '../../../loops/writer.ts'

/** 1 / (1 + e^−x) of a float32, in float64 but for the result. */
export function floatSigmoid(w: LoopWriter, x: Expression): Expression {
  const power = exponential(w, unary('neg', convert(x, 'f64')))
  return w.let(convert(binary('div', num('f64', 1), add(power, 1)), 'f32'))
}

/** 1 − 2 / (1 + e^2x); x − x³ / 3 near 0. */
export function floatTanh(w: LoopWriter, x: Expression): Expression {
  const wide = w.let(convert(x, 'f64'))
  const far = w.let(sub(num('f64', 1), binary('div', num('f64', 2), add(exponential(w, mul(wide, 2)), 1))))
  const near = sub(wide, binary('div', mul(mul(wide, wide), wide), 3))
  return w.let(convert(select(binary('lt', unary('abs', wide), 1e-4), near, far), 'f32'))
}

/** The interpreter's 16-bit functions by one table in the module. */
export class Table16 {
  private readonly w: LoopWriter
  private readonly table: BufferIndex

  constructor(w: LoopWriter) {
    this.w = w
    this.table = w.constant('uint16', Uint16Array.from(sigmoidTable))
  }

  logistic(steps: Expression, input: TableInput): Expression {
    const place = this.enter(steps, input)
    const value = this.interpolate(place, 9, 0x7fff * 1024)
    const folded = select(binary('ge', place, 0), add(value, 512), sub(num('i32', 2 ** 25 + 511), value))
    return this.w.let(binary('shr_u', folded, 10))
  }

  tanh(steps: Expression, input: TableInput): Expression {
    const place = this.enter(steps, input)
    const value = this.w.let(sub(this.interpolate(place, 8, 0xffff * 256), 2 ** 23))
    const folded = select(binary('ge', place, 0), add(value, 128), sub(num('i32', 127), value))
    return this.w.let(binary('shr', folded, 8))
  }

  private enter(steps: Expression, { multiplier, shift }: TableInput): Expression {
    const scaled = mul(steps, multiplier)
    return this.w.let(shift > 0 ? binary('shr', add(scaled, 2 ** (shift - 1)), shift) : scaled)
  }

  private interpolate(place: Expression, bits: number, most: number): Expression {
    const { w } = this
    const size = w.let(select(binary('lt', place, 0), sub(num('i32', 0), place), place))
    const index = w.let(binary('shr', size, bits))
    const inside = binary('lt', index, 255)
    const at = w.let(select(inside, index, 254))
    const from = w.let(w.load(this.table, at))
    const slope = sub(w.load(this.table, add(at, 1)), from)
    const value = add(binary('shl', from, bits), mul(binary('and', size, 2 ** bits - 1), slope))
    return w.let(select(inside, value, most))
  }
}
