import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { lengthsOf } from '../constants.ts'
import { declare, emit, inputOf, type OnnxContext, outputOf, storedType, tensorOf, unsupported } from './context.ts'
import { integersOf, listConstant } from './move.ts'
import { moved } from './result.ts'
import { setStored, stored } from './values.ts'

interface Range {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly steps: readonly number[]
}

function slice(context: OnnxContext, node: Node, range: Range): void {
  const x = inputOf(context, node, 0)
  const axes = lengthsOf(x).map((_, axis) => axis)
  const lists = [
    listConstant(context, node, 'starts', range.starts),
    listConstant(context, node, 'ends', range.ends),
    listConstant(context, node, 'axes', axes.slice(0, range.starts.length)),
    listConstant(context, node, 'steps', range.steps),
  ]
  const shape = listConstant(context, node, 'shape', lengthsOf(outputOf(context, node)))
  const input = stored(context, x, 'canonical')
  moved(context, node, 'canonical', (output) => {
    const cut = context.builder.fresh(`${output}/cut`)
    emit(context, 'Slice', [input, ...lists], cut)
    emit(context, 'Reshape', [cut, shape], output)
  })
}

/** SLICE: begins and sizes; a size of -1 goes to the end. */
export function sliceFromCanonical(context: OnnxContext, node: Node): void {
  const lengths = lengthsOf(inputOf(context, node, 0))
  const [starts, sizes] = [integersOf(context, node, 1), integersOf(context, node, 2)]
  const ends = sizes.map((size, axis) => (size === -1 ? lengths[axis]! : starts[axis]! + size))
  slice(context, node, { starts, ends, steps: starts.map(() => 1) })
}

/** STRIDED_SLICE with masks for open begins and ends and for dropped axes; no ellipsis, no new axes. */
export function stridedSliceFromCanonical(context: OnnxContext, node: Node): void {
  const mask = (name: string) => numberAttribute(node, name, 0)
  if (mask('ellipsisMask') || mask('newAxisMask') || mask('offset'))
    throw unsupported(node, 'with an ellipsis is missing')
  const [begins, stops, steps] = [1, 2, 3].map((index) => integersOf(context, node, index))
  const has = (name: string, axis: number) => ((mask(name) >> axis) & 1) === 1
  const far = 2 ** 31 - 1
  const starts = begins!.map((begin, axis) => {
    if (has('beginMask', axis)) return steps![axis]! > 0 ? 0 : far
    return begin
  })
  const ends = stops!.map((stop, axis) => {
    if (has('shrinkAxisMask', axis)) return starts[axis]! === -1 ? far : starts[axis]! + 1
    if (has('endMask', axis)) return steps![axis]! > 0 ? far : -far
    return stop
  })
  slice(context, node, { starts, ends, steps: steps! })
}

/** SPLIT (axis first) and SPLIT_V (axis last). */
export function splitFromCanonical(context: OnnxContext, node: Node): void {
  const [data, axisInput] = node.op === 'split' ? [1, 0] : [0, 2]
  const x = inputOf(context, node, data)
  const outputs = node.outputs.map((name) => tensorOf(context, node, name))
  const place = integersOf(context, node, axisInput)[0]!
  const axis = place < 0 ? place + lengthsOf(x).length : place
  const names = outputs.map((tensor) => declare(context, tensor, 'canonical', storedType(context, tensor), ''))
  const sizes = listConstant(
    context,
    node,
    'sizes',
    outputs.map((tensor) => lengthsOf(tensor)[axis]!),
  )
  const inputs = [stored(context, x, 'canonical'), sizes]
  context.builder.node({ op: 'Split', inputs, outputs: names, attributes: { axis } })
  outputs.forEach((tensor, index) => {
    setStored(context, tensor, 'canonical', names[index]!)
  })
}
