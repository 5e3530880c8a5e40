import { type PairTableStep, sizeOf } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'

/** A function of pairs of bytes by its 65,536 results. */
export function pairTableKernel(step: PairTableStep): ChosenKernel {
  return {
    name: 'pair table',
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const at = f.local('i32')
      const table = context.constant(step.table)
      const sides = step.operands.map(({ constant, value, indices }) => ({
        address: constant ? context.constant(constant) : context.addressOf(value),
        indices: indices ? context.constant(indices) : null,
      }))
      const load = (side: 0 | 1) => {
        const { address, indices } = sides[side]!
        f.get(at)
        if (indices !== null) f.i32(2).op('i32.shl').at('i32.load', indices)
        f.at('i32.load8_u', address)
      }
      f.count(at, 0, sizeOf(step.output.shape), 1, () => {
        f.get(at)
        load(0)
        f.i32(8).op('i32.shl')
        load(1)
        f.op('i32.or').at('i32.load8_u', table).at('i32.store8', context.addressOf(step.output))
      })
      return context.module.add(f)
    },
  }
}
