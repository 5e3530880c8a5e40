import type { DataType } from '../../../../graph/graph.ts'
import { type FftNumbers, fftNumbers } from '../../../../graph/reference/signal/fft-numbers.ts'
import { type FftPlan, fftPlan, splitAngles, twiddleAngles } from '../../../../graph/reference/signal/fft-plan.ts'
import { add, binary, convert, int, mul, num, sub } from '../../../loops/expressions.ts'
import type { ConstantData, Expression, LoopsStep } from '../../../loops/loops.ts'
import { type BufferIndex, LoopWriter } from '../../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../../context.ts'
import { sourceAt, targetAt } from '../source.ts'

interface Complex {
  readonly re: Expression
  readonly im: Expression
}

/** What the interpreter's `FftNumbers` does, as expressions. Every result is computed once. */
interface Arithmetic {
  wrap(value: Expression): Expression
  products(a: Expression, b: Expression, c: Expression, d: Expression): Expression
  scaleDown(x: Expression, divisor: number): Expression
  half(x: Expression): Expression
}

function int16Arithmetic(w: LoopWriter): Arithmetic {
  const wrap = (value: Expression) => w.let(binary('shr', binary('shl', value, 16), 16))
  const rounded = (value: Expression) => wrap(binary('shr', add(value, 2 ** 14), 15))
  return {
    wrap,
    products: (a, b, c, d) => rounded(add(mul(a, b), mul(c, d))),
    scaleDown: (x, divisor) => rounded(mul(x, Math.floor(32767 / divisor))),
    half: (x) => binary('shr', x, 1),
  }
}

function int32Arithmetic(w: LoopWriter): Arithmetic {
  const product = (a: Expression, b: Expression) => mul(convert(a, 'i64'), convert(b, 'i64'))
  const rounded = (value: Expression) => w.let(convert(binary('shr', add(value, 2 ** 30), 31), 'i32'))
  return {
    wrap: (value) => w.let(value),
    products: (a, b, c, d) => rounded(add(product(a, b), product(c, d))),
    scaleDown: (x, divisor) => rounded(product(x, int(Math.floor((2 ** 31 - 1) / divisor)))),
    half: (x) => binary('shr', x, 1),
  }
}

function floatArithmetic(w: LoopWriter): Arithmetic {
  return {
    wrap: (value) => w.let(value),
    products: (a, b, c, d) => w.let(add(mul(a, b), mul(c, d))),
    scaleDown: (x) => x,
    half: (x) => mul(x, 0.5),
  }
}

const arithmetics: Readonly<Record<string, (w: LoopWriter) => Arithmetic>> = {
  int16: int16Arithmetic,
  int32: int32Arithmetic,
  float32: floatArithmetic,
}

function constantsOf(dtype: DataType, values: readonly number[]): ConstantData {
  if (dtype === 'int16') return Int16Array.from(values)
  return dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)
}

/** Complex arithmetic and buffers of one transform. */
class Transform {
  private readonly numbers: FftNumbers
  private readonly real: Arithmetic
  private readonly w: LoopWriter
  private readonly dtype: DataType
  private readonly inverse: boolean
  readonly plan: FftPlan

  constructor(w: LoopWriter, dtype: DataType, plan: FftPlan, inverse: boolean) {
    this.w = w
    this.dtype = dtype
    this.plan = plan
    this.inverse = inverse
    this.numbers = fftNumbers[dtype]!
    this.real = arithmetics[dtype]!(w)
  }

  /** Two lists of numbers that steps of this transform share. */
  pair(): readonly [BufferIndex, BufferIndex] {
    const { length } = this.plan
    return [this.w.scratch(this.dtype, length), this.w.scratch(this.dtype, length)]
  }

  /** Cosines and sines of angles. */
  factors(angles: readonly number[]): (index: Expression) => Complex {
    const list = (wave: (x: number) => number) =>
      this.w.constant(
        this.dtype,
        constantsOf(
          this.dtype,
          angles.map((angle) => this.numbers.factor(wave(angle))),
        ),
      )
    const buffers = [list(Math.cos), list(Math.sin)] as const
    return (index) => this.load(buffers, index)
  }

  load([re, im]: readonly [BufferIndex, BufferIndex], index: Expression): Complex {
    const at = this.w.let(index)
    return { re: this.w.let(this.w.load(re, at)), im: this.w.let(this.w.load(im, at)) }
  }

  store([re, im]: readonly [BufferIndex, BufferIndex], index: Expression, value: Complex): void {
    const at = this.w.let(index)
    this.w.store(re, at, value.re)
    this.w.store(im, at, value.im)
  }

  zero(): Expression {
    return this.dtype === 'float32' ? num('f32', 0) : int(0)
  }

  add(a: Complex, b: Complex): Complex {
    return { re: this.real.wrap(add(a.re, b.re)), im: this.real.wrap(add(a.im, b.im)) }
  }

  sub(a: Complex, b: Complex): Complex {
    return { re: this.real.wrap(sub(a.re, b.re)), im: this.real.wrap(sub(a.im, b.im)) }
  }

  mul(a: Complex, b: Complex): Complex {
    const negated = this.w.let(this.negated(a.im))
    return { re: this.real.products(a.re, b.re, negated, b.im), im: this.real.products(a.re, b.im, a.im, b.re) }
  }

  down(a: Complex, divisor: number): Complex {
    return { re: this.real.scaleDown(a.re, divisor), im: this.real.scaleDown(a.im, divisor) }
  }

  conjugate({ re, im }: Complex): Complex {
    return { re, im: this.real.wrap(this.negated(im)) }
  }

  half(a: Expression): Expression {
    return this.real.half(this.w.let(a))
  }

  wrap(a: Expression): Expression {
    return this.real.wrap(a)
  }

  /** −x, as the number that 0 − x is in floats but for the sign of zero. */
  private negated(x: Expression): Expression {
    return this.dtype === 'float32' ? mul(x, -1) : sub(int(0), x)
  }

  /** a − j·b and a + j·b; the other way round in an inverse transform. */
  private turned(a: Complex, b: Complex): readonly [Complex, Complex] {
    const minus = { re: this.real.wrap(add(a.re, b.im)), im: this.real.wrap(sub(a.im, b.re)) }
    const plus = { re: this.real.wrap(sub(a.re, b.im)), im: this.real.wrap(add(a.im, b.re)) }
    return this.inverse ? [plus, minus] : [minus, plus]
  }

  private butterfly(parts: readonly Complex[]): readonly Complex[] {
    const [a, b, c, d] = parts as readonly [Complex, Complex, Complex, Complex]
    if (parts.length === 2) return [this.add(a, b), this.sub(a, b)]
    const [even, odd] = [this.add(a, c), this.add(b, d)]
    const [one, three] = this.turned(this.sub(a, c), this.sub(b, d))
    return [this.add(even, odd), one, this.sub(even, odd), three]
  }

  /** The stages, on numbers that lie in the plan's order already. */
  run(data: readonly [BufferIndex, BufferIndex]): void {
    const { w, plan } = this
    const twiddle = this.factors(twiddleAngles(plan.length, this.inverse))
    for (const { radix, span, stride } of plan.stages)
      w.loop(plan.length / (radix * span), (group) => {
        w.loop(span, (k) => {
          const first = w.let(add(mul(group, radix * span), k))
          const parts = Array.from({ length: radix }, (_, q) => {
            const part = this.down(this.load(data, add(first, q * span)), radix)
            return q === 0 ? part : this.mul(part, twiddle(mul(k, q * stride)))
          })
          this.butterfly(parts).forEach((value, q) => {
            this.store(data, add(first, q * span), value)
          })
        })
      })
  }
}

function prepare(context: LowerContext, w: LoopWriter, inverse: boolean): Transform {
  const { dtype } = sourceAt(w, context, 0).value
  const plan = fftPlan(attribute(context, 'fftLength', 0) / 2)
  if (!arithmetics[dtype]) throw refuse(context, `on ${dtype} is not compiled`)
  if (!plan) throw refuse(context, 'of a length that is no power of two is not compiled')
  return new Transform(w, dtype, plan, inverse)
}

/** SignalRfft: as the interpreter's `realFft`, frame by frame. */
export function lowerRfft(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const t = prepare(context, w, false)
  const { length, order } = t.plan
  const frame = x.value.shape.at(-1)!
  const [data, places, split] = [t.pair(), w.integers(order), t.factors(splitAngles(length, false))]
  w.loop(x.size / frame, (number) => {
    const [from, to] = [w.let(mul(number, frame)), w.let(mul(number, 2 * length + 2))]
    w.loop(length, (at) => {
      const sample = w.let(mul(w.load(places, at), 2))
      for (const [part, buffer] of data.entries()) {
        const index = w.let(add(sample, part))
        w.if(
          binary('lt', index, frame),
          () => w.store(buffer, at, x.load(add(from, index))),
          () => w.store(buffer, at, t.zero()),
        )
      }
    })
    t.run(data)
    const put = (bin: Expression, re: Expression, im: Expression) => {
      const at = w.let(add(to, mul(bin, 2)))
      out.store(at, re)
      out.store(add(at, 1), im)
    }
    const dc = t.down(t.load(data, int(0)), 2)
    put(int(0), add(dc.re, dc.im), t.zero())
    put(int(length), sub(dc.re, dc.im), t.zero())
    w.loop(length / 2, (index) => {
      const k = w.let(add(index, 1))
      const mirror = w.let(sub(int(length), k))
      const [left, right] = [t.down(t.load(data, k), 2), t.down(t.conjugate(t.load(data, mirror)), 2)]
      const [sum, part] = [t.add(left, right), t.mul(t.sub(left, right), split(index))]
      put(k, t.half(add(sum.re, part.re)), t.half(add(sum.im, part.im)))
      put(mirror, t.half(sub(sum.re, part.re)), t.half(sub(part.im, sum.im)))
    })
  })
  return w.step(context.node, out.value, `rfft ${x.value.dtype}`)
}

/** SignalIrfft: as the interpreter's `inverseRealFft`, frame by frame. */
export function lowerIrfft(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const t = prepare(context, w, true)
  const { length, order } = t.plan
  const [packed, data, places, split] = [t.pair(), t.pair(), w.integers(order), t.factors(splitAngles(length, true))]
  w.loop(out.size / (2 * length), (number) => {
    const [from, to] = [w.let(mul(number, 2 * length + 2)), w.let(mul(number, 2 * length))]
    const bin = (index: Expression): Complex => {
      const at = w.let(add(from, mul(index, 2)))
      return { re: w.let(x.load(at)), im: w.let(x.load(add(at, 1))) }
    }
    const [first, last] = [bin(int(0)).re, bin(int(length)).re]
    t.store(packed, int(0), t.down({ re: t.wrap(add(first, last)), im: t.wrap(sub(first, last)) }, 2))
    w.loop(length / 2, (index) => {
      const k = w.let(add(index, 1))
      const mirror = w.let(sub(int(length), k))
      const [left, right] = [t.down(bin(k), 2), t.down(t.conjugate(bin(mirror)), 2)]
      const [sum, part] = [t.add(left, right), t.mul(t.sub(left, right), split(index))]
      t.store(packed, k, t.add(sum, part))
      t.store(packed, mirror, t.conjugate(t.sub(sum, part)))
    })
    w.loop(length, (at) => t.store(data, at, t.load(packed, w.load(places, at))))
    t.run(data)
    w.loop(length, (at) => {
      const { re, im } = t.load(data, at)
      const scaled = (value: Expression) => (x.value.dtype === 'float32' ? binary('div', value, 2 * length) : value)
      const place = w.let(add(to, mul(at, 2)))
      out.store(place, scaled(re))
      out.store(add(place, 1), scaled(im))
    })
  })
  return w.step(context.node, out.value, `irfft ${x.value.dtype}`)
}
