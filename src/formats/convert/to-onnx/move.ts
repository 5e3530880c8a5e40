import { constantIntegers, type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { int64Constant, integerConstant, lengthsOf } from '../constants.ts'
import { sameQuantization } from '../zero-point.ts'
import { emit, inputOf, type Layout, type OnnxContext, outputOf, storedTensor, toNchw, unsupported } from './context.ts'
import { layoutOf } from './elementwise.ts'
import { moved, result } from './result.ts'
import { hasLayout, real, stored } from './values.ts'

/** Constant integers of an input. */
export function integersOf(context: OnnxContext, node: Node, index: number): readonly number[] {
  const values = constantIntegers(inputOf(context, node, index))
  if (values) return values
  throw unsupported(node, `whose input ${index} is no constant is missing`)
}

/** A list of integers as ONNX's operators want it. */
export function listConstant(context: OnnxContext, node: Node, what: string, values: readonly number[]): string {
  return context.builder.constant(int64Constant(`${node.outputs[0]}/${what}`, values)).name
}

/** Where an axis stands in a layout. */
function axisIn(layout: Layout, rank: number, axis: number): number {
  const place = axis < 0 ? axis + rank : axis
  return layout === 'nchw' ? toNchw.indexOf(place) : place
}

/** The layout in which an input is at hand and its elements follow each other as in the canonical one. */
function rowMajorLayout(context: OnnxContext, x: Tensor): Layout {
  const [, height, width, channels] = x.shape ?? []
  const alike = x.shape?.length === 4 && ((height === 1 && width === 1) || channels === 1)
  return alike && !hasLayout(context, x, 'canonical') && hasLayout(context, x, 'nchw') ? 'nchw' : 'canonical'
}

/** RESHAPE, SQUEEZE, EXPAND_DIMS. */
export function reshapeFromCanonical(context: OnnxContext, node: Node): void {
  const x = inputOf(context, node, 0)
  const shape = listConstant(context, node, 'shape', lengthsOf(outputOf(context, node)))
  const input = stored(context, x, rowMajorLayout(context, x))
  moved(context, node, 'canonical', (output) => emit(context, 'Reshape', [input, shape], output))
}

/** TRANSPOSE. */
export function transposeFromCanonical(context: OnnxContext, node: Node): void {
  const perm = integersOf(context, node, 1)
  const input = stored(context, inputOf(context, node, 0), 'canonical')
  moved(context, node, 'canonical', (output) => emit(context, 'Transpose', [input], output, { perm }))
}

/** CONCATENATION: of stored elements where all share their quantisation. */
export function concatenationFromCanonical(context: OnnxContext, node: Node): void {
  const parts = node.inputs.map((_, index) => inputOf(context, node, index))
  const out = outputOf(context, node)
  const layout = layoutOf(context, parts, out)
  const axis = axisIn(layout, lengthsOf(out).length, numberAttribute(node, 'axis', 0))
  const plain = (node.attributes.activation ?? 'none') === 'none'
  const same = plain && parts.every((part) => sameQuantization(part.quantization, out.quantization))
  const [put, input] = same ? [moved, stored] : [result, real]
  const inputs = parts.map((part) => input(context, part, layout))
  put(context, node, layout, (output) => emit(context, 'Concat', inputs, output, { axis }))
}

/** PAD with zeros (the zero point) and PADV2 with a constant. */
export function padFromCanonical(context: OnnxContext, node: Node): void {
  const x = inputOf(context, node, 0)
  const layout = layoutOf(context, [x], outputOf(context, node))
  const { length } = lengthsOf(x)
  const amounts = integersOf(context, node, 1)
  const order = layout === 'nchw' ? toNchw : lengthsOf(x).map((_, axis) => axis)
  const pads = [0, 1].flatMap((side) => order.slice(0, length).map((axis) => amounts[2 * axis + side]!))
  const inputs = [stored(context, x, layout), listConstant(context, node, 'pads', pads), padValue(context, node, x)]
  moved(context, node, layout, (output) => emit(context, 'Pad', inputs, output, { mode: 'constant' }))
}

function padValue(context: OnnxContext, node: Node, x: Tensor): string {
  if (node.inputs[2]) return stored(context, { ...inputOf(context, node, 2), shape: [] }, 'canonical')
  if (!x.quantization && x.dtype !== 'float32') return ''
  const { dtype, quantization } = storedTensor(context, x)
  if (!quantization) return ''
  return context.builder.constant(integerConstant(`${node.outputs[0]}/fill`, dtype, quantization.zeroPoints)).name
}

/** MEAN, SUM and the extremes over constant axes. */
export const reduceFromCanonical =
  (op: string, axesAsInput: boolean) =>
  (context: OnnxContext, node: Node): void => {
    const [x, out] = [inputOf(context, node, 0), outputOf(context, node)]
    const rank = lengthsOf(x).length
    const axes = integersOf(context, node, 1).map((axis) => (axis < 0 ? axis + rank : axis))
    const keepdims = numberAttribute(node, 'keepDims', 0)
    const spatial = rank === 4 && hasLayout(context, x, 'nchw') && [1, 2].every((axis) => axes.includes(axis))
    const layout: Layout = spatial && (keepdims === 1 || !axes.includes(0)) ? 'nchw' : 'canonical'
    const places = axes.map((axis) => axisIn(layout, rank, axis))
    const input = real(context, x, layout)
    const list = axesAsInput ? [listConstant(context, node, 'axes', places)] : []
    result(context, node, out.shape!.length === 4 ? layout : 'canonical', (output) =>
      emit(context, op, [input, ...list], output, { keepdims, ...(axesAsInput ? {} : { axes: places }) }),
    )
  }
