import {
  constantIntegers,
  type Graph,
  type Node,
  numberAttribute,
  numbersAttribute,
  type Tensor,
} from '../../../graph/graph.ts'
import { broadcast } from '../../../graph/ops/elementwise.ts'
import { opDefs } from '../../../graph/ops/list.ts'
import { inferShapes } from '../../../graph/shapes.ts'
import { constantNumbers, floatConstant, int64Constant, permuteConstant, product } from '../constants.ts'
import { dropUnread, replaceNodes } from './wiring.ts'

type Shapes = ReturnType<typeof inferShapes>
type Fold = (node: Node, inputs: readonly (Tensor | undefined)[], shapes: Shapes) => Tensor | null

/** The same elements under the shape that the operator's rules give. */
const reshaped: Fold = (node, inputs) => {
  const [x] = inputs
  const shapes = inputs.map((tensor) => tensor?.shape ?? null)
  const shape = x?.data ? opDefs.get(node.op)?.outputShape({ node, shapes, tensors: inputs }) : null
  return x && shape ? { ...x, shape } : null
}

const transposed: Fold = (node, [x]) => {
  if (!x?.data || !x.shape) return null
  const reverse = x.shape.map((_, axis) => x.shape!.length - 1 - axis)
  return permuteConstant(x, numbersAttribute(node, 'perm', reverse))
}

const shapeOf: Fold = (node, _, shapes) => {
  const shape = shapes.get(node.inputs[0]!)
  const { start, end } = { start: numberAttribute(node, 'start', 0), end: numberAttribute(node, 'end', 2 ** 31) }
  if (!shape?.every((length) => typeof length === 'number')) return null
  return int64Constant('', (shape as number[]).slice(start, end))
}

const gathered: Fold = (node, [x, indices]) => {
  const [values, places] = [constantIntegers(x), constantIntegers(indices)]
  if (!values || !places || x?.shape?.length !== 1 || numberAttribute(node, 'axis', 0) !== 0) return null
  const picked = places.map((place) => values[place < 0 ? place + values.length : place] ?? 0)
  return { ...int64Constant('', picked), shape: indices!.shape }
}

const concatenated: Fold = (_, inputs) => {
  const lists = inputs.map(constantIntegers)
  if (!lists.every((list) => list !== null) || inputs.some((tensor) => tensor!.shape!.length !== 1)) return null
  return int64Constant('', lists.flat() as number[])
}

const sliced: Fold = (_, [x, starts, ends, axes, steps]) => {
  const [values, start, end] = [x, starts, ends].map(constantIntegers)
  if (!values || !start || !end || x?.shape?.length !== 1 || (constantIntegers(steps)?.[0] ?? 1) !== 1) return null
  return axes && constantIntegers(axes)?.[0] !== 0 ? null : int64Constant('', values.slice(start[0], end[0]))
}

/** Cast of integers to int64 and of anything to float32. */
const cast: Fold = (node, [x]) => {
  const numbers = constantNumbers(x)
  if (!numbers || (node.attributes.to !== 7 && node.attributes.to !== 1)) return null
  const make = node.attributes.to === 7 ? int64Constant : floatConstant
  return { ...make('', numbers), shape: x!.shape }
}

const arithmetic =
  (compute: (a: number, b: number) => number): Fold =>
  (_, [a, b]) => {
    const [x, y] = [constantNumbers(a), constantNumbers(b)]
    const shape = a?.shape && b?.shape ? broadcast(a.shape, b.shape) : null
    if (!x || !y || !shape || a!.dtype !== b!.dtype) return null
    if (x.length !== 1 && y.length !== 1 && x.length !== y.length) return null
    if (product(shape as number[]) !== Math.max(x.length, y.length)) return null
    const values = Array.from({ length: Math.max(x.length, y.length) }, (_, i) =>
      compute(x[i % x.length]!, y[i % y.length]!),
    )
    if (a!.dtype === 'float32') return floatConstant('', values, shape as number[])
    return a!.dtype === 'int64' ? { ...int64Constant('', values.map(Math.trunc)), shape } : null
  }

const folds: Readonly<Record<string, Fold>> = {
  Add: arithmetic((a, b) => a + b),
  Cast: cast,
  Concat: concatenated,
  Div: arithmetic((a, b) => a / b),
  Flatten: reshaped,
  Gather: gathered,
  Identity: (_, [x]) => (x?.data ? x : null),
  Mul: arithmetic((a, b) => a * b),
  Reshape: reshaped,
  Shape: shapeOf,
  Slice: sliced,
  Squeeze: reshaped,
  Sub: arithmetic((a, b) => a - b),
  Transpose: transposed,
  Unsqueeze: reshaped,
}

/** Values of Constant nodes that the reader leaves: single numbers and lists. */
function literal(node: Node): Tensor | null {
  const { value_int: int, value_ints: ints, value_float: float, value_floats: floats } = node.attributes
  if (typeof int === 'number') return { ...int64Constant('', [int]), shape: [] }
  if (typeof float === 'number') return floatConstant('', [float])
  if (Array.isArray(ints)) return int64Constant('', ints as number[])
  return Array.isArray(floats) ? floatConstant('', floats as number[], [floats.length]) : null
}

function foldOnce(graph: Graph): Graph {
  const shapes = inferShapes(graph)
  const tensors = new Map(graph.tensors)
  const folded = new Map<Node, readonly Node[]>()
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => tensors.get(name))
    const fold = node.domain === '' ? folds[node.op] : undefined
    const constant = node.op === 'Constant' ? literal(node) : (fold?.(node, inputs, shapes) ?? null)
    const name = node.outputs[0]!
    if (!constant || graph.outputs.includes(name)) continue
    tensors.set(name, { ...constant, name })
    folded.set(node, [])
  }
  return folded.size === 0 ? graph : replaceNodes({ ...graph, tensors }, folded)
}

/** Computes what depends on constants and shapes alone, as exporters write Reshape targets, until nothing is left. */
export function foldConstants(graph: Graph): Graph {
  let current = graph
  for (let next = foldOnce(current); next !== current; next = foldOnce(current)) current = next
  return dropUnread(current)
}
