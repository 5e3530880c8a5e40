import { constantIntegers, numberAttribute } from '../graph.ts'
import type { OpDef } from '../ops/op-def.ts'

/** Reductions over the axes of the second input, which must be constant. */
const reduce = (op: string): OpDef => ({
  op,
  outputShape({ node, shapes: [x], tensors: [, list] }) {
    const given = constantIntegers(list)
    if (!x || !given) return null
    const axes = given.map((axis) => (axis < 0 ? axis + x.length : axis))
    const keep = numberAttribute(node, 'keepDims', 0) === 1
    return x.flatMap((length, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [length]))
  },
})

const argument = (op: string): OpDef => ({
  op,
  outputShape({ shapes: [x], tensors: [, list] }) {
    const axis = constantIntegers(list)?.[0]
    return x && axis !== undefined ? x.filter((_, index) => index !== (axis < 0 ? axis + x.length : axis)) : null
  },
})

/** Reductions and the places of extremes. */
export const reduceOps: readonly OpDef[] = [
  ...['mean', 'sum', 'reduce_max', 'reduce_min', 'reduce_prod', 'reduce_any', 'reduce_all'].map(reduce),
  argument('arg_max'),
  argument('arg_min'),
]
