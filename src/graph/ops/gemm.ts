import { elementCount, numberAttribute } from '../graph.ts'
import type { OpDef } from './op-def.ts'

/** ONNX Gemm: (M×K)·(K×N) + bias, either side transposed by attribute. */
export const gemm: OpDef = {
  op: 'Gemm',
  weightInputs: [1, 2],
  outputShape({ node, shapes: [a, b] }) {
    if (a?.length !== 2 || b?.length !== 2) return null
    return [a[numberAttribute(node, 'transA', 0) ? 1 : 0]!, b[numberAttribute(node, 'transB', 0) ? 0 : 1]!]
  },
  macs({ node, shapes: [a] }, output) {
    const inner = a?.[numberAttribute(node, 'transA', 0) ? 0 : 1]
    const outputs = elementCount(output)
    return typeof inner === 'number' && outputs !== null ? inner * outputs : null
  },
}

/** ONNX MatMul: stacks of matrices, broadcast over the leading dimensions. */
export const matMul: OpDef = {
  op: 'MatMul',
  weightInputs: [1],
  outputShape({ shapes: [a, b] }) {
    if (!a || !b || a.length < 2 || b.length < 2) return null
    const longer = a.length >= b.length ? a : b
    return [...longer.slice(0, -2), a.at(-2)!, b.at(-1)!]
  },
  macs({ shapes: [a] }, output) {
    const inner = a?.at(-1)
    const outputs = elementCount(output)
    return typeof inner === 'number' && outputs !== null ? inner * outputs : null
  },
}
