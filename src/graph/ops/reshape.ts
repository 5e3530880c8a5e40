import { constantIntegers, elementCount, numberAttribute, numbersAttribute } from '../graph.ts'
import type { OpDef, Shape } from './op-def.ts'

function filled(input: Shape | null, wanted: readonly number[]): Shape | null {
  const copied = wanted.map((length, axis) => (length === 0 ? (input?.[axis] ?? 0) : length))
  if (!copied.includes(-1)) return copied
  const total = elementCount(input)
  const known = elementCount(copied.filter((length) => length !== -1))
  if (total === null || !known) return null
  return copied.map((length) => (length === -1 ? total / known : length))
}

const reshape: OpDef = {
  op: 'Reshape',
  outputShape({ shapes: [input], tensors: [, shape] }) {
    const wanted = constantIntegers(shape)
    return wanted && filled(input ?? null, wanted)
  },
}

const flatten: OpDef = {
  op: 'Flatten',
  outputShape({ node, shapes: [input] }) {
    if (!input) return null
    const axis = numberAttribute(node, 'axis', 1)
    const before = elementCount(input.slice(0, axis))
    const after = elementCount(input.slice(axis))
    return before === null || after === null ? null : [before, after]
  },
}

const transpose: OpDef = {
  op: 'Transpose',
  outputShape({ node, shapes: [input] }) {
    const order = numbersAttribute(node, 'perm', input?.map((_, axis) => input.length - 1 - axis) ?? [])
    return input ? order.map((axis) => input[axis]!) : null
  },
}

const squeeze: OpDef = {
  op: 'Squeeze',
  outputShape({ node, shapes: [input], tensors: [, axesTensor] }) {
    if (!input) return null
    const axes = constantIntegers(axesTensor) ?? numbersAttribute(node, 'axes', [])
    const gone = axes.map((axis) => (axis < 0 ? axis + input.length : axis))
    return input.filter((length, axis) => (gone.length > 0 ? !gone.includes(axis) : length !== 1))
  },
}

const unsqueeze: OpDef = {
  op: 'Unsqueeze',
  outputShape({ node, shapes: [input], tensors: [, axesTensor] }) {
    const axes = constantIntegers(axesTensor) ?? numbersAttribute(node, 'axes', [])
    if (!input) return null
    const rank = input.length + axes.length
    const added = axes.map((axis) => (axis < 0 ? axis + rank : axis))
    const rest = [...input]
    return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!))
  },
}

const concat: OpDef = {
  op: 'Concat',
  outputShape({ node, shapes }) {
    const first = shapes[0]
    if (!first || shapes.some((shape) => !shape)) return null
    const axis = (numberAttribute(node, 'axis', 0) + first.length) % first.length
    const lengths = shapes.map((shape) => shape![axis])
    if (!lengths.every((length) => typeof length === 'number')) return null
    return first.map((length, index) => (index === axis ? (lengths as number[]).reduce((a, b) => a + b, 0) : length))
  },
}

/** Operators that move or regroup elements. */
export const reshapeOps: readonly OpDef[] = [reshape, flatten, transpose, squeeze, unsqueeze, concat]
