import { MilliwattError } from '../../core/errors.ts'
import type { SoftmaxStep } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'

const log2e = Math.LOG2E
/** ln 2 in two parts; the first has zeros behind its first 33 bits, so that k · high is exact. */
const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10
const terms = 13

/** 1/n!, highest first. */
const coefficients: readonly number[] = Array.from({ length: terms + 1 }, (_, index) => {
  let factorial = 1
  for (let n = 2; n <= terms - index; n++) factorial *= n
  return 1 / factorial
})

/** e^t in float64 for t in [−700, 0], by the same steps as the kernel. */
function exponential(t: number): number {
  const scaled = t * log2e
  const floor = Math.floor(scaled)
  const rest = scaled - floor
  const k = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
  const r = t - k * ln2High - k * ln2Low
  let sum = coefficients[0]!
  for (const coefficient of coefficients.slice(1)) sum = sum * r + coefficient
  return sum * 2 ** k
}

/** Whether the kernel's exponential, rounded to float32, is the correctly rounded one for every pair of int8. */
function isProved(step: SoftmaxStep): boolean {
  const reals = realsOf(step)
  for (let most = 0; most < 256; most++)
    for (let value = 0; value <= most; value++) {
      const t = Math.fround(Math.fround(reals[value]! - reals[most]!) * step.beta)
      if (t < -700 || Math.fround(exponential(t)) !== Math.fround(Math.exp(t))) return false
    }
  return true
}

function realsOf({ inputs: [input] }: SoftmaxStep): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => input!.scale * (byte - 128 - input!.zeroPoint))
}

function emitExponential(f: FunctionBuilder, t: Local, k: Local): void {
  f.get(t).f64(log2e).op('f64.mul').op('f64.nearest').set(k)
  f.get(t).get(k).f64(ln2High).op('f64.mul').op('f64.sub').get(k).f64(ln2Low).op('f64.mul').op('f64.sub').set(t)
  f.f64(coefficients[0]!)
  for (const coefficient of coefficients.slice(1)) f.get(t).op('f64.mul').f64(coefficient).op('f64.add')
  f.get(k).op('i64.trunc_f64_s').i64(1023n).op('i64.add').i64(52n).op('i64.shl').op('f64.reinterpret_i64')
  f.op('f64.mul').op('f32.demote_f64')
}

/** Softmax in float32 of dequantised values, rounded to int8 with halves to even. Exponentials are proved pair by pair. */
export function softmaxFloatKernel(step: SoftmaxStep): ChosenKernel {
  if (!isProved(step))
    throw new MilliwattError('BACKEND_FAILED', `softmax "${step.name}"`, 'its exponentials could not be proved exact')
  return {
    name: 'softmax float',
    scratchBytes: 4 * step.depth,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const reals = context.constant(realsOf(step))
      const [row, at, value, max] = [0, 1, 2, 3].map(() => f.local('i32')) as [number, number, number, number]
      const [t, k, sum] = [f.local('f64'), f.local('f64'), f.local('f32')]
      const { zeroPoint, scale } = step.output
      const input = context.addressOf(step.inputs[0]!)
      const real = (byte: Local) => f.get(byte).i32(128).op('i32.add').i32(2).op('i32.shl').at('f32.load', reals)
      const load = () => f.get(row).get(at).op('i32.add').at('i32.load8_s', input).set(value)
      f.count(row, 0, step.rows * step.depth, step.depth, () => {
        f.i32(-128).set(max).f32(0).set(sum)
        f.count(at, 0, step.depth, 1, () => {
          load()
          f.get(value).get(max).get(value).get(max).op('i32.gt_s').op('select').set(max)
        })
        f.count(at, 0, step.depth, 1, () => {
          load()
          real(value)
          real(max)
          f.op('f32.sub').f32(step.beta).op('f32.mul').op('f64.promote_f32').set(t)
          f.get(at).i32(2).op('i32.shl')
          emitExponential(f, t, k)
          f.at('f32.store', scratch)
          f.get(sum).get(at).i32(2).op('i32.shl').at('f32.load', scratch).op('f32.add').set(sum)
        })
        f.count(at, 0, step.depth, 1, () => {
          f.get(row).get(at).op('i32.add')
          f.get(at).i32(2).op('i32.shl').at('f32.load', scratch).get(sum).op('f32.div').f32(scale).op('f32.div')
          f.op('f32.nearest')
            .f32(127 - zeroPoint)
            .op('f32.min')
            .op('i32.trunc_f32_s')
            .i32(zeroPoint)
            .op('i32.add')
          f.at('i32.store8', context.addressOf(step.output))
        })
      })
      return context.module.add(f)
    },
  }
}
