import { constantIntegers, elementCount, numberAttribute, numbersAttribute } from '../graph.ts'
import type { OpDef, Shape } from '../ops/op-def.ts'

/** Replaces the one length -1 by what is left of the elements. */
function filled(shape: readonly number[], count: number | null): Shape | null {
  if (!shape.includes(-1)) return shape
  const rest = shape.filter((length) => length !== -1).reduce((a, b) => a * b, 1)
  return count === null || rest === 0 ? null : shape.map((length) => (length === -1 ? count / rest : length))
}

const reshape: OpDef = {
  op: 'reshape',
  outputShape({ node, shapes: [x], tensors: [, list] }) {
    const shape = constantIntegers(list) ?? numbersAttribute(node, 'newShape', [])
    return x ? filled(shape, elementCount(x)) : null
  },
}

const squeeze: OpDef = {
  op: 'squeeze',
  outputShape({ node, shapes: [x] }) {
    const axes = numbersAttribute(node, 'squeezeDims', []).map((axis) => (axis < 0 ? axis + (x?.length ?? 0) : axis))
    return x?.filter((length, axis) => (axes.length > 0 ? !axes.includes(axis) : length !== 1)) ?? null
  },
}

const expandDims: OpDef = {
  op: 'expand_dims',
  outputShape({ shapes: [x], tensors: [, list] }) {
    const given = constantIntegers(list)?.[0]
    if (!x || given === undefined) return null
    const axis = given < 0 ? given + x.length + 1 : given
    return [...x.slice(0, axis), 1, ...x.slice(axis)]
  },
}

const transpose: OpDef = {
  op: 'transpose',
  outputShape({ shapes: [x], tensors: [, list] }) {
    const order = constantIntegers(list)
    return x && order ? order.map((axis) => x[axis]!) : null
  },
}

const pad = (op: string): OpDef => ({
  op,
  outputShape({ shapes: [x], tensors: [, list] }) {
    const amounts = constantIntegers(list)
    if (!x || !amounts || !x.every((length) => typeof length === 'number')) return null
    return (x as readonly number[]).map((length, axis) => length + amounts[2 * axis]! + amounts[2 * axis + 1]!)
  },
})

const concatenation: OpDef = {
  op: 'concatenation',
  outputShape({ node, shapes }) {
    const first = shapes[0]
    if (!first) return null
    const axis = (numberAttribute(node, 'axis', 0) + first.length) % first.length
    const lengths = shapes.map((shape) => shape?.[axis])
    if (!lengths.every((length) => typeof length === 'number')) return null
    return first.with(
      axis,
      (lengths as number[]).reduce((a, b) => a + b, 0),
    )
  },
}

const split: OpDef = {
  op: 'split',
  outputShape({ node, shapes: [, x], tensors: [list] }) {
    const given = constantIntegers(list)?.[0]
    if (!x || given === undefined) return null
    const axis = given < 0 ? given + x.length : given
    const length = x[axis]
    return typeof length === 'number' ? x.with(axis, length / numberAttribute(node, 'numSplits', 1)) : null
  },
}

const slice: OpDef = {
  op: 'slice',
  outputShape({ shapes: [x], tensors: [, begins, sizes] }) {
    const [begin, size] = [constantIntegers(begins), constantIntegers(sizes)]
    if (!x || !begin || !size || elementCount(x) === null) return null
    return size.map((length, axis) => (length === -1 ? (x[axis] as number) - begin[axis]! : length))
  },
}

/** Operators that move or regroup elements. */
export const moveOps: readonly OpDef[] = [
  reshape,
  squeeze,
  expandDims,
  transpose,
  pad('pad'),
  pad('padv2'),
  pad('mirror_pad'),
  concatenation,
  split,
  slice,
]
