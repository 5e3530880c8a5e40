import type { FloatSoftmaxStep } from '../float-steps.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { emitExponential } from './exponential.ts'
import type { ChosenKernel } from './kernel.ts'

/** Softmax of floats: exponentials in float64 rounded to float32, sums and quotients in float32. */
export function floatSoftmaxKernel(step: FloatSoftmaxStep): ChosenKernel {
  return {
    name: 'softmax float32',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const [row, at, end] = [f.local('i32'), f.local('i32'), f.local('i32')]
      const [most, sum, t, k] = [f.local('f32'), f.local('f32'), f.local('f64'), f.local('f64')]
      const [input, output] = [context.addressOf(step.inputs[0]!), context.addressOf(step.output)]
      const rowBytes = 4 * step.depth
      const each = (body: () => void) => {
        f.get(row).set(at)
        f.loop(() => {
          body()
          f.get(at).i32(4).op('i32.add').tee(at).get(end).op('i32.lt_u').brIf(0)
        })
      }
      f.count(row, 0, step.rows * rowBytes, rowBytes, () => {
        f.get(row).i32(rowBytes).op('i32.add').set(end)
        f.f32(Number.NEGATIVE_INFINITY).set(most).f32(0).set(sum)
        each(() => f.get(at).at('f32.load', input).get(most).op('f32.max').set(most))
        each(() => {
          f.get(at).at('f32.load', input).get(most).op('f32.sub').f32(step.beta).op('f32.mul')
          f.op('f64.promote_f32').set(t).get(at)
          emitExponential(f, t, k)
          f.op('f32.demote_f64').at('f32.store', output)
          f.get(sum).get(at).at('f32.load', output).op('f32.add').set(sum)
        })
        each(() => f.get(at).get(at).at('f32.load', output).get(sum).op('f32.div').at('f32.store', output))
      })
      return context.module.add(f)
    },
  }
}
