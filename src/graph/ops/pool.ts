import { constantIntegers, numberAttribute, numbersAttribute } from '../graph.ts'
import { windowedExtent } from './conv.ts'
import type { OpContext, OpDef } from './op-def.ts'

const windowPool = (op: string): OpDef => ({
  op,
  outputShape(context) {
    const input = context.shapes[0]
    if (!input) return null
    const extent = windowedExtent(context, input.slice(2), numbersAttribute(context.node, 'kernel_shape', []))
    return extent && [...input.slice(0, 2), ...extent]
  },
})

const globalPool = (op: string): OpDef => ({
  op,
  outputShape: ({ shapes: [input] }) => input?.map((dimension, axis) => (axis < 2 ? dimension : 1)) ?? null,
})

function reducedAxes(context: OpContext, rank: number): readonly number[] {
  const axes = constantIntegers(context.tensors[1]) ?? numbersAttribute(context.node, 'axes', [])
  return (axes.length > 0 ? axes : Array.from({ length: rank }, (_, axis) => axis)).map((axis) =>
    axis < 0 ? axis + rank : axis,
  )
}

const reduce = (op: string): OpDef => ({
  op,
  outputShape(context) {
    const input = context.shapes[0]
    if (!input) return null
    const axes = reducedAxes(context, input.length)
    const keep = numberAttribute(context.node, 'keepdims', 1) !== 0
    return input.flatMap((dimension, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [dimension]))
  },
})

/** Pools and reductions. */
export const poolOps: readonly OpDef[] = [
  windowPool('MaxPool'),
  windowPool('AveragePool'),
  globalPool('GlobalAveragePool'),
  globalPool('GlobalMaxPool'),
  reduce('ReduceMean'),
  reduce('ReduceMax'),
  reduce('ReduceSum'),
]
