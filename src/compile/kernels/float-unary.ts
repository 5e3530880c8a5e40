import type { FloatFunction, FloatUnaryStep } from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import { emitExponential } from './exponential.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitCut, type LaneOp, type Lanes, stretches } from './lanes.ts'

/** Functions that need an exponential; computed in float64, one by one. */
const slow: readonly FloatFunction[] = ['exp', 'elu', 'logistic', 'tanh']

const direct: Readonly<Partial<Record<FloatFunction, LaneOp>>> = {
  abs: 'abs',
  neg: 'neg',
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
}

/** The lanes on the stack → the function of them. */
function emitFast(f: FunctionBuilder, { fn, parameter }: FloatUnaryStep, lanes: Lanes, x: Local): void {
  const times = (factor: () => void) => {
    factor()
    lanes.op(f, 'mul')
  }
  const op = direct[fn]
  if (op) lanes.op(f, op)
  if (op || fn === 'clamp') return
  f.set(x)
  if (fn === 'rsqrt') {
    lanes.constant(f, 1)
    f.get(x)
    lanes.op(f, 'sqrt')
    lanes.op(f, 'div')
    return
  }
  f.get(x)
  if (fn === 'square') times(() => f.get(x))
  if (fn === 'leaky') {
    f.get(x)
    times(() => lanes.constant(f, parameter))
    lanes.pickWhereNotNegative(f, () => f.get(x))
  }
  if (fn === 'hard-swish') {
    f.get(x)
    lanes.constant(f, 3)
    lanes.op(f, 'add')
    emitCut(f, lanes, 0, 6)
    lanes.op(f, 'mul')
    lanes.constant(f, 6)
    lanes.op(f, 'div')
  }
}

interface SlowLocals {
  readonly x: Local
  readonly t: Local
  readonly k: Local
}

/** Stack: f32 → f32. logistic = 1 / (1 + e^−x); tanh = 1 − 2 / (1 + e^2x), x − x³ / 3 near 0; elu = e^x − 1 below 0. */
function emitSlow(f: FunctionBuilder, fn: FloatFunction, { x, t, k }: SlowLocals): void {
  f.op('f64.promote_f32').tee(x)
  f.f64(fn === 'logistic' ? -1 : fn === 'tanh' ? 2 : 1)
    .op('f64.mul')
    .set(t)
  if (fn === 'logistic') {
    f.f64(1)
    emitExponential(f, t, k)
    f.f64(1).op('f64.add').op('f64.div')
  } else if (fn === 'tanh') {
    f.get(x).get(x).get(x).op('f64.mul').get(x).op('f64.mul').f64(3).op('f64.div').op('f64.sub')
    f.f64(1).f64(2)
    emitExponential(f, t, k)
    f.f64(1).op('f64.add').op('f64.div').op('f64.sub')
    f.get(x).op('f64.abs').f64(1e-4).op('f64.lt').op('select')
  } else {
    if (fn === 'elu') f.get(x)
    emitExponential(f, t, k)
    if (fn === 'elu') f.f64(1).op('f64.sub').get(x).f64(0).op('f64.gt').op('select')
  }
  f.op('f32.demote_f64')
}

/** A function of every float. */
export function floatUnaryKernel(step: FloatUnaryStep, vector: boolean): ChosenKernel {
  const wide = vector && !slow.includes(step.fn)
  return {
    name: `${step.fn} f32 ${wide ? 'simd128' : 'scalar'}`,
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const at = f.local('i32')
      const locals = { x: f.local('f64'), t: f.local('f64'), k: f.local('f64') }
      stretches(sizeOf(step.output.shape), wide, (lanes, from, to) => {
        const x = f.local(lanes.type)
        f.count(at, 4 * from, 4 * to, 4 * lanes.count, () => {
          f.get(at).get(at).at(lanes.load, context.addressOf(step.inputs[0]!))
          if (slow.includes(step.fn)) emitSlow(f, step.fn, locals)
          else emitFast(f, step, lanes, x)
          emitCut(f, lanes, step.min, step.max)
          f.at(lanes.store, context.addressOf(step.output))
        })
      })
      return context.module.add(f)
    },
  }
}
