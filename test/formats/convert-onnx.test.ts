import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { toCanonical } from '../../src/formats/convert/to-canonical.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import type { Graph, Node, Tensor } from '../../src/graph/graph.ts'
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

const random = randomNumbers(7)
const weight = (name: string, ...shape: number[]) => tensor(name, shape, { constant: random })
const longs = (name: string, ...values: number[]) =>
  tensor(name, [values.length], { dtype: 'int64', data: BigInt64Array.from(values, BigInt) })
const number = (name: string, value: number) => tensor(name, [], { data: Float32Array.of(value) })
const positive = (name: string, length: number) =>
  tensor(name, [length], { data: Float32Array.from({ length }, () => random() + 0.1) })

const x4 = tensor('x', [1, 3, 6, 5])
const x3 = tensor('x', [1, 3, 8])
const x2 = tensor('x', [1, 6])
const conv = (attributes = {}, from = 'x', to = 'c') => node('Conv', [from, 'w', 'b'], [to], attributes)
const convWeights = [weight('w', 4, 3, 3, 3), weight('b', 4)]
const norm = [weight('g', 4), weight('o', 4), weight('m', 4), positive('v', 4)]

/** Graphs as exporters write them, and the canonical operators that they become. */
const floats: Readonly<Record<string, readonly [readonly Node[], readonly Tensor[], string]>> = {
  'Conv, Relu': [[conv(), node('Relu', ['c'], ['y'])], [x4, ...convWeights], 'transpose conv_2d transpose'],
  'Conv with strides, pads, dilation, Clip to 6': [
    [conv({ strides: [2, 1], pads: [1, 0, 2, 1], dilations: [1, 2] }), node('Clip', ['c', 'low', 'high'], ['y'])],
    [x4, ...convWeights, number('low', 0), number('high', 6)],
    'transpose conv_2d transpose',
  ],
  'Conv with auto_pad': [
    [conv({ strides: [2, 2], auto_pad: 'SAME_UPPER' }, 'x', 'y')],
    [x4, ...convWeights],
    'transpose conv_2d transpose',
  ],
  'grouped Conv': [
    [node('Conv', ['x', 'w'], ['y'], { group: 2 })],
    [tensor('x', [1, 4, 5, 5]), weight('w', 6, 2, 3, 3)],
    'transpose conv_2d transpose',
  ],
  'depthwise Conv with a multiplier': [
    [node('Conv', ['x', 'w'], ['y'], { group: 3, pads: [1, 1, 1, 1] })],
    [x4, weight('w', 6, 1, 3, 3)],
    'transpose depthwise_conv_2d transpose',
  ],
  'Pad with another value, Clip to another range': [
    [
      node('Pad', ['x', 'pads', 'fill'], ['p']),
      node('MaxPool', ['p'], ['m'], { kernel_shape: [3, 3] }),
      node('Clip', ['m', 'low', 'high'], ['y']),
    ],
    [x4, longs('pads', 0, 0, 1, 1, 0, 0, 1, 1), number('fill', 0.75), number('low', -0.5), number('high', 1.25)],
    'transpose padv2 max_pool_2d maximum minimum transpose',
  ],
  '1-D Conv, MaxPool, Flatten, Gemm': [
    [
      node('Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1] }),
      node('Relu', ['c'], ['r']),
      node('MaxPool', ['r'], ['p'], { kernel_shape: [2], strides: [2] }),
      node('Flatten', ['p'], ['f']),
      node('Gemm', ['f', 'd'], ['y'], { transB: 1 }),
    ],
    [x3, weight('w', 4, 3, 3), weight('b', 4), weight('d', 5, 16)],
    'transpose reshape conv_2d max_pool_2d reshape fully_connected',
  ],
  'Conv, BatchNormalization, Relu': [
    [conv(), node('BatchNormalization', ['c', 'g', 'o', 'm', 'v'], ['n']), node('Relu', ['n'], ['y'])],
    [x4, ...convWeights, ...norm],
    'transpose conv_2d transpose',
  ],
  'BatchNormalization alone': [
    [node('BatchNormalization', ['x', 'g', 'o', 'm', 'v'], ['y'])],
    [tensor('x', [1, 4, 3, 2]), ...norm],
    'mul add',
  ],
  'Conv, Add of a bias': [
    [node('Conv', ['x', 'w'], ['c']), node('Add', ['c', 'b'], ['y'])],
    [x4, weight('w', 4, 3, 3, 3), weight('b', 1, 4, 1, 1)],
    'transpose conv_2d transpose',
  ],
  'Pad, Conv': [
    [node('Pad', ['x', 'pads'], ['p']), conv({}, 'p', 'y')],
    [x4, ...convWeights, longs('pads', 0, 0, 1, 2, 0, 0, 2, 0)],
    'transpose conv_2d transpose',
  ],
  'Conv, Flatten, Gemm: the weights take the order of NHWC': [
    [conv(), node('Flatten', ['c'], ['f']), node('Gemm', ['f', 'd', 'e'], ['y'])],
    [x4, ...convWeights, weight('d', 48, 5), weight('e', 5)],
    'transpose conv_2d reshape fully_connected',
  ],
  'MatMul, Add, Relu, Softmax': [
    [
      node('MatMul', ['x', 'w'], ['p']),
      node('Add', ['b', 'p'], ['s']),
      node('Relu', ['s'], ['r']),
      node('Softmax', ['r'], ['y']),
    ],
    [x2, weight('w', 6, 4), weight('b', 4)],
    'fully_connected softmax',
  ],
  'residual with a constant a channel': [
    [conv(), node('Mul', ['c', 'k'], ['s']), node('Add', ['s', 'c'], ['a']), node('Relu', ['a'], ['y'])],
    [x4, ...convWeights, weight('k', 4, 1, 1)],
    'transpose conv_2d mul add transpose',
  ],
  'GlobalAveragePool, Squeeze': [
    [conv(), node('GlobalAveragePool', ['c'], ['p']), node('Squeeze', ['p', 'axes'], ['y'])],
    [x4, ...convWeights, longs('axes', 2, 3)],
    'transpose conv_2d average_pool_2d reshape',
  ],
  'ReduceMean without the axes': [
    [conv(), node('ReduceMean', ['c'], ['y'], { axes: [2, 3], keepdims: 0 })],
    [x4, ...convWeights],
    'transpose conv_2d mean',
  ],
  'AveragePool, Concat of channels, LeakyRelu': [
    [
      conv(),
      node('AveragePool', ['c'], ['p'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('Concat', ['c', 'p'], ['j'], { axis: 1 }),
      node('LeakyRelu', ['j'], ['y'], { alpha: 0.1 }),
    ],
    [x4, ...convWeights],
    'transpose conv_2d average_pool_2d concatenation leaky_relu transpose',
  ],
  'AveragePool that counts its padding': [
    [
      node('AveragePool', ['x'], ['y'], {
        kernel_shape: [3, 2],
        pads: [1, 0, 1, 1],
        strides: [2, 1],
        count_include_pad: 1,
      }),
    ],
    [x4],
    'transpose pad average_pool_2d transpose',
  ],
  'pools whose last window hangs over the end': [
    [
      node('AveragePool', ['x'], ['a'], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 1 }),
      node('MaxPool', ['a'], ['y'], { kernel_shape: [2, 2], pads: [1, 0, 0, 0], strides: [3, 2], ceil_mode: 1 }),
    ],
    [x4],
    'transpose average_pool_2d max_pool_2d transpose',
  ],
  'Sum and Max of several, Pow, Reciprocal, HardSigmoid': [
    [
      node('Sum', ['x', 'k', 'x'], ['s']),
      node('Max', ['s', 'x', 'k'], ['m']),
      node('Pow', ['m', 'three'], ['p']),
      node('HardSigmoid', ['p'], ['h'], { alpha: 0.25 }),
      node('Add', ['h', 'one'], ['a']),
      node('Reciprocal', ['a'], ['r']),
      node('Pow', ['r', 'half'], ['y']),
    ],
    [x2, weight('k', 6), number('three', 3), number('one', 1), number('half', 0.5)],
    'add add maximum maximum mul mul mul add maximum minimum add div sqrt',
  ],
  'Gemm with factors': [
    [node('Gemm', ['x', 'w', 'b'], ['y'], { alpha: 0.5, beta: 2 })],
    [x2, weight('w', 6, 4), weight('b', 4)],
    'fully_connected',
  ],
  'MatMul of two computed values': [
    [
      node('Transpose', ['x'], ['t'], { perm: [0, 1, 3, 2] }),
      node('MatMul', ['x', 't'], ['p']),
      node('Softmax', ['p'], ['s']),
      node('MatMul', ['s', 'x'], ['y']),
    ],
    [x4],
    'transpose batch_matmul softmax batch_matmul',
  ],
  'Gather of channels from the end': [
    [conv(), node('Gather', ['c', 'i'], ['y'], { axis: 1 })],
    [x4, ...convWeights, longs('i', -1, 0)],
    'transpose conv_2d transpose gather',
  ],
  'DepthToSpace, SpaceToDepth': [
    [
      conv(),
      node('DepthToSpace', ['c'], ['d'], { blocksize: 2 }),
      node('Relu', ['d'], ['r']),
      node('SpaceToDepth', ['r'], ['y'], { blocksize: 2 }),
    ],
    [x4, ...convWeights],
    'transpose conv_2d depth_to_space relu space_to_depth transpose',
  ],
  'PRelu, Sigmoid, HardSwish, Tanh': [
    [
      conv(),
      node('PRelu', ['c', 'k'], ['p']),
      node('Sigmoid', ['p'], ['s']),
      node('HardSwish', ['p'], ['h']),
      node('Mul', ['s', 'h'], ['q']),
      node('Tanh', ['q'], ['y']),
    ],
    [x4, ...convWeights, weight('k', 4, 1, 1)],
    'transpose conv_2d prelu logistic hard_swish mul tanh transpose',
  ],
  'Slice and Split of channels': [
    [
      conv(),
      node('Slice', ['c', 'from', 'to', 'axis', 'step'], ['s']),
      node('Split', ['s'], ['p', 'q'], { axis: 1 }),
      node('Sub', ['p', 'q'], ['y']),
    ],
    [x4, ...convWeights, longs('from', 1), longs('to', 99), longs('axis', 3), longs('step', 2)],
    'transpose conv_2d strided_slice slice slice sub transpose',
  ],
  'a shape that the exporter computes': [
    [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Unsqueeze', ['n', 'axis'], ['u']),
      node('Concat', ['u', 'rest'], ['t'], { axis: 0 }),
      node('Reshape', ['x', 't'], ['y']),
    ],
    [x4, tensor('zero', [], { dtype: 'int64', data: BigInt64Array.of(0n) }), longs('axis', 0), longs('rest', -1)],
    'reshape',
  ],
}

const ops = (graph: Graph) => graph.nodes.map((each) => each.op).join(' ')

describe('ONNX to canonical, floats', () => {
  const upsample = node('Upsample', ['x', 'scales'], ['y'], { mode: 'nearest' })
  const scales = tensor('scales', [4], { data: Float32Array.of(1, 1, 2, 2) })
  const old: typeof floats = {
    'Upsample of operator set 9': [[upsample], [x4, scales], 'transpose resize_nearest_neighbor transpose'],
  }

  it.each(Object.entries({ ...floats, ...old }))('%s', async (name, [nodes, tensors, expected]) => {
    const graph = { ...graphOf(nodes, tensors, ['y']), ...(name in old ? { opsets: { '': 9 } } : {}) }
    const canonical = throughOnnx({ ...graph, tensors: new Map([...graph.tensors, ['y', tensorOfOutput] as const]) })
    expect(ops(canonical)).toBe(expected)
    const input = graph.tensors.get('x')!
    const data = randomValues(input, random)
    const outside = await (await ortModel(writeOnnx(graph)))({ x: [input, data] })
    expect(largestDifference(firstOutput(canonical, [data], 'fp32'), outside.y!)).toBeLessThan(1e-5)
  })
})

const tensorOfOutput: Tensor = { name: 'y', dtype: 'float32', shape: null }

describe('ONNX to canonical, refusals', () => {
  const open = graphOf([node('Relu', ['x'], ['y'])], [tensor('x', []), tensor('y', [])], ['y'])
  const named = (tensors: readonly Tensor[]): Graph => ({
    ...open,
    tensors: new Map(tensors.map((each) => [each.name, each])),
  })
  const batch = named([{ name: 'x', dtype: 'float32', shape: ['batch', 4] }, tensorOfOutput])
  const caught = (graph: Graph): unknown => {
    try {
      return toCanonical(graph)
    } catch (error) {
      return error
    }
  }

  it('survives mutated models: a clear refusal or a legal graph, never another error', () => {
    const [nodes, tensors] = floats['Conv, Flatten, Gemm: the weights take the order of NHWC']!
    const model = writeOnnx(graphOf(nodes, [...tensors, tensorOfOutput], ['y']))
    const edits = fc.array(fc.tuple(fc.nat(model.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(edits, (list) => {
        const bytes = model.slice()
        for (const [at, value] of list) bytes[at] = value
        try {
          toCanonical(readModel(bytes, 'mutated').graph)
        } catch (error) {
          expect(isMilliwattError(error)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('names the operator that is missing', () => {
    const error = caught(graphOf([node('Einsum', ['x'], ['y'])], [x2, tensorOfOutput], ['y']))
    expect(isMilliwattError(error, 'OP_UNSUPPORTED') && error.detail).toBe('Conversion from ONNX: Einsum is missing.')
  })

  it('names the input whose shape is open, and takes lengths for named dimensions', () => {
    const error = caught(batch)
    expect(isMilliwattError(error, 'MODEL_ILLEGAL') && error.detail).toContain('"x" is open: [batch,4]')
    const fixed = toCanonical(batch, { dimensions: { batch: 2 } })
    expect(fixed.tensors.get('x')!.shape).toEqual([2, 4])
    expect(firstOutput(fixed, [Float32Array.of(-1, 2, -3, 4, 5, -6, 7, -8)], 'fp32')).toEqual(
      Float32Array.of(0, 2, 0, 4, 5, 0, 7, 0),
    )
  })
})
