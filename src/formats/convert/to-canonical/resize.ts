import type { Node } from '../../../graph/graph.ts'
import { constantNumbers, int32Constant } from '../constants.ts'
import { compute } from './compute.ts'
import { type CanonicalContext, emit, newTensor, unsupported, type Value, valueAt } from './context.ts'
import { channelsLastShape, toChannelsLast } from './layout.ts'

/** Shape of the result, from sizes or scales. */
function resizedShape(context: CanonicalContext, node: Node, { shape }: Value): readonly number[] {
  const numbers = (index: number) => constantNumbers(context.source.tensors.get(node.inputs[index] ?? '')) ?? []
  const [scales, sizes] = [numbers(2), numbers(3)]
  const lengths =
    sizes.length > 0 ? sizes : shape.map((length, axis) => Math.floor(length * (scales[axis] ?? Number.NaN)))
  const legal = lengths.length === 4 && lengths.every((length) => length > 0)
  if (!legal || lengths[0] !== shape[0] || lengths[1] !== shape[1])
    throw unsupported(node, 'to a computed size, or of other axes than height and width, is missing')
  return lengths
}

/** TFLite's flags for ONNX's rule of places; null where it has none. */
function flagsOf(node: Node, nearest: boolean, whole: boolean) {
  const rule = String(node.attributes.coordinate_transformation_mode ?? 'half_pixel')
  const rounding = String(node.attributes.nearest_mode ?? 'round_prefer_floor')
  // Whole factors have no ties, so both ways of rounding are one.
  const rounds = !nearest || rounding === 'round_prefer_ceil' || (rounding === 'round_prefer_floor' && whole)
  const [alignCorners, halfPixelCenters] = [rule === 'align_corners' ? 1 : 0, rule.endsWith('half_pixel') ? 1 : 0]
  if (rule === 'asymmetric') return !nearest || rounding === 'floor' ? { alignCorners, halfPixelCenters } : null
  return (alignCorners || halfPixelCenters) && rounds ? { alignCorners, halfPixelCenters } : null
}

/** Resize of height and width: nearest moves elements, linear computes. */
export function resizeToCanonical(context: CanonicalContext, node: Node): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const mode = String(node.attributes.mode ?? 'nearest')
  const shape = resizedShape(context, node, x)
  const whole = shape.every((length, axis) => length % x.shape[axis]! === 0)
  const flags = flagsOf(node, mode === 'nearest', whole)
  if (!flags || (mode !== 'nearest' && mode !== 'linear')) throw unsupported(node, 'by this rule is missing')
  const stored = channelsLastShape(shape)
  const size = context.builder.constant(int32Constant('size', shape.slice(2)))
  if (mode === 'nearest') {
    const output = newTensor(context, node.outputs[0]!, stored, x.tensor)
    emit(context, 'resize_nearest_neighbor', [x.tensor, size], [output], flags)
    context.values.set(node.outputs[0]!, { ...x, tensor: output, shape })
    return
  }
  compute(context, node, {
    inputs: [x],
    layout: 'channelsLast',
    shape,
    stored,
    quantizable: ({ quantization }) => quantization.scales[0] === x.tensor.quantization?.scales[0],
    write: ([input], output) => emit(context, 'resize_bilinear', [input!, size], [output], flags),
  })
}
