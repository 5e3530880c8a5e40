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
    ['an operator that is missing', unary('unique', 'int8'), /unique/],
    ['a type that is missing', unary('logistic', 'int32'), /logistic.*int32/s],
    ['a function that bytes have not got', unary('sin', 'int8'), /sin/],
    ['an interface that cannot be written', unary('abs', 'float16'), /float16/],
  ])('names node and operator: %s', (_, graph, message) => {
    expect(compileProblem(graph)).toMatch(message)
    expect(() => compileGraph(graph)).toThrow(expect.objectContaining({ code: 'OP_UNSUPPORTED' }))
  })

  it('refuses places that are computed, and activations that are not fused', () => {
    const moved = canonicalGraph(
      [tensor('a', 'float32', [2, 3]), tensor('p', 'int32', [2]), tensor('y', 'float32', [3, 2])],
      [node('transpose', ['a', 'p'], ['y'])],
      ['a', 'p'],
      ['y'],
    )
    expect(compileProblem(moved)).toMatch(/"p" is not constant/)
    const tensors = ['a', 'b', 'y'].map((name) => tensor(name, 'int8', [2], { quantization: perTensor(0.1) }))
    const fused = canonicalGraph(tensors, [node('add', ['a', 'b'], ['y'], { activation: 'tanh' })], ['a', 'b'], ['y'])
    expect(compileProblem(fused)).toMatch(/tanh/)
  })
})
