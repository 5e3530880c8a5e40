import { sizeOf, type TableStep } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'

/** A function of single bytes by its 256 results. */
export function tableKernel(step: TableStep): ChosenKernel {
  return {
    name: 'table',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const at = f.local('i32')
      const table = context.constant(step.table)
      f.count(at, 0, sizeOf(step.output.shape), 1, () => {
        f.get(at).get(at).at('i32.load8_u', context.addressOf(step.inputs[0]!)).at('i32.load8_u', table)
        f.at('i32.store8', context.addressOf(step.output))
      })
      return context.module.add(f)
    },
  }
}
