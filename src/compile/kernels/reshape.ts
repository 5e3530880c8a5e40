import { elementBytes, type ReshapeStep, sizeOf } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'

/** Copies bytes, where input and output could not share their place. */
export function copyKernel(step: ReshapeStep): ChosenKernel {
  return {
    name: 'copy',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const at = f.local('i32')
      const bytes = sizeOf(step.output.shape) * elementBytes(step.output.dtype)
      f.count(at, 0, bytes, 1, () => {
        f.get(at).get(at).at('i32.load8_u', context.addressOf(step.inputs[0]!))
        f.at('i32.store8', context.addressOf(step.output))
      })
      return context.module.add(f)
    },
  }
}
