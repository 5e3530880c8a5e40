import { describe, expect, it } from 'vitest'
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

const random = randomNumbers(11)
const scale = (name: string, ...values: number[]) =>
  tensor(name, values.length > 1 ? [values.length] : [], { data: Float32Array.from(values) })
const zero = (name: string, value: number, dtype: 'int8' | 'uint8' = 'uint8') =>
  tensor(name, [], { dtype, data: Uint8Array.of(value) })
const steps = (name: string, ...shape: number[]) => tensor(name, shape, { dtype: 'int8', constant: random })
const zeros = (name: string, count: number) => tensor(name, [count], { dtype: 'int8', data: new Int8Array(count) })
const bias = (name: string, count: number) =>
  tensor(name, [count], { dtype: 'int32', data: Int32Array.from({ length: count }, () => random() * 2000 - 1000) })

const bytes = (name: string, ...shape: number[]) => tensor(name, shape, { dtype: 'uint8' })
const out = (shape: readonly number[]): Tensor => tensor('y', shape, { dtype: 'uint8' })
const x = [bytes('x', 1, 3, 6, 5), scale('xs', 0.02), zero('xz', 120)]
const y = [scale('ys', 0.09), zero('yz', 110)]
const scales = [0.01, 0.013, 0.008, 0.02]
const weights = [steps('w', 4, 3, 3, 3), scale('ws', ...scales), zeros('wz', 4), bias('b', 4)]
const biasScales = scales.map((each) => Math.fround(Math.fround(0.02) * Math.fround(each)))

const dq = (name: string, to: string, s = 'xs', z = 'xz', attributes = {}) =>
  node('DequantizeLinear', [name, s, z], [to], attributes)
const q = (name: string, to = 'y', s = 'ys', z = 'yz') => node('QuantizeLinear', [name, s, z], [to])

/** Quantised forms, the canonical operators that they become, the largest difference from onnxruntime in steps. */
const cases: Readonly<Record<string, readonly [readonly Node[], readonly Tensor[], string, number]>> = {
  QLinearConv: [
    [node('QLinearConv', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz', 'b'], ['y'], { pads: [1, 1, 1, 1] })],
    [...x, ...y, ...weights, out([1, 4, 6, 5])],
    'quantize transpose conv_2d transpose quantize',
    0,
  ],
  'QDQ Conv with Relu': [
    [
      dq('x', 'xr'),
      dq('w', 'wr', 'ws', 'wz', { axis: 0 }),
      node('DequantizeLinear', ['b', 'bs'], ['br'], { axis: 0 }),
      node('Conv', ['xr', 'wr', 'br'], ['c'], { strides: [2, 2] }),
      node('Relu', ['c'], ['r']),
      q('r'),
    ],
    [...x, ...y, ...weights, scale('bs', ...biasScales), out([1, 4, 2, 2])],
    'quantize transpose conv_2d transpose quantize',
    0,
  ],
  QLinearMatMul: [
    [node('QLinearMatMul', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz'], ['y'])],
    [bytes('x', 2, 6), ...x.slice(1), steps('w', 6, 4), scale('ws', 0.02), zero('wz', 0, 'int8'), ...y, out([2, 4])],
    'quantize fully_connected quantize',
    0,
  ],
  QGemm: [
    [node('QGemm', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'b', 'ys', 'yz'], ['y'], { transB: 1 }, 'com.microsoft')],
    [
      ...[bytes('x', 2, 6), ...x.slice(1), steps('w', 4, 6), scale('ws', ...scales), zeros('wz', 4)],
      ...[bias('b', 4), ...y, out([2, 4])],
    ],
    'quantize fully_connected quantize',
    0,
  ],
  QLinearAdd: [
    [node('QLinearAdd', ['x', 'xs', 'xz', 'k', 'ks', 'kz', 'ys', 'yz'], ['y'], {}, 'com.microsoft')],
    [
      ...[...x, tensor('k', [3, 1, 1], { dtype: 'uint8', constant: random }), scale('ks', 0.015), zero('kz', 128)],
      ...[...y, out([1, 3, 6, 5])],
    ],
    'quantize add quantize',
    1,
  ],
  'QDQ Mul, Sub of computed values': [
    [
      ...[dq('x', 'xr'), dq('z', 'zr'), node('Mul', ['xr', 'zr'], ['m']), q('m', 'mq'), dq('mq', 'mr', 'ys', 'yz')],
      ...[node('Sub', ['mr', 'xr'], ['s']), q('s')],
    ],
    [...x, bytes('z', 1, 3, 6, 5), ...y, out([1, 3, 6, 5])],
    'quantize quantize mul sub quantize',
    1,
  ],
  'QDQ MaxPool, AveragePool, Concat': [
    [
      dq('x', 'xr'),
      node('MaxPool', ['xr'], ['m'], { kernel_shape: [2, 2], strides: [2, 2] }),
      q('m', 'mq', 'xs', 'xz'),
      dq('mq', 'mr'),
      node('AveragePool', ['xr'], ['a'], { kernel_shape: [2, 2], strides: [2, 2] }),
      q('a', 'aq', 'xs', 'xz'),
      dq('aq', 'ar'),
      node('Concat', ['mr', 'ar'], ['c'], { axis: 1 }),
      q('c', 'y', 'xs', 'xz'),
    ],
    [...x, out([1, 6, 3, 2])],
    'quantize transpose max_pool_2d average_pool_2d concatenation transpose quantize',
    1,
  ],
  'QDQ Pad, Conv': [
    [
      dq('x', 'xr'),
      node('Pad', ['xr', 'pads'], ['p']),
      q('p', 'pq', 'xs', 'xz'),
      dq('pq', 'pr'),
      dq('w', 'wr', 'ws', 'wz', { axis: 0 }),
      node('Conv', ['pr', 'wr'], ['c'], { strides: [2, 2] }),
      q('c'),
    ],
    [
      ...[...x, ...y, ...weights.slice(0, 3), out([1, 4, 3, 2])],
      tensor('pads', [8], { dtype: 'int64', data: BigInt64Array.from([0, 0, 0, 0, 0, 0, 1, 1], BigInt) }),
    ],
    'quantize transpose conv_2d transpose quantize',
    0,
  ],
  'QDQ GlobalAveragePool into another scale, Flatten, Sigmoid': [
    [
      dq('x', 'xr'),
      node('GlobalAveragePool', ['xr'], ['g']),
      q('g', 'gq'),
      dq('gq', 'gr', 'ys', 'yz'),
      node('Flatten', ['gr'], ['f']),
      node('Sigmoid', ['f'], ['s']),
      q('s', 'y', 'ss', 'sz'),
    ],
    [...x, ...y, scale('ss', 1 / 256), zero('sz', 0), out([1, 3])],
    'quantize mean reshape logistic quantize',
    1,
  ],
}

const ops = (graph: Graph) => graph.nodes.map((each) => each.op).join(' ')

describe('ONNX to canonical, integers', () => {
  it.each(Object.entries(cases))('%s', async (_, [nodes, tensors, expected, tolerance]) => {
    const graph = graphOf(nodes, tensors, ['y'])
    const canonical = throughOnnx(graph)
    expect(ops(canonical)).toBe(expected)
    const inputs = graph.inputs.map((name) => graph.tensors.get(name)!)
    const data = inputs.map((input) => randomValues(input, random))
    const feeds = Object.fromEntries(inputs.map((input, i) => [input.name, [input, data[i]!] as const]))
    const outside = await (await ortModel(writeOnnx(graph)))(feeds as Record<string, [Tensor, Uint8Array]>)
    expect(largestDifference(firstOutput(canonical, data, 'fp32'), outside.y!)).toBeLessThanOrEqual(tolerance)
  })
})
