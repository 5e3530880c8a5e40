import { constantIntegers, numberAttribute } from '../graph.ts'
import type { OpContext, OpDef, Shape } from '../ops/op-def.ts'

const axisOf = ({ node }: OpContext, rank: number): number => {
  const axis = numberAttribute(node, 'axis', 0)
  return axis < 0 ? axis + rank : axis
}

const gather: OpDef = {
  op: 'gather',
  weightInputs: [0],
  outputShape(context) {
    const [x, indices] = context.shapes
    if (!x || !indices || numberAttribute(context.node, 'batchDims', 0) !== 0) return null
    const axis = axisOf(context, x.length)
    return [...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]
  },
}

const pack: OpDef = {
  op: 'pack',
  outputShape(context) {
    const x = context.shapes[0]
    return x?.toSpliced(axisOf(context, x.length + 1), 0, context.shapes.length) ?? null
  },
}

const unpack: OpDef = {
  op: 'unpack',
  outputShape(context) {
    const x = context.shapes[0]
    return x?.toSpliced(axisOf(context, x.length), 1) ?? null
  },
}

const resize = (op: string): OpDef => ({
  op,
  outputShape({ shapes: [x], tensors: [, size] }) {
    const [height, width] = constantIntegers(size) ?? []
    return x?.length === 4 && height !== undefined && width !== undefined ? [x[0]!, height, width, x[3]!] : null
  },
})

/** Scales height and width of NHWC down or up by a block and the channels the other way. */
const blocks = (op: string, shapeOf: (x: readonly number[], block: number) => Shape): OpDef => ({
  op,
  outputShape({ node, shapes: [x] }) {
    const block = numberAttribute(node, 'blockSize', 1)
    if (x?.length !== 4 || !x.every((length) => typeof length === 'number')) return null
    return shapeOf(x as readonly number[], block)
  },
})

const svdf: OpDef = {
  op: 'svdf',
  weightInputs: [1, 2, 3],
  outputShape({ node, shapes: [x, feature] }) {
    const filters = feature?.[0]
    return x && typeof filters === 'number' ? [x[0]!, filters / numberAttribute(node, 'rank', 1)] : null
  },
  macs({ shapes: [x, feature, time] }) {
    const lengths = [x?.[0], feature?.[0], feature?.[1], time?.[1]]
    if (!lengths.every((length) => typeof length === 'number')) return null
    const [batches, filters, depth, memory] = lengths as [number, number, number, number]
    return batches * filters * (depth + memory)
  },
}

/** Operators that pick, stack and rescale. */
export const selectOps: readonly OpDef[] = [
  gather,
  pack,
  unpack,
  resize('resize_bilinear'),
  resize('resize_nearest_neighbor'),
  blocks('space_to_depth', ([n, h, w, c], block) => [n!, h! / block, w! / block, c! * block * block]),
  blocks('depth_to_space', ([n, h, w, c], block) => [n!, h! * block, w! * block, c! / (block * block)]),
  svdf,
]
