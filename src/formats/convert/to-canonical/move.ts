import { type Node, numberAttribute, numbersAttribute } from '../../../graph/graph.ts'
import { opDefs } from '../../../graph/ops/list.ts'
import { constantNumbers, floatConstant, int32Constant } from '../constants.ts'
import { sameQuantization } from '../zero-point.ts'
import { quantizerAfter } from './compute.ts'
import {
  type CanonicalContext,
  constantOf,
  emit,
  integersOf,
  newTensor,
  unsupported,
  type Value,
  valueAt,
} from './context.ts'
import { channelsLastShape, regroup, sameOrder, storedAxis, toChannelsLast, toFloat, toSame } from './layout.ts'
import { quantized } from './quantizers.ts'

/** Notes a moved value: reals stay reals of the same quantisation. */
function set(context: CanonicalContext, node: Node, value: Value): void {
  context.values.set(node.outputs[0]!, value)
}

/** Reshape, Flatten, Squeeze, Unsqueeze: the same elements in ONNX's order. */
export function reshapeToCanonical(context: CanonicalContext, node: Node): void {
  const value = valueAt(context, node, 0)
  const tensors = node.inputs.map((name) => context.source.tensors.get(name))
  const shapes = [value.shape, ...tensors.slice(1).map((tensor) => tensor?.shape ?? null)]
  const shape = opDefs.get(node.op)?.outputShape({ node, shapes, tensors })
  if (!shape?.every((length) => typeof length === 'number')) throw unsupported(node, 'to a computed shape is missing')
  const x = value.layout === 'channelsLast' && sameOrder(value.shape) ? value : toSame(context, value)
  const tensor = regroup(context, x.tensor, node.outputs[0]!, shape as number[], null)
  set(context, node, { tensor, layout: 'same', real: value.real, shape: shape as number[] })
}

const is = (order: readonly number[], wanted: string) => order.join() === wanted

/** Transpose: between NCHW and NHWC it only renames what lies there. */
export function transposeToCanonical(context: CanonicalContext, node: Node): void {
  const value = valueAt(context, node, 0)
  const reverse = value.shape.map((_, axis) => value.shape.length - 1 - axis)
  const order = numbersAttribute(node, 'perm', reverse)
  const shape = order.map((axis) => value.shape[axis]!)
  if (value.layout === 'channelsLast' && is(order, '0,2,3,1')) set(context, node, { ...value, layout: 'same', shape })
  else if (value.layout === 'same' && !value.tensor.data && is(order, '0,3,1,2'))
    set(context, node, { ...value, layout: 'channelsLast', shape })
  else {
    const x = toSame(context, value)
    set(context, node, { ...x, tensor: regroup(context, x.tensor, node.outputs[0]!, shape, order), shape })
  }
}

/** Identity and Dropout. */
export function aliasToCanonical(context: CanonicalContext, node: Node): void {
  set(context, node, valueAt(context, node, 0))
}

/** The parts as integers of one quantisation, or in floats. */
function unified(context: CanonicalContext, node: Node, parts: readonly Value[]): readonly Value[] {
  const reals = parts.every((part) => part.real)
  const [first] = parts
  if (reals && parts.every((part) => sameQuantization(part.tensor.quantization, first!.tensor.quantization)))
    return parts
  const after = reals ? quantizerAfter(context, node.outputs[0]!) : null
  if (!after) return parts.map((part) => toFloat(context, part))
  return parts.map((part) => ({ ...quantized(context, part, after, `${part.tensor.name}/rescaled`), real: true }))
}

/** Concat: integers that differ in scale are brought to the result's first. */
export function concatToCanonical(context: CanonicalContext, node: Node): void {
  const values = node.inputs.map((_, index) => valueAt(context, node, index))
  const last = values.some((value) => value.layout === 'channelsLast')
  const parts = unified(
    context,
    node,
    values.map((value) => (last ? toChannelsLast : toSame)(context, value)),
  )
  const [first] = parts
  const given = numberAttribute(node, 'axis', 0)
  const axis = given < 0 ? given + first!.shape.length : given
  const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0)
  const shape = first!.shape.map((own, index) => (index === axis ? length : own))
  const output = newTensor(context, node.outputs[0]!, last ? channelsLastShape(shape) : shape, first!.tensor)
  const tensors = parts.map((part) => part.tensor)
  emit(context, 'concatenation', tensors, [output], { axis: storedAxis(first!, axis), activation: 'none' })
  set(context, node, { ...first!, tensor: output, shape })
}

/** A list by ONNX axis as a list by stored axis. */
function byStoredAxis(value: Value, list: readonly number[], fill: number): readonly number[] {
  const result = (value.tensor.shape as number[]).map(() => fill)
  list.forEach((item, axis) => {
    result[storedAxis(value, axis)] = item
  })
  return result
}

/** Pad with a constant: PAD with zeros, PADV2 with other floats. */
export function padToCanonical(context: CanonicalContext, node: Node): void {
  const value = valueAt(context, node, 0)
  const pads = integersOf(context, node, 1, 'pads') ?? []
  const spatial = value.shape.length === 4 && pads.every((pad, index) => pad === 0 || index % 4 > 1)
  // A padded image goes into a convolution or a pool, which wants its channels last.
  const x = spatial ? toChannelsLast(context, value) : value
  if (String(node.attributes.mode ?? 'constant') !== 'constant' || node.inputs[3] || pads.some((pad) => pad < 0))
    throw unsupported(node, 'of this kind is missing')
  const fill = constantNumbers(constantOf(context, node.inputs[2]) ?? undefined)?.[0] ?? 0
  const rank = x.shape.length
  const [before, after] = [byStoredAxis(x, pads.slice(0, rank), 0), byStoredAxis(x, pads.slice(rank), 0)]
  const list = int32Constant(
    'paddings',
    before.flatMap((pad, axis) => [pad, after[axis]!]),
    [before.length, 2],
  )
  const stored = (x.tensor.shape as number[]).map((length, axis) => length + before[axis]! + after[axis]!)
  const output = newTensor(context, node.outputs[0]!, stored, x.tensor)
  const zero = isZero(context, node, x, fill)
  if (!zero && x.tensor.dtype !== 'float32')
    throw unsupported(node, 'of integers with another value than zero is missing')
  const fills = zero ? [] : [context.builder.constant(floatConstant('fill', [fill]))]
  emit(context, zero ? 'pad' : 'padv2', [x.tensor, context.builder.constant(list), ...fills], [output])
  const shape = x.shape.map((length, axis) => length + pads[axis]! + pads[axis + rank]!)
  set(context, node, { ...x, tensor: output, shape })
}

/** Tells whether a fill value is zero in what the padded elements stand for. */
function isZero(context: CanonicalContext, node: Node, x: Value, fill: number): boolean {
  if (x.real || !x.tensor.quantization) return fill === 0
  const raw = context.source.tensors.get(node.inputs[2] ?? '')
  const shift = raw?.dtype === 'uint8' && x.tensor.dtype === 'int8' ? 128 : 0
  return raw !== undefined && fill - shift === x.tensor.quantization.zeroPoints[0]
}
