import { type Node, numberAttribute, numbersAttribute } from '../../../graph/graph.ts'
import { int32Constant } from '../constants.ts'
import { sameQuantization } from '../zero-point.ts'
import { compute, quantizerAfter } from './compute.ts'
import { type CanonicalContext, emit, integersOf, newTensor, unsupported, type Value, valueAt } from './context.ts'
import { channelsLastShape, storedAxis, toChannelsLast, toSame } from './layout.ts'
import { poolAttributes, type StoredWindow, windowOf } from './window.ts'

const kernelOf = (node: Node): readonly number[] => {
  const kernel = numbersAttribute(node, 'kernel_shape', [])
  return kernel.length === 1 ? [1, ...kernel] : kernel
}

function pooledShape(x: Value, { extent }: StoredWindow): readonly number[] {
  return [x.shape[0]!, x.shape[1]!, ...extent.slice(x.shape.length === 3 ? 1 : 0)]
}

/** MaxPool moves elements: the result has the quantisation of the input. */
export function maxPoolToCanonical(context: CanonicalContext, node: Node): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  if (node.outputs.length > 1) throw unsupported(node, 'with indices is missing')
  if (numbersAttribute(node, 'dilations', []).some((dilation) => dilation !== 1))
    throw unsupported(node, 'with dilation is missing')
  const kernel = kernelOf(node)
  const window = windowOf(node, x.tensor.shape as number[], kernel)
  const shape = pooledShape(x, window)
  const output = newTensor(context, node.outputs[0]!, channelsLastShape(shape), x.tensor)
  emit(context, 'max_pool_2d', [x.tensor], [output], poolAttributes(window, kernel, 'none'))
  context.values.set(node.outputs[0]!, { ...x, tensor: output, shape })
}

function averagePool(context: CanonicalContext, node: Node, kernel: readonly number[], window: StoredWindow): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const shape = pooledShape(x, window)
  compute(context, node, {
    inputs: [x],
    layout: 'channelsLast',
    shape,
    stored: channelsLastShape(shape),
    fuse: true,
    quantizable: (quantizer) => sameQuantization(quantizer.quantization, x.tensor.quantization),
    write: ([input], output, activation) =>
      emit(context, 'average_pool_2d', [input!], [output], poolAttributes(window, kernel, activation)),
  })
}

/** AveragePool: AVERAGE_POOL_2D in integers where input and result share their quantisation, else in floats. */
export function averagePoolToCanonical(context: CanonicalContext, node: Node): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const kernel = kernelOf(node)
  const window = windowOf(node, x.tensor.shape as number[], kernel)
  const auto = String(node.attributes.auto_pad ?? 'NOTSET').startsWith('SAME')
  const padded = auto || numbersAttribute(node, 'pads', []).some((pad) => pad !== 0)
  if (padded && numberAttribute(node, 'count_include_pad', 0) === 1)
    throw unsupported(node, 'that counts its padding is missing')
  averagePool(context, node, kernel, window)
}

function reduceTo(context: CanonicalContext, node: Node, op: string, axes: readonly number[], keep: boolean): void {
  const value = valueAt(context, node, 0)
  const places = axes.map((axis) => (axis < 0 ? axis + value.shape.length : axis))
  const spatial = places.every((axis) => axis > 1) && places.length === value.shape.length - 2
  const x = value.layout === 'channelsLast' && (keep || spatial) ? value : toSame(context, value)
  const layout = keep ? x.layout : 'same'
  const kept = value.shape.map((length, axis) => (places.includes(axis) ? 1 : length))
  const shape = keep ? kept : value.shape.filter((_, axis) => !places.includes(axis))
  const extra = !keep && x.layout === 'channelsLast' && value.shape.length === 3 ? [1] : []
  const list = context.builder.constant(
    int32Constant(
      'axes',
      [...extra, ...places.map((axis) => storedAxis(x, axis))].sort((a, b) => a - b),
    ),
  )
  const sameOnly = op === 'reduce_max' || op === 'reduce_min'
  compute(context, node, {
    inputs: [x],
    layout,
    shape,
    stored: layout === 'channelsLast' ? channelsLastShape(shape) : shape,
    quantizable: (quantizer) => !sameOnly || sameQuantization(quantizer.quantization, x.tensor.quantization),
    write: ([input], output) => emit(context, op, [input!, list], [output], { keepDims: keep ? 1 : 0 }),
  })
}

/** GlobalAveragePool: a pool in integers of one quantisation and in floats, MEAN where the result has another one. */
export function globalAveragePoolToCanonical(context: CanonicalContext, node: Node): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const after = x.real ? quantizerAfter(context, node.outputs[0]!) : null
  if (after && !sameQuantization(after.quantization, x.tensor.quantization)) {
    reduceTo(context, node, 'mean', x.shape.map((_, axis) => axis).slice(2), true)
    return
  }
  const kernel = (x.tensor.shape as number[]).slice(1, 3)
  const pads = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }
  averagePool(context, node, kernel, { strides: kernel, dilations: [1, 1], pads, extent: [1, 1] })
}

/** ReduceMean, ReduceSum, ReduceMax, ReduceMin, GlobalMaxPool over constant axes. */
export const reduceToCanonical =
  (op: string) =>
  (context: CanonicalContext, node: Node): void => {
    const { shape } = valueAt(context, node, 0)
    const all = shape.map((_, axis) => axis)
    if (node.op.startsWith('Global')) {
      reduceTo(context, node, op, all.slice(2), true)
      return
    }
    const axes = integersOf(context, node, 1, 'axes') ?? []
    if (axes.length === 0 && numberAttribute(node, 'noop_with_empty_axes', 0) === 1)
      throw unsupported(node, 'without axes is missing')
    reduceTo(context, node, op, axes.length > 0 ? axes : all, numberAttribute(node, 'keepdims', 1) === 1)
  }
