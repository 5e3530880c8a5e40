import { MilliwattError } from '../../core/errors.ts'
import type { SoftmaxStep } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import { emitExponential, exponential } from './exponential.ts'
import type { ChosenKernel } from './kernel.ts'

/** Whether the kernel's exponential, rounded to float32, is the correctly rounded one for every pair of int8. */
function isProved(step: SoftmaxStep): boolean {
  const reals = realsOf(step)
  for (let most = 0; most < 256; most++)
    for (let value = 0; value <= most; value++) {
      const t = Math.fround(Math.fround(reals[value]! - reals[most]!) * step.beta)
      if (Math.fround(exponential(Math.max(t, -700))) !== Math.fround(Math.exp(t))) return false
    }
  return true
}

/** What every int8 stands for, by value + 128. */
export function realsOf({ inputs: [input] }: SoftmaxStep): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => input!.scale * (byte - 128 - input!.zeroPoint))
}

/** @throws MilliwattError OP_UNSUPPORTED unless the exponential is right for every pair of int8 */
export function requireProved(step: SoftmaxStep): void {
  if (!isProved(step))
    throw new MilliwattError('OP_UNSUPPORTED', `softmax "${step.name}"`, 'its exponentials could not be proved exact')
}

/** Softmax in float32 of dequantised values, rounded to int8 with halves to even. Exponentials are proved pair by pair. */
export function softmaxFloatKernel(step: SoftmaxStep): ChosenKernel {
  requireProved(step)
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
          f.op('f32.demote_f64').at('f32.store', scratch)
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
