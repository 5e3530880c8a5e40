import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { int32Constant } from '../constants.ts'
import { type CanonicalContext, emit, integersOf, newTensor, unsupported, type Value, valueAt } from './context.ts'
import { channelsLastShape, storedAxis } from './layout.ts'

/** What one axis keeps: elements first, first + step, … */
interface Cut {
  readonly first: number
  readonly step: number
  readonly count: number
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

/** ONNX's rule: negative places count from the end, then both ends are cut to the axis. */
function cutOf(length: number, start: number, end: number, step: number): Cut {
  const place = (value: number) => (value < 0 ? value + length : value)
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const first = clamp(place(start), Math.max(low, 0), high)
  const last = clamp(place(end), low, high)
  return { first, step, count: Math.max(0, Math.ceil((last - first) / step)) }
}

function cutsOf(context: CanonicalContext, node: Node, { shape }: Value): readonly Cut[] {
  const starts = integersOf(context, node, 1, 'starts')
  const ends = integersOf(context, node, 2, 'ends')
  if (!starts || !ends) throw unsupported(node, 'without starts and ends is missing')
  const axes = integersOf(context, node, 3, 'axes') ?? starts.map((_, axis) => axis)
  const steps = integersOf(context, node, 4, 'steps') ?? starts.map(() => 1)
  const cuts = shape.map((length): Cut => ({ first: 0, step: 1, count: length }))
  axes.forEach((given, index) => {
    const axis = given < 0 ? given + shape.length : given
    cuts[axis] = cutOf(shape[axis]!, starts[index]!, ends[index]!, steps[index]!)
  })
  return cuts
}

/** The whole axes of the stored tensor, with an axis's own cut where ONNX cuts it. */
function storedCuts(value: Value, cuts: readonly Cut[]): readonly Cut[] {
  const stored = (value.tensor.shape as number[]).map((length): Cut => ({ first: 0, step: 1, count: length }))
  cuts.forEach((cut, axis) => {
    stored[storedAxis(value, axis)] = cut
  })
  return stored
}

/** Slice with constant places: SLICE, STRIDED_SLICE where it skips or turns round. */
export function sliceToCanonical(context: CanonicalContext, node: Node): void {
  const value = valueAt(context, node, 0)
  const cuts = cutsOf(context, node, value)
  const stored = storedCuts(value, cuts)
  const shape = stored.map(({ count }) => count)
  const output = newTensor(context, node.outputs[0]!, shape, value.tensor)
  const list = (name: string, of: (cut: Cut) => number) => context.builder.constant(int32Constant(name, stored.map(of)))
  const begin = list('begin', ({ first }) => first)
  if (stored.every(({ step }) => step === 1))
    emit(context, 'slice', [value.tensor, begin, list('size', ({ count }) => count)], [output])
  else {
    const end = list('end', ({ first, step, count }) => first + step * count)
    const endMask = stored.reduce(
      (mask, { first, step, count }, axis) => (first + step * count < 0 ? mask | (1 << axis) : mask),
      0,
    )
    const masks = { beginMask: 0, endMask, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: 0 }
    emit(context, 'strided_slice', [value.tensor, begin, end, list('strides', ({ step }) => step)], [output], masks)
  }
  context.values.set(node.outputs[0]!, { ...value, tensor: output, shape: cuts.map(({ count }) => count) })
}

/** Split into equal or given parts: a SLICE each. */
export function splitToCanonical(context: CanonicalContext, node: Node): void {
  const value = valueAt(context, node, 0)
  const given = numberAttribute(node, 'axis', 0)
  const axis = given < 0 ? given + value.shape.length : given
  const each = Math.ceil(value.shape[axis]! / node.outputs.length)
  const equal = node.outputs.map((_, i) => Math.min(each, value.shape[axis]! - i * each))
  const sizes = integersOf(context, node, 1, 'split') ?? equal
  let first = 0
  node.outputs.forEach((name, index) => {
    const shape = value.shape.map((length, i) => (i === axis ? sizes[index]! : length))
    const stored = value.layout === 'channelsLast' ? channelsLastShape(shape) : shape
    const begin = stored.map((_, i) => (i === storedAxis(value, axis) ? first : 0))
    const lists = [int32Constant('begin', begin), int32Constant('size', stored)].map(context.builder.constant)
    const output = newTensor(context, name, stored, value.tensor)
    emit(context, 'slice', [value.tensor, ...lists], [output])
    context.values.set(name, { ...value, tensor: output, shape })
    first += sizes[index]!
  })
}
