import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'
import { numbers } from './random-layer.ts'

const q = perTensor(0.05, -3)
const other = perTensor(0.02, 17)
const int8 = (name: string, shape: readonly number[], quantization = q) => tensor(name, 'int8', shape, { quantization })
const integers = (name: string, ...values: readonly number[]) =>
  tensor(name, 'int32', [values.length], { values: Int32Array.from(values) })

const unary = (op: string, attributes = {}, out = other): Graph =>
  canonicalGraph([int8('a', [2, 3, 4]), int8('y', [2, 3, 4], out)], [node(op, ['a'], ['y'], attributes)], ['a'], ['y'])
const binary = (op: string, b: readonly number[], out = other): Graph =>
  canonicalGraph(
    [int8('a', [2, 3, 4]), int8('b', b, other), int8('y', [2, 3, 4], out)],
    [node(op, ['a', 'b'], ['y'], { activation: 'none' })],
    ['a', 'b'],
    ['y'],
  )

const cases: Readonly<Record<string, Graph>> = {
  logistic: unary('logistic', {}, perTensor(1 / 256, -128)),
  tanh: unary('tanh', {}, perTensor(1 / 128, 0)),
  relu: unary('relu'),
  hard_swish: unary('hard_swish'),
  leaky_relu: unary('leaky_relu', { alpha: 0.1 }),
  quantize: unary('quantize'),
  'add, same shape': binary('add', [2, 3, 4]),
  'add, broadcast': binary('add', [3, 1]),
  'mul, broadcast': binary('mul', [4]),
  sub: binary('sub', [2, 3, 4]),
  'add, constant': canonicalGraph(
    [
      int8('a', [1, 2, 8]),
      tensor('b', 'int8', [8], { quantization: other, values: Int8Array.of(1, -2, 30, 127, -128, 0, 5, 9) }),
      int8('y', [1, 2, 8]),
    ],
    [node('add', ['a', 'b'], ['y'], { activation: 'relu' })],
    ['a'],
    ['y'],
  ),
  pad: canonicalGraph(
    [
      int8('a', [1, 3, 4, 2]),
      tensor('p', 'int32', [4, 2], { values: Int32Array.of(0, 0, 1, 2, 0, 1, 0, 0) }),
      int8('y', [1, 6, 5, 2]),
    ],
    [node('pad', ['a', 'p'], ['y'])],
    ['a'],
    ['y'],
  ),
  concatenation: canonicalGraph(
    [int8('a', [1, 2, 3]), int8('b', [1, 2, 5]), int8('y', [1, 2, 8])],
    [node('concatenation', ['a', 'b'], ['y'], { axis: 2, activation: 'none' })],
    ['a', 'b'],
    ['y'],
  ),
  transpose: canonicalGraph(
    [int8('a', [2, 3, 4]), integers('p', 2, 0, 1), int8('y', [4, 2, 3])],
    [node('transpose', ['a', 'p'], ['y'])],
    ['a'],
    ['y'],
  ),
  split: canonicalGraph(
    [integers('axis', 1), int8('a', [2, 4, 3]), int8('y', [2, 2, 3]), int8('z', [2, 2, 3])],
    [node('split', ['axis', 'a'], ['y', 'z'], { numSplits: 2 })],
    ['a'],
    ['y', 'z'],
  ),
  slice: canonicalGraph(
    [int8('a', [2, 4, 3]), integers('begin', 0, 1, 1), integers('size', 2, 2, 2), int8('y', [2, 2, 2])],
    [node('slice', ['a', 'begin', 'size'], ['y'])],
    ['a'],
    ['y'],
  ),
}

describe('operators without a kernel of their own equal the reference interpreter', () => {
  for (const semantics of ['tflm', 'fp32'] as const)
    it.each(Object.keys(cases))(`%s, ${semantics}`, (name) => {
      const graph = cases[name]!
      const model = instantiate(compileGraph(graph, { semantics }).wasm)
      const next = numbers(name.length)
      const inputs = model.inputs.map((input) =>
        Int8Array.from({ length: input.data.length }, () => Math.floor(next() * 256) - 128),
      )
      model.inputs.forEach((input, index) => {
        input.data.set(inputs[index]!)
      })
      model.run()
      const expected = interpret(graph, inputs, semantics)
      for (const output of model.outputs) expect(output.data).toEqual(expected.get(output.name))
    })
})
