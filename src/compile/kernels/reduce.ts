import { elementBytes, type ReduceStep, sizeOf } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import type { ChosenKernel } from './kernel.ts'
import { fourLanes, type Lanes, oneLane } from './lanes.ts'
import { type Extent, emitNest, extentsOf } from './nest.ts'
import { byteAccumulator } from './reduce-bytes.ts'

/** How elements gather in an accumulator, and what it becomes. Writers of code for one stretch of lanes. */
export interface Accumulator {
  /** Sets the accumulator before the first element. */
  start(): void
  /** Takes the element whose address the callback pushes. */
  take(address: () => void): void
  /** Writes the result to the address that the callback pushes. */
  finish(address: () => void): void
}

function floatAccumulator(f: FunctionBuilder, step: ReduceStep, lanes: Lanes, count: number): Accumulator {
  const acc = f.local(lanes.type)
  const { mode } = step
  const first = { mean: 0, sum: 0, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY }[mode]
  return {
    start: () => {
      lanes.constant(f, first)
      f.set(acc)
    },
    take: (address) => {
      f.get(acc)
      address()
      f.at(lanes.load)
      lanes.op(f, mode === 'max' || mode === 'min' ? mode : 'add')
      f.set(acc)
    },
    finish: (address) => {
      address()
      f.get(acc)
      if (mode === 'mean') {
        lanes.constant(f, count)
        lanes.op(f, 'div')
      }
      f.at(lanes.store)
    },
  }
}

/** Reduction over any axes; four neighbours at once where the last axis stays. */
export function reduceKernel(step: ReduceStep, vector: boolean): ChosenKernel {
  const input = step.inputs[0]!
  const bytes = elementBytes(input.dtype)
  const extents = extentsOf(input.shape, step.reduced, bytes)
  const last = extents.at(-1)
  const wide = vector && last !== undefined && !last.marked && last.length % 4 === 0
  const lanes = wide ? fourLanes : oneLane
  const stepped = (extent: Extent) =>
    wide && extent === last ? { ...extent, length: extent.length / 4, stride: 4 * bytes } : extent
  return {
    name: `reduce ${input.dtype} ${wide ? 'simd128' : 'scalar'}`,
    scratchBytes: 16,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const [source, target] = [f.local('i32'), f.local('i32')]
      const count = sizeOf(input.shape) / sizeOf(step.output.shape)
      const accumulator =
        input.dtype === 'float32'
          ? floatAccumulator(f, step, lanes, count)
          : byteAccumulator(f, context, step, { wide, count, scratch })
      f.i32(context.addressOf(input)).set(source).i32(context.addressOf(step.output)).set(target)
      const kept = extents.filter((extent) => !extent.marked).map(stepped)
      const reduced = extents.filter((extent) => extent.marked)
      emitNest(f, kept, source, (base) => {
        accumulator.start()
        emitNest(f, reduced, base, (address) => accumulator.take(() => f.get(address)))
        accumulator.finish(() => f.get(target))
        f.advance(target, bytes * lanes.count)
      })
      return context.module.add(f)
    },
  }
}
