import { elementBytes, type MoveStep, sizeOf } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'

/** Copies runs of bytes by a table of (source, target, bytes); padding is filled in before. */
export function moveKernel(step: MoveStep): ChosenKernel {
  return {
    name: 'move',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const [at, end] = [f.local('i32'), f.local('i32')]
      const target = context.addressOf(step.output)
      const addresses = step.inputs.map((value) => context.addressOf(value))
      const rows = step.copies.flatMap(({ input, from, to, bytes }) => [addresses[input]! + from, target + to, bytes])
      if (step.fill !== null)
        f.i32(target)
          .i32(step.fill)
          .i32(sizeOf(step.output.shape) * elementBytes(step.output.dtype))
          .memoryFill()
      if (rows.length > 0) {
        const table = context.constant(Int32Array.from(rows))
        f.i32(table)
          .set(at)
          .i32(table + 4 * rows.length)
          .set(end)
        f.loop(() => {
          f.get(at).at('i32.load', 4).get(at).at('i32.load').get(at).at('i32.load', 8).memoryCopy()
          f.advance(at, 12).get(at).get(end).op('i32.lt_u').brIf(0)
        })
      }
      return context.module.add(f)
    },
  }
}
