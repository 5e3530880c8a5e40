import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Simd } from '../../src/compile/program.ts'
import type { AttributeValue, DataType, Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'
import { numbers } from './random-layer.ts'

const floats = (name: string, ...shape: readonly number[]) => tensor(name, 'float32', shape)
const integers = (name: string, ...values: readonly number[]) =>
  tensor(name, 'int32', [values.length], { values: Int32Array.from(values) })

type Attributes = Readonly<Record<string, AttributeValue>>
const unary = (op: string, attributes: Attributes = {}): Graph =>
  canonicalGraph([floats('a', 2, 3, 7), floats('y', 2, 3, 7)], [node(op, ['a'], ['y'], attributes)], ['a'], ['y'])
const pair = (op: string, a: readonly number[], b: readonly number[], activation = 'none'): Graph =>
  canonicalGraph(
    [floats('a', ...a), floats('b', ...b), floats('y', 2, 3, 8)],
    [node(op, ['a', 'b'], ['y'], { activation })],
    ['a', 'b'],
    ['y'],
  )
const reduce = (op: string, dtype: DataType, axes: readonly number[], y: readonly number[], scale = 0.02): Graph => {
  const quantized = (zero: number, each: number) =>
    dtype === 'float32' ? {} : { quantization: perTensor(op.startsWith('reduce') ? 0.05 : each, zero) }
  return canonicalGraph(
    [
      tensor('a', dtype, [2, 5, 3, 8], quantized(5, 0.05)),
      integers('axes', ...axes),
      tensor('y', dtype, y, quantized(7, scale)),
    ],
    [node(op, ['a', 'axes'], ['y'], { keepDims: 0 })],
    ['a'],
    ['y'],
  )
}
const convert = (op: string, from: DataType, to: DataType, scale = 0.05): Graph => {
  const made = (name: string, dtype: DataType) =>
    tensor(
      name,
      dtype,
      [3, 13],
      dtype === 'float32' ? {} : { quantization: perTensor(scale, dtype === 'int16' ? 0 : 33) },
    )
  return canonicalGraph([made('a', from), made('y', to)], [node(op, ['a'], ['y'])], ['a'], ['y'])
}

const cases: Readonly<Record<string, Graph>> = {
  ...Object.fromEntries(
    ['relu', 'relu6', 'relu_n1_to_1', 'hard_swish', 'abs', 'neg', 'square', 'floor', 'ceil', 'exp', 'elu']
      .concat('logistic', 'tanh')
      .map((op) => [op, unary(op)]),
  ),
  leaky_relu: unary('leaky_relu', { alpha: 0.1 }),
  softmax: unary('softmax', { beta: 1 }),
  'softmax, beta': unary('softmax', { beta: 0.5 }),
  add: pair('add', [2, 3, 8], [2, 3, 8], 'relu'),
  'add, channels': pair('add', [2, 3, 8], [8], 'relu6'),
  'sub, channels first': pair('sub', [1, 8], [2, 3, 8]),
  'mul, one number': pair('mul', [2, 3, 8], [1]),
  'div, rows': pair('div', [2, 3, 8], [3, 1]),
  'maximum, both broadcast': pair('maximum', [2, 1, 8], [3, 1]),
  minimum: pair('minimum', [2, 3, 8], [3, 8]),
  prelu: pair('prelu', [2, 3, 8], [8]),
  'mean, float32': reduce('mean', 'float32', [1, 2], [2, 8]),
  'mean, last axis': reduce('mean', 'float32', [-1], [2, 5, 3]),
  'sum, float32': reduce('sum', 'float32', [0, 3], [5, 3]),
  'mean, int8': reduce('mean', 'int8', [1, 2], [2, 8]),
  'mean, int8, last axis': reduce('mean', 'int8', [3], [2, 5, 3]),
  'mean, int8, same scale': reduce('mean', 'int8', [1], [2, 3, 8], 0.05),
  'mean, uint8': reduce('mean', 'uint8', [1, 2], [2, 8]),
  'sum, int8': reduce('sum', 'int8', [1, 2], [2, 8], 0.6),
  'reduce_max, int8': reduce('reduce_max', 'int8', [1, 2], [2, 8]),
  'reduce_min, int8': reduce('reduce_min', 'int8', [3], [2, 5, 3]),
  'reduce_max, float32': reduce('reduce_max', 'float32', [1], [2, 3, 8]),
  ...Object.fromEntries(
    (['int8', 'uint8', 'int16'] as const).flatMap((type) => [
      [`quantize to ${type}`, convert('quantize', 'float32', type)],
      [`quantize halves to ${type}`, convert('quantize', 'float32', type, 2 / 3)],
      [`dequantize ${type}`, convert('dequantize', type, 'float32')],
    ]),
  ),
  'quantize, uint8 to int8': convert('quantize', 'uint8', 'int8'),
  transpose: canonicalGraph(
    [floats('a', 2, 3, 4), integers('p', 2, 0, 1), floats('y', 4, 2, 3)],
    [node('transpose', ['a', 'p'], ['y'])],
    ['a'],
    ['y'],
  ),
  pad: canonicalGraph(
    [floats('a', 3, 4), tensor('p', 'int32', [2, 2], { values: Int32Array.of(1, 0, 2, 1) }), floats('y', 4, 7)],
    [node('pad', ['a', 'p'], ['y'])],
    ['a'],
    ['y'],
  ),
  concatenation: canonicalGraph(
    [floats('a', 2, 3), floats('b', 2, 5), floats('y', 2, 8)],
    [node('concatenation', ['a', 'b'], ['y'], { axis: 1, activation: 'none' })],
    ['a', 'b'],
    ['y'],
  ),
}

const random = (data: Values, next: () => number): Values =>
  data instanceof Float32Array
    ? data.map(() => (next() < 0.2 ? Math.round(next() * 20 - 10) / 3 : next() * 16 - 8))
    : (data as Int8Array).map(() => Math.floor(next() * 65536))

describe('operators of floats, conversions and reductions equal the reference interpreter', () => {
  for (const simd of ['simd128', 'scalar'] as const satisfies readonly Simd[])
    for (const semantics of ['tflm', 'fp32'] as const)
      it.each(Object.keys(cases))(`%s, ${semantics}, ${simd}`, (name) => {
        const graph = cases[name]!
        const model = instantiate(compileGraph(graph, { semantics, simd }).wasm)
        const next = numbers(name.length)
        const inputs = model.inputs.map(({ data }) => random(data, next))
        model.inputs.forEach((input, index) => {
          input.data.set(inputs[index] as Int8Array)
        })
        model.run()
        const expected = interpret(graph, inputs, semantics).get('y')!
        const actual = model.outputs[0]!.data
        if (!(expected instanceof Float32Array)) expect(actual).toEqual(expected)
        else
          expected.forEach((value, at) => {
            if (!Number.isFinite(value)) expect(actual[at]).toBe(value)
            else expect(Math.abs(actual[at]! - value)).toBeLessThanOrEqual(2e-7 * Math.abs(value))
          })
      })

  it('survives what is not a number', () => {
    for (const op of ['quantize', 'exp', 'tanh', 'logistic', 'softmax', 'elu'] as const)
      for (const simd of ['simd128', 'scalar'] as const) {
        const graph = op === 'quantize' ? convert(op, 'float32', 'int8') : unary(op, { beta: 1 })
        const model = instantiate(compileGraph(graph, { simd }).wasm)
        model.inputs[0]!.data.fill(Number.NaN)
        model.inputs[0]!.data.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30], 1)
        model.run()
        expect(model.outputs[0]!.data[0]).toBe(op === 'quantize' ? 33 : Number.NaN)
      }
  })
})
