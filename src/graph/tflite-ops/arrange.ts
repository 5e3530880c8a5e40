import { constantIntegers, numberAttribute } from '../graph.ts'
import { broadcast } from '../ops/elementwise.ts'
import type { OpContext, OpDef, Shape } from '../ops/op-def.ts'

const known = (shape: Shape | null | undefined): readonly number[] | null =>
  shape?.every((length) => typeof length === 'number') ? (shape as readonly number[]) : null

function tiled({ shapes: [x], tensors: [, list] }: OpContext): Shape | null {
  const [lengths, times] = [known(x), constantIntegers(list)]
  return lengths && times ? lengths.map((length, axis) => length * times[axis]!) : null
}

/** The shape that a constant input tells. */
const told =
  (index: number) =>
  ({ tensors }: OpContext): Shape | null =>
    constantIntegers(tensors[index])

function gatheredNd({ shapes: [x, indices] }: OpContext): Shape | null {
  const depth = indices?.at(-1)
  return x && indices && typeof depth === 'number' ? [...indices.slice(0, -1), ...x.slice(depth)] : null
}

function oneHot({ node, shapes: [indices], tensors: [, depths] }: OpContext): Shape | null {
  const depth = constantIntegers(depths)?.[0]
  if (!indices || depth === undefined) return null
  const axis = numberAttribute(node, 'axis', -1)
  return indices.toSpliced(axis < 0 ? indices.length : axis, 0, depth)
}

/** Blocks of the axes after the batches; `grow` scales them up or down, the second list pads or crops. */
const batches =
  (toBatches: boolean) =>
  ({ shapes: [x], tensors: [, list, ends] }: OpContext): Shape | null => {
    const [lengths, blocks, edges] = [known(x), constantIntegers(list), constantIntegers(ends)]
    if (!lengths || !blocks || !edges) return null
    const all = blocks.reduce((a, b) => a * b, 1)
    return lengths.map((length, axis) => {
      if (axis === 0) return toBatches ? length * all : length / all
      const block = blocks[axis - 1]
      if (block === undefined) return length
      const edge = edges[2 * axis - 2]! + edges[2 * axis - 1]!
      return toBatches ? (length + edge) / block : length * block - edge
    })
  }

function selected({ node, shapes: [condition, yes, no] }: OpContext): Shape | null {
  if (!condition || !yes || !no) return null
  const values = broadcast(yes, no)
  return node.op === 'select' ? yes : values && broadcast(condition, values)
}

function counted({ tensors }: OpContext): Shape | null {
  const [start, limit, step] = tensors.map((tensor) => constantIntegers(tensor)?.[0])
  if (start === undefined || limit === undefined || !step) return null
  return [Math.max(0, Math.ceil((limit - start) / step))]
}

function largest({ shapes: [x], tensors: [, list] }: OpContext): Shape | null {
  const count = constantIntegers(list)?.[0]
  return x && count !== undefined ? [...x.slice(0, -1), count] : null
}

/** Operators that repeat, choose, count and rearrange. */
export const arrangeOps: readonly OpDef[] = [
  { op: 'tile', outputShape: tiled },
  { op: 'broadcast_to', outputShape: told(1) },
  { op: 'fill', outputShape: told(0) },
  { op: 'shape', outputShape: ({ shapes: [x] }) => (x ? [x.length] : null) },
  { op: 'range', outputShape: counted },
  { op: 'gather_nd', outputShape: gatheredNd },
  { op: 'one_hot', outputShape: oneHot },
  { op: 'space_to_batch_nd', outputShape: batches(true) },
  { op: 'batch_to_space_nd', outputShape: batches(false) },
  { op: 'select', outputShape: selected },
  { op: 'select_v2', outputShape: selected },
  { op: 'topk_v2', outputShape: largest },
]
