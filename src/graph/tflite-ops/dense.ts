import { elementCount, numberAttribute } from '../graph.ts'
import type { OpDef } from '../ops/op-def.ts'

/** Rows of the input by weights [out, in]. */
const fullyConnected: OpDef = {
  op: 'fully_connected',
  weightInputs: [1, 2],
  fault({ shapes: [x, weights, bias] }) {
    const [count, depth] = [elementCount(x ?? null), weights?.[1]]
    if (!weights || count === null) return null
    if (weights.length !== 2 || typeof depth !== 'number' || count % depth !== 0)
      return `has weights [${weights}] that do not fit an input [${x}]`
    return bias && elementCount(bias) !== weights[0] ? `has a bias [${bias}] that does not fit [${weights}]` : null
  },
  outputShape({ node, shapes: [x, weights] }) {
    const [units, depth] = weights ?? []
    if (!x || units === undefined || typeof depth !== 'number') return null
    if (numberAttribute(node, 'keepNumDims', 0) === 1) return [...x.slice(0, -1), units]
    const count = elementCount(x)
    return count === null ? null : [count / depth, units]
  },
  macs({ shapes: [, weights] }, output) {
    const [depth, outputs] = [weights?.[1], elementCount(output)]
    return typeof depth === 'number' && outputs !== null ? outputs * depth : null
  },
}

/** Matrix product of the last two axes. */
const batchMatmul: OpDef = {
  op: 'batch_matmul',
  weightInputs: [1],
  outputShape({ node, shapes: [a, b] }) {
    if (!a || !b || a.length < 2 || b.length < 2) return null
    const row = a.at(numberAttribute(node, 'adjX', 0) === 1 ? -1 : -2)!
    return [
      ...(a.length >= b.length ? a : b).slice(0, -2),
      row,
      b.at(numberAttribute(node, 'adjY', 0) === 1 ? -2 : -1)!,
    ]
  },
  macs({ node, shapes: [a] }, output) {
    const [depth, outputs] = [a?.at(numberAttribute(node, 'adjX', 0) === 1 ? -2 : -1), elementCount(output)]
    return typeof depth === 'number' && outputs !== null ? outputs * depth : null
  },
}

/** Operators that multiply matrices. */
export const denseOps: readonly OpDef[] = [fullyConnected, batchMatmul]
