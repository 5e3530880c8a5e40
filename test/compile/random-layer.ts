import fc from 'fast-check'
import type { Graph, Tensor } from '../../src/graph/graph.ts'
import { canonicalGraph, node, perChannel, perTensor, tensor } from '../support/tflite-graphs.ts'

/** A layer by the numbers that fast-check draws. */
export interface LayerPlan {
  readonly kind: 'conv_2d' | 'depthwise_conv_2d' | 'fully_connected' | 'average_pool_2d' | 'max_pool_2d'
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly outputs: number
  readonly filter: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: number
  readonly pads: readonly [number, number, number, number]
  readonly zeros: readonly [number, number]
  readonly outputScale: number
  readonly perChannel: boolean
  readonly activation: string
  readonly weightLimit: number
  readonly seed: number
}

const pad = fc.integer({ min: 0, max: 2 })

/** Draws layers; sizes stay small. */
export const layerPlan: fc.Arbitrary<LayerPlan> = fc.record({
  kind: fc.constantFrom('conv_2d', 'depthwise_conv_2d', 'fully_connected', 'average_pool_2d', 'max_pool_2d'),
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 13 }),
  channels: fc.constantFrom(1, 2, 3, 4, 7, 8, 16, 17, 24),
  outputs: fc.constantFrom(1, 2, 5, 8, 10, 16, 20, 32),
  filter: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  dilation: fc.constantFrom(1, 1, 1, 2),
  pads: fc.tuple(pad, pad, pad, pad),
  zeros: fc.tuple(fc.integer({ min: -128, max: 127 }), fc.integer({ min: -128, max: 127 })),
  outputScale: fc.double({ min: 0.002, max: 0.6, noNaN: true }),
  perChannel: fc.boolean(),
  activation: fc.constantFrom('none', 'relu', 'relu6', 'relu_n1_to_1'),
  weightLimit: fc.constantFrom(3, 40, 127),
  seed: fc.integer(),
})

/** Numbers that look random, the same for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** The same layer on floats: constants without their scales. */
export function floatLayerGraph(plan: LayerPlan): Graph | null {
  const graph = layerGraph(plan)
  if (!graph) return null
  const tensors = [...graph.tensors.values()].map((each): Tensor => {
    const shape = each.shape as readonly number[]
    if (!each.data) return tensor(each.name, 'float32', shape)
    const { buffer, byteOffset, length } = each.data
    const view = each.dtype === 'int8' ? new Int8Array(buffer, byteOffset, length) : new Int32Array(buffer)
    return tensor(each.name, 'float32', shape, { values: Float32Array.from(view, (value) => value / 64) })
  })
  return { ...graph, tensors: new Map(tensors.map((each) => [each.name, each])) }
}

/** Types of a layer's tensors, and groups of a convolution. */
export interface LayerForm {
  readonly activations: 'int8' | 'uint8' | 'int16'
  readonly weights: 'int8' | 'uint8'
  readonly wideBias: boolean
  readonly groups: 1 | 2
}

/** Draws forms that TFLite's kernels know: uint8 throughout, int8 weights otherwise. */
export const layerForm: fc.Arbitrary<LayerForm> = fc.record({
  activations: fc.constantFrom('int8', 'uint8', 'int16'),
  weights: fc.constantFrom('int8', 'uint8'),
  wideBias: fc.boolean(),
  groups: fc.constantFrom(1, 2),
})

/** Integers of a layer in other types; zero points move with them. */
function retyped(each: Tensor, form: LayerForm): Tensor {
  const { activations, weights, wideBias } = form
  const quantization = each.quantization!
  const shape = each.shape as readonly number[]
  if (each.name === 'b') {
    const values = new Int32Array(each.data!.slice().buffer)
    if (!wideBias || activations !== 'int16') return each
    return tensor('b', 'int64', shape, { quantization, values: BigInt64Array.from(values, BigInt) })
  }
  if (each.name === 'w') {
    const values = new Int8Array(each.data!.slice().buffer)
    if (weights === 'int8') return each
    const zeros = { ...quantization, zeroPoints: quantization.zeroPoints.map(() => 117) }
    return tensor('w', 'uint8', shape, { quantization: zeros, values: Uint8Array.from(values, (value) => value + 128) })
  }
  const [scale, zero] = [quantization.scales[0]!, quantization.zeroPoints[0]!]
  if (activations === 'int16') return tensor(each.name, 'int16', shape, { quantization: perTensor(scale / 200) })
  const moved = perTensor(scale, activations === 'uint8' ? zero + 128 : zero)
  return tensor(each.name, activations, shape, { quantization: moved })
}

/** The same layer in another form; null where no output would be left. */
export function formedLayerGraph(plan: LayerPlan, form: LayerForm): Graph | null {
  const grouped = form.groups === 2 && plan.kind === 'conv_2d' && plan.channels % 2 === 0 && plan.outputs % 2 === 0
  const graph = layerGraph(plan, grouped ? 2 : 1)
  if (!graph) return null
  const tensors = [...graph.tensors.values()].map((each) => retyped(each, form))
  return { ...graph, tensors: new Map(tensors.map((each) => [each.name, each])) }
}

/** The plan as a graph of one layer; null where no output would be left. */
export function layerGraph(plan: LayerPlan, groups: 1 | 2 = 1): Graph | null {
  const next = numbers(plan.seed)
  const weight = () => Math.round((next() * 2 - 1) * plan.weightLimit)
  const pool = plan.kind.endsWith('pool_2d')
  const depthwise = plan.kind === 'depthwise_conv_2d'
  const dense = plan.kind === 'fully_connected'
  const dilation = pool ? 1 : plan.dilation
  const pads = pool ? plan.pads.map((pad, index) => Math.min(pad, plan.filter[index >> 1]! - 1)) : plan.pads
  const [padTop, padBottom, padLeft, padRight] = pads as [number, number, number, number]
  const extent = (size: number, filter: number, stride: number, padding: number) =>
    Math.floor((size + padding - ((filter - 1) * dilation + 1)) / stride) + 1
  const height = extent(plan.height, plan.filter[0], plan.stride[0], padTop + padBottom)
  const width = extent(plan.width, plan.filter[1], plan.stride[1], padLeft + padRight)
  if (!dense && (height < 1 || width < 1)) return null
  const multiplier = plan.channels <= 4 ? 1 + (plan.outputs % 3) : 1
  const outputs = pool ? plan.channels : depthwise ? plan.channels * multiplier : plan.outputs
  const scales = Array.from({ length: plan.perChannel && !dense ? outputs : 1 }, () => 0.001 + 0.02 * next())
  const axis = depthwise ? 3 : 0
  const quantization = scales.length === 1 ? perTensor(scales[0]!) : perChannel(scales, axis)
  const shape = dense
    ? [outputs, plan.channels]
    : depthwise
      ? [1, ...plan.filter, outputs]
      : [outputs, ...plan.filter, plan.channels / groups]
  const size = shape.reduce((a, b) => a * b, 1)
  const input = perTensor(0.05, plan.zeros[0])
  const x = tensor('x', 'int8', dense ? [plan.width, plan.channels] : [1, plan.height, plan.width, plan.channels], {
    quantization: input,
  })
  const w = tensor('w', 'int8', shape, { quantization, values: Int8Array.from({ length: size }, weight) })
  const b = tensor('b', 'int32', [outputs], {
    quantization: perTensor(1),
    values: Int32Array.from({ length: outputs }, () => Math.round((next() - 0.5) * 4000)),
  })
  const y = tensor('y', 'int8', dense ? [plan.width, outputs] : [1, height, width, outputs], {
    quantization: pool ? input : perTensor(plan.outputScale, plan.zeros[1]),
  })
  const attributes = {
    padTop,
    padBottom,
    padLeft,
    padRight,
    strideH: plan.stride[0],
    strideW: plan.stride[1],
    dilationH: dilation,
    dilationW: dilation,
    filterH: plan.filter[0],
    filterW: plan.filter[1],
    depthMultiplier: multiplier,
    activation: plan.activation,
    keepNumDims: 0,
    weightsFormat: 0,
  }
  const made = node(plan.kind, pool ? ['x'] : ['x', 'w', 'b'], ['y'], attributes)
  return canonicalGraph(pool ? [x, y] : [x, w, b, y], [made], ['x'], ['y'])
}
