import { describe, expect, it } from 'vitest'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import type { AttributeValue, Graph, Node, Tensor } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import {
  firstOutput,
  graphOf,
  largestDifference,
  node,
  ortModel,
  randomNumbers,
  randomValues,
  tensor,
  throughOnnx,
} from './convert-support.ts'

const random = randomNumbers(23)

/** A case: the operator, shapes of its computed inputs and its output, constants after the inputs, attributes. */
interface Case {
  readonly op: string
  readonly inputs: readonly (readonly number[])[]
  readonly output: readonly number[]
  readonly constants?: readonly Tensor[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** Quantisation of the output; that of the first input without one. */
  readonly quantization?: Quantization
  /** Constants come before the computed inputs. */
  readonly constantsFirst?: true
  readonly floatOnly?: true
}

const per = (scale: number, zeroPoint: number): Quantization => ({
  scales: [Math.fround(scale)],
  zeroPoints: [zeroPoint],
  axis: null,
})
const ints = (name: string, ...values: number[]) =>
  tensor(name, [values.length], { dtype: 'int32', data: Int32Array.from(values) })
const pads = { padTop: 0, padBottom: 1, padLeft: 1, padRight: 0 }
const pool = { strideH: 2, strideW: 1, filterH: 3, filterW: 2, ...pads, activation: 'none' }
const image = [1, 5, 4, 3]
const masks = { ellipsisMask: 0, newAxisMask: 0, offset: 0 }

const cases: readonly Case[] = [
  { op: 'add', inputs: [image, image], output: image, quantization: per(0.03, 4), attributes: { activation: 'relu' } },
  { op: 'add', inputs: [image, [3]], output: image, quantization: per(0.03, 4), attributes: { activation: 'relu6' } },
  { op: 'sub', inputs: [image, [1, 1, 1, 3]], output: image, quantization: per(0.03, 4) },
  { op: 'mul', inputs: [image, image], output: image, quantization: per(0.06, -3) },
  { op: 'div', inputs: [image, image], output: image, floatOnly: true },
  { op: 'maximum', inputs: [image, image], output: image },
  { op: 'minimum', inputs: [image, [3]], output: image },
  { op: 'average_pool_2d', inputs: [image], output: [1, 2, 4, 3], attributes: pool },
  { op: 'max_pool_2d', inputs: [image], output: [1, 2, 4, 3], attributes: { ...pool, activation: 'relu' } },
  { op: 'relu', inputs: [image], output: image, quantization: per(0.01, -128) },
  { op: 'relu6', inputs: [image], output: image, quantization: per(0.05, -20) },
  { op: 'relu_n1_to_1', inputs: [image], output: image },
  { op: 'leaky_relu', inputs: [image], output: image, attributes: { alpha: Math.fround(0.2) } },
  { op: 'logistic', inputs: [image], output: image, quantization: per(1 / 256, -128) },
  { op: 'tanh', inputs: [image], output: image, quantization: per(1 / 128, 0) },
  { op: 'softmax', inputs: [[3, 7]], output: [3, 7], quantization: per(1 / 256, -128), attributes: { beta: 1 } },
  { op: 'softmax', inputs: [[3, 7]], output: [3, 7], attributes: { beta: 0.5 }, floatOnly: true },
  { op: 'reshape', inputs: [image], output: [5, 12], constants: [ints('shape', 5, 12)] },
  { op: 'squeeze', inputs: [image], output: [5, 4, 3] },
  { op: 'expand_dims', inputs: [image], output: [1, 1, 5, 4, 3], constants: [ints('axis', 1)] },
  { op: 'transpose', inputs: [image], output: [1, 3, 5, 4], constants: [ints('order', 0, 3, 1, 2)] },
  { op: 'transpose', inputs: [image], output: [4, 1, 3, 5], constants: [ints('order', 2, 0, 3, 1)] },
  {
    op: 'pad',
    inputs: [image],
    output: [1, 8, 4, 4],
    constants: [{ ...ints('paddings', 0, 0, 1, 2, 0, 0, 1, 0), shape: [4, 2] }],
  },
  {
    op: 'mean',
    inputs: [image],
    output: [1, 3],
    constants: [ints('axes', 1, 2)],
    quantization: per(0.01, 7),
    attributes: { keepDims: 0 },
  },
  { op: 'mean', inputs: [image], output: [1, 5, 1, 3], constants: [ints('axes', -2)], attributes: { keepDims: 1 } },
  { op: 'sum', inputs: [image], output: [1, 4, 3], constants: [ints('axes', 1)], attributes: { keepDims: 0 } },
  { op: 'reduce_max', inputs: [image], output: [1, 3], constants: [ints('axes', 1, 2)], attributes: { keepDims: 0 } },
  { op: 'concatenation', inputs: [image, [1, 5, 4, 2]], output: [1, 5, 4, 5], attributes: { axis: 3 } },
  { op: 'concatenation', inputs: [image, image], output: [1, 10, 4, 3], attributes: { axis: -3 } },
  {
    op: 'slice',
    inputs: [image],
    output: [1, 2, 4, 2],
    constants: [ints('from', 0, 1, 0, 1), ints('size', 1, 2, -1, 2)],
  },
  {
    op: 'strided_slice',
    inputs: [image],
    output: [3, 4, 3],
    constants: [ints('from', 0, 4, 9, 0), ints('to', 0, -9, 9, 2), ints('step', 1, -2, 1, 1)],
    attributes: { ...masks, beginMask: 4, endMask: 14, shrinkAxisMask: 1 },
  },
  { op: 'gather', inputs: [image], output: [1, 5, 2, 3], constants: [ints('at', 3, 1)], attributes: { axis: 2 } },
  { op: 'pack', inputs: [image, image], output: [1, 5, 2, 4, 3], attributes: { axis: 2 } },
  { op: 'unpack', inputs: [[1, 5, 3, 4]], output: [1, 5, 4], attributes: { axis: 2, num: 3 } },
  { op: 'depth_to_space', inputs: [[1, 3, 2, 8]], output: [1, 6, 4, 2], attributes: { blockSize: 2 } },
  { op: 'space_to_depth', inputs: [[1, 6, 4, 2]], output: [1, 3, 2, 8], attributes: { blockSize: 2 } },
  {
    op: 'batch_matmul',
    inputs: [
      [2, 3, 4],
      [2, 3, 5],
    ],
    output: [2, 4, 5],
    quantization: per(0.05, -7),
    attributes: { adjX: 1 },
  },
  ...['abs', 'ceil', 'cos', 'elu', 'exp', 'floor', 'neg', 'sin', 'log_softmax'].map(
    (op): Case => ({ op, inputs: [image], output: image, floatOnly: true }),
  ),
  ...[{}, { halfPixelCenters: 1 }, { alignCorners: 1 }].flatMap((attributes) =>
    ['resize_nearest_neighbor', 'resize_bilinear'].map((op): Case => {
      const constants = [ints('size', 7, 8)]
      return { op, inputs: [image], output: [1, 7, 8, 3], constants, attributes }
    }),
  ),
  {
    op: 'split',
    inputs: [[1, 5, 4, 6]],
    output: [1, 5, 4, 2],
    constants: [ints('axis', 3)],
    constantsFirst: true,
    attributes: { numSplits: 3 },
  },
]

/** The operator between two 1x1 convolutions, so that it meets channels in both layouts. */
function graphFor(each: Case, quantised: boolean): Graph {
  const base = per(0.02, 10)
  const of = (quantization: Quantization) => (quantised ? { dtype: 'int8' as const, quantization } : {})
  const inputs = each.inputs.map((shape, i) => tensor(`x${i}`, shape, of(i === 0 || each.quantization ? base : base)))
  const out = of(each.quantization ?? base)
  const names = each.op === 'split' || each.op === 'unpack' ? ['y', 'y1', 'y2'] : ['y']
  const outputs = names.map((name) => tensor(name, each.output, out))
  const constants = each.constants ?? []
  const mixed = inputs.map((input) => mix(input, quantised))
  const reads = mixed.map(({ result }) => result.name)
  const lists = constants.map(({ name }) => name)
  const main = node(
    each.op,
    each.constantsFirst ? [...lists, ...reads] : [...reads, ...lists],
    names,
    each.attributes,
    'tflite',
  )
  const nodes: Node[] = [...mixed.flatMap((one) => one.nodes), main]
  return graphOf(nodes, [...inputs, ...mixed.flatMap((one) => one.tensors), ...constants, ...outputs], ['y'])
}

/** A pointwise convolution of an image; other tensors as they are. */
function mix(input: Tensor, quantised: boolean) {
  const [, , , channels] = input.shape as number[]
  if (input.shape!.length !== 4 || !channels) return { nodes: [], tensors: [], result: input }
  const quantization = { scales: [Math.fround(0.004)], zeroPoints: [0], axis: null }
  const dtype = quantised ? { dtype: 'int8' as const, quantization } : {}
  const weights = tensor(`${input.name}/w`, [channels, 1, 1, channels], { ...dtype, constant: random })
  const result = { ...input, name: `${input.name}/mixed` }
  const attributes = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, activation: 'none' }
  const none = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }
  const conv = node('conv_2d', [input.name, weights.name], [result.name], { ...attributes, ...none }, 'tflite')
  return { nodes: [conv], tensors: [weights, result], result }
}

async function compare(graph: Graph, activations: 'int8' | 'uint8') {
  const written = toOnnx(graph, { activations })
  const inputs = graph.inputs.map((name) => graph.tensors.get(name)!)
  const data = inputs.map((input) => randomValues(input, random))
  const own = firstOutput(graph, data, 'fp32')
  const feeds = Object.fromEntries(inputs.map((input, i) => [input.name, [input, data[i]!] as [Tensor, Float32Array]]))
  const outside = (await (await ortModel(writeOnnx(written)))(feeds)).y!
  return { own, back: firstOutput(throughOnnx(written), data, 'fp32'), outside }
}

const named = cases.map((each) => [`${each.op} [${each.inputs.join('] [')}]`, each] as const)

describe('canonical operators in ONNX', () => {
  it.each(named)('%s in floats', async (_, each) => {
    const { own, back, outside } = await compare(graphFor(each, false), 'int8')
    expect(back).toEqual(own)
    expect(largestDifference(outside, own)).toBeLessThan(1e-5)
  })

  it.each(named.filter(([, each]) => !each.floatOnly))('%s in integers', async (_, each) => {
    for (const activations of ['int8', 'uint8'] as const) {
      const { own, back, outside } = await compare(graphFor(each, true), activations)
      expect(back).toEqual(own)
      expect(largestDifference(outside, own)).toBeLessThanOrEqual(1)
    }
  })

  it('cast to integers and back', async () => {
    const [x, steps, y] = [tensor('x', [6]), tensor('i', [6], { dtype: 'int32' }), tensor('y', [6])]
    const casts = [node('cast', ['x'], ['i'], {}, 'tflite'), node('cast', ['i'], ['y'], {}, 'tflite')]
    const { own, back, outside } = await compare(graphOf(casts, [x, steps, y], ['y']), 'int8')
    expect(back).toEqual(own)
    expect(outside).toEqual(own)
    expect(own.every(Number.isInteger)).toBe(true)
  })
})
