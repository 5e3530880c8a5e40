import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { compileProblem, nodeProblem } from '../../src/compile/problem.ts'
import type { DataType, Graph } from '../../src/graph/graph.ts'
import { canonicalGraph, node, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const unary = (op: string, dtype: DataType): Graph => {
  const made = (name: string) => tensor(name, dtype, [1, 4], { quantization: perTensor(0.1) })
  return canonicalGraph([made('a'), made('y')], [node(op, ['a'], ['y'])], ['a'], ['y'])
}

describe('compileProblem', () => {
  it('is null where a graph compiles', () => {
    expect(compileProblem(smallNetwork())).toBeNull()
    const graph = smallNetwork()
    for (const each of graph.nodes) expect(nodeProblem(graph, each)).toBeNull()
  })

  it.each([
    ['an operator that is missing', unary('svdf', 'int8'), /svdf/],
    ['a type that is missing', unary('logistic', 'int16'), /logistic.*int16/s],
    ['a function that bytes have not got', unary('exp', 'int8'), /exp/],
    ['an interface that cannot be written', unary('relu', 'bool'), /bool/],
  ])('names node and operator: %s', (_, graph, message) => {
    expect(compileProblem(graph)).toMatch(message)
    expect(() => compileGraph(graph)).toThrow(expect.objectContaining({ code: 'OP_UNSUPPORTED' }))
  })

  it('refuses a concatenation with a constant, and padding other than zero', () => {
    const constant = tensor('b', 'float32', [2], { values: Float32Array.of(1, 2) })
    const joined = canonicalGraph(
      [tensor('a', 'float32', [2]), constant, tensor('y', 'float32', [4])],
      [node('concatenation', ['a', 'b'], ['y'], { axis: 0, activation: 'none' })],
      ['a'],
      ['y'],
    )
    expect(compileProblem(joined)).toMatch(/constants/)
    const padded = canonicalGraph(
      [
        tensor('a', 'float32', [2]),
        tensor('p', 'int32', [1, 2], { values: Int32Array.of(1, 1) }),
        tensor('v', 'float32', [1], { values: Float32Array.of(5) }),
        tensor('y', 'float32', [4]),
      ],
      [node('padv2', ['a', 'p', 'v'], ['y'])],
      ['a'],
      ['y'],
    )
    expect(compileProblem(padded)).toMatch(/padding/)
  })
})
