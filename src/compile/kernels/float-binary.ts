import type { FloatBinaryStep } from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { FunctionBuilder, type Local } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitCut, type Lanes, oneLane, stretches } from './lanes.ts'

/** Lanes x and y on the stack → the function of them. */
function emitPair(f: FunctionBuilder, step: FloatBinaryStep, lanes: Lanes, [x, y]: readonly [Local, Local]): void {
  if (step.fn !== 'prelu') lanes.op(f, step.fn)
  else {
    f.set(y).set(x).get(x).get(x).get(y)
    lanes.op(f, 'mul')
    lanes.pickWhereNotNegative(f, () => f.get(x))
  }
  emitCut(f, lanes, step.min, step.max)
}

/** Elements that both operands walk side by side: the shorter one's period, if it is longer than 1. */
function innerOf(step: FloatBinaryStep): number {
  const size = sizeOf(step.output.shape)
  return Math.min(size, ...step.operands.map(({ period }) => (period === 1 ? size : period)))
}

/**
 * A function of two floats. An operand that repeats (a channel's bias, a single number) is walked again and again;
 * any other broadcast goes by a table of indices, one by one.
 */
export function floatBinaryKernel(step: FloatBinaryStep, vector: boolean): ChosenKernel {
  const size = sizeOf(step.output.shape)
  const inner = innerOf(step)
  const gather = step.operands.some(({ indices }) => indices !== null)
  const wide = vector && !gather && (inner === size || inner % 4 === 0)
  return {
    name: `${step.fn} f32 ${wide ? 'simd128' : 'scalar'}`,
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const [base, at] = [f.local('i32'), f.local('i32')]
      const target = context.addressOf(step.output)
      const sides = step.operands.map(({ constant, value, period, indices }) => ({
        address: constant ? context.constant(constant) : context.addressOf(value),
        indices: indices ? context.constant(indices) : null,
        period,
      }))
      const load = (side: (typeof sides)[number], lanes: Lanes) => {
        const { address, indices, period } = side
        if (indices !== null) f.get(base).get(at).op('i32.add').at('i32.load', indices).i32(2).op('i32.shl')
        else if (period === 1) f.i32(0)
        else if (period === size) f.get(base).get(at).op('i32.add')
        else f.get(at)
        f.at(period === 1 && lanes !== oneLane && period !== size ? 'v128.load32_splat' : lanes.load, address)
      }
      f.count(base, 0, 4 * size, 4 * inner, () => {
        stretches(inner, wide, (lanes, from, to) => {
          const locals = [f.local(lanes.type), f.local(lanes.type)] as const
          f.count(at, 4 * from, 4 * to, 4 * lanes.count, () => {
            f.get(base).get(at).op('i32.add')
            for (const side of sides) load(side, lanes)
            emitPair(f, step, lanes, locals)
            f.at(lanes.store, target)
          })
        })
      })
      return context.module.add(f)
    },
  }
}
