import type { AttributeValue, DataType, Graph, Tensor } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import { emptyValues, type Values } from '../../src/graph/reference/values.ts'
import { canonicalGraph, node, perChannel, perTensor } from '../support/tflite-graphs.ts'
import { numbers } from './random-layer.ts'

/** A graph of one operator on one type, or a small graph around it. */
export interface OpCase {
  readonly op: string
  readonly title: string
  readonly graph: Graph
}

type Attributes = Readonly<Record<string, AttributeValue>>
type Shape = readonly number[]

const next = numbers(77)

/** Random elements; integers take the whole range of 8 bits, and more where the type is wider. */
export function randomElements(dtype: DataType, length: number, random: () => number = next): Values {
  const values = emptyValues(dtype, length, 'random')
  const wide = dtype === 'int32' || dtype === 'uint32' ? 2 ** 20 : 2 ** 16
  for (let at = 0; at < length; at++) {
    const drawn = random()
    if (values instanceof Float32Array || values instanceof Float64Array)
      values[at] = drawn < 0.2 ? Math.round(drawn * 100 - 10) / 2 : drawn * 12 - 7
    else if (values instanceof BigInt64Array || values instanceof BigUint64Array)
      values[at] = BigInt(Math.floor(drawn * 200 - 100))
    else values[at] = dtype === 'bool' ? Math.round(drawn) : dtype === 'int4' ? drawn * 16 - 8 : (drawn - 0.5) * wide
  }
  return values
}

function make(name: string, dtype: DataType, shape: Shape, quantization?: Quantization, values?: Values): Tensor {
  return {
    name,
    dtype,
    shape,
    ...(quantization ? { quantization } : {}),
    ...(values ? { data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice() } : {}),
  }
}

const lengthOf = (shape: Shape) => shape.reduce((a, b) => a * b, 1)

/** How integers of a type stand for reals here; `index` varies scale and zero point. */
function quantized(dtype: DataType, index = 0, scale = 0.05): Quantization | undefined {
  const zeros: Partial<Record<DataType, number>> = { int8: 3 - 20 * index, uint8: 130 - 15 * index, int16: 0 }
  const zero = zeros[dtype]
  const factor = dtype === 'int16' ? 1 / 256 : 1
  return zero === undefined ? undefined : perTensor(scale * factor * (1 + 0.37 * index), zero)
}

const value = (name: string, dtype: DataType, shape: Shape, index = 0) =>
  make(name, dtype, shape, quantized(dtype, index))
const constant = (name: string, dtype: DataType, shape: Shape, quantization?: Quantization) =>
  make(name, dtype, shape, quantization, randomElements(dtype, lengthOf(shape)))
const list = (name: string, ...values: readonly number[]) =>
  make(name, 'int32', [values.length], undefined, Int32Array.from(values))

/** A graph of one node: tensors without elements that it reads are the inputs. */
function single(op: string, inputs: readonly Tensor[], outputs: readonly Tensor[], attributes: Attributes = {}): Graph {
  const names = (tensors: readonly Tensor[]) => tensors.map(({ name }) => name)
  const made = node(op, names(inputs), names(outputs), { activation: 'none', ...attributes })
  const open = inputs.filter((tensor) => !tensor.data && !tensor.variable)
  return canonicalGraph([...inputs, ...outputs], [made], [...new Set(names(open))], names(outputs))
}

const integers = ['int8', 'uint8', 'int16'] as const
const reals = ['float32', ...integers] as const
const plain = ['int32'] as const
const all = ['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'bool'] as const

const each = (op: string, dtypes: readonly DataType[], graph: (dtype: DataType) => Graph, title = ''): OpCase[] =>
  dtypes.map((dtype) => ({ op, title: `${dtype}${title ? `, ${title}` : ''}`, graph: graph(dtype) }))

/** Layers that sum products: activations, weights and bias by type. */
interface LayerTypes {
  readonly x: DataType
  readonly weights: DataType
  readonly bias: DataType | null
  readonly perChannel?: boolean
  readonly computed?: boolean
  readonly zero?: number
}

const layerTypes: readonly LayerTypes[] = [
  { x: 'float32', weights: 'float32', bias: 'float32' },
  { x: 'float32', weights: 'float32', bias: null, computed: true },
  { x: 'float32', weights: 'int8', bias: 'float32', perChannel: true },
  { x: 'float32', weights: 'uint8', bias: null, zero: 7 },
  { x: 'float32', weights: 'int4', bias: 'float32' },
  { x: 'float32', weights: 'int8', bias: null, computed: true },
  { x: 'int8', weights: 'int8', bias: 'int32', perChannel: true },
  { x: 'int8', weights: 'int4', bias: 'int32' },
  { x: 'int8', weights: 'int8', bias: null, zero: 5 },
  { x: 'int8', weights: 'int8', bias: null, computed: true },
  { x: 'uint8', weights: 'uint8', bias: 'int32', zero: 121 },
  { x: 'int16', weights: 'int8', bias: 'int64', perChannel: true },
  { x: 'int16', weights: 'int8', bias: 'int32' },
  { x: 'int16', weights: 'int8', bias: null },
]

const titleOf = ({ x, weights, bias, perChannel, computed, zero }: LayerTypes) =>
  [`${x} × ${weights}`, bias ?? 'no bias', perChannel && 'by channel', computed && 'computed', zero && 'zero point']
    .filter(Boolean)
    .join(', ')

function weightsOf(types: LayerTypes, shape: Shape, axis: number): Tensor {
  const { weights, perChannel: by, computed, zero = 0 } = types
  const scales = Array.from({ length: shape[axis]! }, (_, at) => 0.004 + 0.001 * (at % 5))
  const integer = weights !== 'float32'
  const quantization = !integer ? undefined : by ? perChannel(scales, axis) : perTensor(0.006, zero)
  if (computed) return make('w', weights, shape, quantization)
  if (weights !== 'int4') return constant('w', weights, shape, quantization)
  const bytes = Math.ceil(lengthOf(shape) / 2)
  return make(
    'w',
    weights,
    shape,
    quantization,
    Uint8Array.from({ length: bytes }, () => next() * 256),
  )
}

function biasOf({ bias }: LayerTypes, channels: number): readonly Tensor[] {
  if (!bias) return []
  const drawn = Array.from({ length: channels }, () => Math.round((next() - 0.5) * 4000))
  const values =
    bias === 'int64'
      ? BigInt64Array.from(drawn, BigInt)
      : bias === 'int32'
        ? Int32Array.from(drawn)
        : Float32Array.from(drawn, (each) => each / 1000)
  return [make('b', bias, [channels], bias === 'float32' ? undefined : perTensor(1), values)]
}

const padded = { padTop: 1, padBottom: 1, padLeft: 1, padRight: 1, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 }
const outputOf = (x: DataType, shape: Shape) => make('y', x, shape, quantized(x, 1, 0.4))

function convs(): OpCase[] {
  const conv = (types: LayerTypes, input: number, depth: number, attributes: Attributes, out: Shape) =>
    single(
      'conv_2d',
      [value('x', types.x, [1, 6, 5, input]), weightsOf(types, [4, 3, 3, depth], 0), ...biasOf(types, 4)],
      [outputOf(types.x, out)],
      attributes,
    )
  const depthwise = (types: LayerTypes, input: number, attributes: Attributes) =>
    single(
      'depthwise_conv_2d',
      [value('x', types.x, [2, 6, 5, input]), weightsOf(types, [1, 3, 3, 8], 3), ...biasOf(types, 8)],
      [outputOf(types.x, [2, 6, 5, 8])],
      { ...padded, ...attributes, depthMultiplier: 8 / input },
    )
  const transposed = (types: LayerTypes, stride: number, height: number) =>
    single(
      'transpose_conv',
      [
        list('shape', 1, height, 8, 3),
        weightsOf(types, [3, 3, 2, 4], 0),
        value('x', types.x, [1, 4, 4, 4]),
        ...biasOf(types, 3),
      ],
      [outputOf(types.x, [1, height, 8, 3])],
      { ...padded, strideH: stride, strideW: 2, padLeft: 0 },
    )
  return layerTypes.flatMap((types) => {
    const title = titleOf(types)
    const made = (op: string, more: string, graph: Graph): OpCase => ({ op, title: `${title}${more}`, graph })
    return [
      made('conv_2d', '', conv(types, 8, 8, { ...padded, activation: 'relu' }, [1, 6, 5, 4])),
      made('conv_2d', ', two groups', conv(types, 8, 4, padded, [1, 6, 5, 4])),
      made('conv_2d', ', four groups', conv(types, 8, 2, padded, [1, 6, 5, 4])),
      made('conv_2d', ', as many groups as channels', conv(types, 4, 1, padded, [1, 6, 5, 4])),
      made(
        'conv_2d',
        ', dilated',
        conv(types, 3, 3, { ...padded, dilationH: 2, dilationW: 2, strideW: 2 }, [1, 4, 2, 4]),
      ),
      made('depthwise_conv_2d', '', depthwise(types, 8, {})),
      made('depthwise_conv_2d', ', multiplier 4', depthwise(types, 2, { activation: 'relu6' })),
      made('depthwise_conv_2d', ', one channel', depthwise(types, 1, {})),
      made('transpose_conv', ', stride 2', transposed(types, 2, 8)),
      made('transpose_conv', ', stride 4', transposed(types, 4, 13)),
      made('transpose_conv', ', stride 1', transposed(types, 1, 5)),
    ]
  })
}

function matrices(): OpCase[] {
  const dense = (types: LayerTypes) =>
    single(
      'fully_connected',
      [value('x', types.x, [3, 20]), weightsOf(types, [6, 20], 0), ...biasOf(types, 6)],
      [outputOf(types.x, [3, 6])],
      { weightsFormat: 0, keepNumDims: 0 },
    )
  const matmul = (types: LayerTypes, adjX: number, adjY: number, batches: number) =>
    single(
      'batch_matmul',
      [
        value('x', types.x, [2, ...(adjX ? [7, 3] : [3, 7])]),
        weightsOf({ ...types, perChannel: false }, [batches, ...(adjY ? [5, 7] : [7, 5])], 0),
      ],
      [outputOf(types.x, [2, 3, 5])],
      { adjX, adjY },
    )
  return layerTypes.flatMap((types): OpCase[] => [
    { op: 'fully_connected', title: titleOf(types), graph: dense(types) },
    { op: 'batch_matmul', title: titleOf(types), graph: matmul(types, 0, 0, 2) },
    { op: 'batch_matmul', title: `${titleOf(types)}, transposed, one for all`, graph: matmul(types, 1, 1, 1) },
  ])
}

/** Functions of two tensors: equal shapes, broadcast ones, and one that is constant. */
function pairs(
  op: string,
  dtypes: readonly DataType[],
  form: { shared?: true; out?: DataType; large?: readonly DataType[] } = {},
): OpCase[] {
  const shapes: readonly (readonly [string, Shape, Shape])[] = [
    ['equal shapes', [2, 3, 4], [2, 3, 4]],
    ['a channel each', [2, 3, 4], [4]],
    ['both broadcast', [2, 1, 4], [3, 1]],
  ]
  const index = form.shared ? 0 : 1
  const y = (dtype: DataType) =>
    make('y', form.out ?? dtype, [2, 3, 4], quantized(form.out ?? dtype, 2 * index, 0.1 ** (1 - index) * 0.05 ** index))
  const out = (dtype: DataType) => (form.shared ? value('y', form.out ?? dtype, [2, 3, 4]) : y(dtype))
  const large = (dtype: DataType) => {
    const to = quantized(dtype, 2 * index, 0.1 ** (1 - index) * 0.05 ** index)
    const rest = [constant('b', dtype, [128, 1], quantized(dtype, index))]
    return single(
      op,
      [value('a', dtype, [4, 128, 128]), ...rest],
      [make('y', dtype, [4, 128, 128], form.shared ? quantized(dtype) : to)],
    )
  }
  return [
    ...each(op, form.large ?? [], large, 'large'),
    ...shapes.flatMap(([title, a, b]) =>
      each(op, dtypes, (dtype) => single(op, [value('a', dtype, a), value('b', dtype, b, index)], [out(dtype)]), title),
    ),
    ...each(
      op,
      dtypes,
      (dtype) =>
        single(op, [constant('a', dtype, [4], quantized(dtype, index)), value('b', dtype, [2, 3, 4])], [out(dtype)]),
      'constant',
    ),
  ]
}

function elementwise(): OpCase[] {
  const unary = (
    op: string,
    dtypes: readonly DataType[],
    attributes: Attributes = {},
    y?: (dtype: DataType) => Tensor,
  ) =>
    each(op, dtypes, (dtype) =>
      single(op, [value('x', dtype, [2, 3, 7])], [y?.(dtype) ?? value('y', dtype, [2, 3, 7], 1)], attributes),
    )
  const curve = (int8: number, zero: number) => (dtype: DataType) =>
    make(
      'y',
      dtype,
      [2, 3, 7],
      dtype === 'float32'
        ? undefined
        : dtype === 'int16'
          ? perTensor(1 / 32768)
          : perTensor(1 / int8, dtype === 'uint8' ? 0 : zero),
    )
  const conversions = reals.flatMap((from) =>
    reals.flatMap((to): OpCase[] => {
      const graph = (op: string) => single(op, [value('x', from, [5, 6])], [value('y', to, [5, 6], 1)])
      if (to === 'float32') return from === to ? [] : [{ op: 'dequantize', title: from, graph: graph('dequantize') }]
      return [{ op: 'quantize', title: `${from} to ${to}`, graph: graph('quantize') }]
    }),
  )
  const wide = single('dequantize', [make('x', 'int32', [4, 3], perTensor(0.001, 5))], [value('y', 'float32', [4, 3])])
  const slices = single(
    'dequantize',
    [make('x', 'int8', [4, 3, 2], { scales: [0.5, 0.25, 0.125].map(Math.fround), zeroPoints: [1, -2, 3], axis: 1 })],
    [value('y', 'float32', [4, 3, 2])],
  )
  const casts = all.flatMap((from) =>
    all.map(
      (to): OpCase => ({
        op: 'cast',
        title: `${from} to ${to}`,
        graph: single('cast', [make('x', from, [4, 5])], [make('y', to, [4, 5])]),
      }),
    ),
  )
  return [
    ...['abs', 'ceil', 'cos', 'elu', 'exp', 'floor', 'log', 'neg', 'rsqrt', 'sin', 'sqrt', 'square'].flatMap((op) =>
      unary(op, ['float32']),
    ),
    ...['relu', 'relu6', 'relu_n1_to_1', 'hard_swish'].flatMap((op) => unary(op, reals)),
    ...unary('leaky_relu', reals, { alpha: 0.1 }),
    ...unary('logistic', reals, {}, curve(256, -128)),
    ...unary('tanh', reals, {}, curve(128, 0)),
    ...unary('softmax', reals, { beta: 0.7 }, curve(256, -128)),
    ...each(
      'softmax',
      ['int8'],
      () =>
        single('softmax', [value('x', 'int8', [2, 40])], [make('y', 'int16', [2, 40], perTensor(1 / 32768))], {
          beta: 1,
        }),
      'to int16',
    ),
    ...each(
      'softmax',
      ['int8'],
      () =>
        single(
          'softmax',
          [make('x', 'int8', [2, 9], perTensor(4))],
          [make('y', 'int8', [2, 9], perTensor(1 / 256, -128))],
          { beta: 1 },
        ),
      'of a large scale',
    ),
    ...unary('log_softmax', ['float32']),
    ...conversions,
    { op: 'dequantize', title: 'int32', graph: wide },
    { op: 'dequantize', title: 'int8 by slice', graph: slices },
    ...casts,
    ...['add', 'sub'].flatMap((op) => pairs(op, [...reals, ...plain])),
    ...pairs('mul', [...reals, ...plain], { large: ['int8', 'uint8'] }),
    ...pairs('div', ['float32', ...plain]),
    ...['maximum', 'minimum'].flatMap((op) => pairs(op, [...reals, ...plain], { shared: true })),
    ...pairs('prelu', reals),
    ...['equal', 'not_equal', 'greater', 'greater_equal', 'less', 'less_equal'].flatMap((op) =>
      pairs(op, [...reals, ...plain, 'bool'], { shared: true, out: 'bool' }),
    ),
    ...['logical_and', 'logical_or'].flatMap((op) => pairs(op, ['bool'], { shared: true, out: 'bool' })),
  ]
}

const unpadded = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }

function windows(): OpCase[] {
  const pool = (op: string, attributes: Attributes, out: Shape) => (dtype: DataType) =>
    single(op, [value('x', dtype, [2, 6, 5, 3])], [value('y', dtype, out)], {
      ...padded,
      filterH: 2,
      filterW: 3,
      ...attributes,
    })
  const resize = (op: string, attributes: Attributes, size: readonly [number, number]) => (dtype: DataType) =>
    single(
      op,
      [value('x', dtype, [2, 3, 4, 2]), list('size', ...size)],
      [value('y', dtype, [2, ...size, 2])],
      attributes,
    )
  return [
    ...['average_pool_2d', 'max_pool_2d'].flatMap((op) => [
      ...each(op, reals, pool(op, { activation: 'relu' }, [2, 7, 5, 3])),
      ...each(op, reals, pool(op, { filterH: 6, filterW: 5, ...unpadded }, [2, 1, 1, 3]), 'global'),
    ]),
    ...['resize_bilinear', 'resize_nearest_neighbor'].flatMap((op) => [
      ...each(op, reals, resize(op, { alignCorners: 0, halfPixelCenters: 1 }, [7, 5]), 'centers'),
      ...each(op, reals, resize(op, { alignCorners: 1, halfPixelCenters: 0 }, [2, 7]), 'corners'),
      ...each(op, reals, resize(op, { alignCorners: 0, halfPixelCenters: 0 }, [6, 8])),
    ]),
  ]
}

function reductions(): OpCase[] {
  const reduce = (op: string, axes: readonly number[], out: Shape, scale: number) => (dtype: DataType) =>
    single(
      op,
      [value('x', dtype, [2, 5, 3, 8]), list('axes', ...axes)],
      [op.startsWith('reduce') ? value('y', dtype, out) : make('y', dtype, out, quantized(dtype, 1, scale))],
      { keepDims: 0 },
    )
  const argument = (op: string, axis: number, out: Shape, to: DataType) => (dtype: DataType) =>
    single(op, [value('x', dtype, [2, 5, 3]), list('axis', axis)], [make('y', to, out)])
  return [
    ...['mean', 'sum', 'reduce_max', 'reduce_min'].flatMap((op) => [
      ...each(op, [...reals, ...plain], reduce(op, [1, 2], [2, 8], op === 'sum' ? 0.4 : 0.02), 'middle axes'),
      ...each(op, [...reals, ...plain], reduce(op, [-1], [2, 5, 3], op === 'sum' ? 0.4 : 0.05), 'last axis'),
      ...each(op, [...reals, ...plain], reduce(op, [0, 1, 2, 3], [1], op === 'sum' ? 2 : 0.02), 'all axes'),
    ]),
    ...['arg_max', 'arg_min'].flatMap((op) => [
      ...each(op, [...reals, ...plain], argument(op, -1, [2, 5], 'int32'), 'last axis'),
      ...each(op, [...reals, ...plain], argument(op, 1, [2, 3], 'int64'), 'to int64'),
    ]),
  ]
}

function moves(): OpCase[] {
  const one = (op: string, rest: readonly Tensor[], from: Shape, to: Shape, attributes: Attributes = {}, title = '') =>
    each(op, all, (dtype) => single(op, [value('x', dtype, from), ...rest], [value('y', dtype, to)], attributes), title)
  const several = (
    op: string,
    before: readonly Tensor[],
    after: readonly Tensor[],
    parts: readonly Shape[],
    attributes: Attributes,
  ) =>
    each(op, all, (dtype) =>
      single(
        op,
        [...before, value('x', dtype, [2, 4, 3]), ...after],
        parts.map((shape, index) => value(`y${index}`, dtype, shape)),
        attributes,
      ),
    )
  const joined = (op: string, second: 'computed' | 'constant', out: Shape, attributes: Attributes) =>
    each(
      op,
      all,
      (dtype) => {
        const b = second === 'computed' ? value('b', dtype, [2, 3]) : constant('b', dtype, [2, 3], quantized(dtype))
        return single(op, [value('a', dtype, [2, 3]), b], [value('y', dtype, out)], attributes)
      },
      second,
    )
  const gathered = (title: string, x: 'computed' | 'constant', indices: Tensor) =>
    each(
      'gather',
      all,
      (dtype) => {
        const from = x === 'computed' ? value('x', dtype, [2, 5, 3]) : constant('x', dtype, [2, 5, 3], quantized(dtype))
        return single('gather', [from, indices], [value('y', dtype, [2, 4, 3])], { axis: 1 })
      },
      title,
    )
  /** Those that the interpreter has not got for 64-bit integers. */
  const within32 = (made: readonly OpCase[]) => made.filter(({ title }) => !title.startsWith('int64'))
  const borders = make('m', 'int32', [2, 2], undefined, Int32Array.of(1, 1, 2, 1))
  const amounts = make('p', 'int32', [3, 2], undefined, Int32Array.of(0, 1, 1, 2, 0, 1))
  return [
    ...one('reshape', [list('s', 4, 6)], [2, 3, 4], [4, 6]),
    ...one('squeeze', [], [2, 1, 4], [2, 4], { squeezeDims: [1] }),
    ...one('expand_dims', [list('axis', 0)], [2, 4], [1, 2, 4]),
    ...one('transpose', [list('p', 2, 0, 1)], [2, 3, 4], [4, 2, 3]),
    ...one('pad', [amounts], [2, 3, 4], [3, 6, 5]),
    ...each('padv2', all, (dtype) =>
      single(
        'padv2',
        [value('x', dtype, [2, 3, 4]), amounts, constant('v', dtype, [1], quantized(dtype))],
        [value('y', dtype, [3, 6, 5])],
      ),
    ),
    ...within32(one('mirror_pad', [borders], [3, 4], [5, 7], { mode: 'reflect' })),
    ...within32(one('mirror_pad', [borders], [3, 4], [5, 7], { mode: 'symmetric' }, 'symmetric')),
    ...one('slice', [list('begin', 0, 1, 1), list('size', 2, 2, 2)], [2, 4, 3], [2, 2, 2]),
    ...one('strided_slice', [list('b', 1, 0), list('e', 6, 4), list('s', 2, -1)], [6, 4], [3, 4], {
      beginMask: 2,
      endMask: 2,
      ellipsisMask: 0,
      newAxisMask: 0,
      shrinkAxisMask: 0,
    }),
    ...within32(one('space_to_depth', [], [1, 4, 2, 3], [1, 2, 1, 12], { blockSize: 2 })),
    ...within32(one('depth_to_space', [], [1, 2, 1, 12], [1, 4, 2, 3], { blockSize: 2 })),
    ...several(
      'split',
      [list('axis', 1)],
      [],
      [
        [2, 2, 3],
        [2, 2, 3],
      ],
      { numSplits: 2 },
    ),
    ...several(
      'split_v',
      [],
      [list('sizes', 1, 3), list('axis', 1)],
      [
        [2, 1, 3],
        [2, 3, 3],
      ],
      { numSplits: 2 },
    ),
    ...several(
      'unpack',
      [],
      [],
      Array.from({ length: 4 }, () => [2, 3]),
      { axis: 1, num: 4 },
    ),
    ...(['computed', 'constant'] as const).flatMap((second) => [
      ...joined('concatenation', second, [2, 6], { axis: 1 }),
      ...joined('pack', second, [2, 2, 3], { axis: 1, valuesCount: 2 }),
    ]),
    ...gathered('constant places', 'computed', list('i', 4, 0, 2, 2)),
    ...gathered('computed places', 'computed', make('i', 'int32', [4])),
    ...gathered('computed places of a constant', 'constant', make('i', 'int32', [4])),
  ]
}

function states(): OpCase[] {
  const svdf = (dtype: DataType, weights: DataType, time: DataType, bias: Tensor[]) => {
    const state = {
      ...make('state', time, [2, 24], time === 'float32' ? undefined : perTensor(0.02, time === 'int8' ? 4 : 0)),
      variable: true as const,
    }
    const by = (of: DataType) => (of === 'float32' ? undefined : perTensor(0.01))
    const inputs = [
      value('x', dtype, [2, 5]),
      constant('feature', weights, [6, 5], by(weights)),
      constant('time', time, [6, 4], by(time)),
      ...bias,
      state,
    ]
    return single('svdf', inputs, [outputOf(dtype, [2, 3])], { rank: 2, activation: 'relu' })
  }
  const bias = (dtype: DataType) => make('b', dtype, [3], undefined, randomElements(dtype, 3))
  const variables = (dtype: DataType) => {
    const names = { container: '', sharedName: 'kept' }
    const initial = make('first', dtype, [2, 3], undefined, randomElements(dtype, 6))
    return canonicalGraph(
      [
        value('x', dtype, [2, 3]),
        make('h', 'resource', []),
        make('g', 'resource', []),
        value('r', dtype, [2, 3]),
        value('y', dtype, [4, 3]),
      ],
      [
        node('var_handle', [], ['h'], names),
        node('var_handle', [], ['g'], { ...names, initial: { tensor: initial } }),
        node('read_variable', ['h'], ['r']),
        node('assign_variable', ['g', 'x'], []),
        node('concatenation', ['r', 'x'], ['y'], { axis: 0, activation: 'none' }),
      ],
      ['x'],
      ['y'],
    )
  }
  return [
    { op: 'svdf', title: 'float32', graph: svdf('float32', 'float32', 'float32', [bias('float32')]) },
    { op: 'svdf', title: 'int8, state of int16', graph: svdf('int8', 'int8', 'int16', [bias('int32')]) },
    { op: 'svdf', title: 'int8, state of int8', graph: svdf('int8', 'int8', 'int8', [bias('int32')]) },
    ...['var_handle', 'read_variable', 'assign_variable'].flatMap((op) => each(op, all, variables)),
  ]
}

/** Every operator on every type that the reference interpreter runs it on, in the forms that differ in code. */
export const opCases: readonly OpCase[] = [
  ...convs(),
  ...matrices(),
  ...elementwise(),
  ...windows(),
  ...reductions(),
  ...moves(),
  ...states(),
]
