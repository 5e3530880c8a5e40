import { describe, expect, it } from 'vitest'
import { interpret, type State } from '../../../src/graph/reference/interpret.ts'
import { canonicalGraph, node, perTensor, tensor } from '../../support/tflite-graphs.ts'

const int8 = (name: string, shape: readonly number[], scale: number, zero = 0, values?: Int8Array) =>
  tensor(name, 'int8', shape, { quantization: perTensor(scale, zero), ...(values ? { values } : {}) })

describe('state between runs', () => {
  it('SVDF keeps its memory and begins at the zero point', () => {
    const graph = canonicalGraph(
      [
        int8('x', [1, 2], 1, 1),
        int8('feature', [2, 2], 1, 0, Int8Array.of(1, 1, 1, -1)),
        int8('time', [2, 3], 1, 0, Int8Array.of(1, 2, 4, 1, 0, 0)),
        tensor('bias', 'int32', [1], { quantization: perTensor(1), values: Int32Array.of(3) }),
        { ...int8('memory', [1, 6], 1, 5), variable: true },
        int8('y', [1, 1], 1, -10),
      ],
      [node('svdf', ['x', 'feature', 'time', 'bias', 'memory'], ['y'], { rank: 2, activation: 'none' })],
      ['x'],
      ['y'],
    )
    const state: State = new Map()
    const runs = [
      [3, 2],
      [1, 1],
      [2, 1],
    ].map((x) => [...interpret(graph, [Int8Array.from(x)], 'tflm', state).get('y')!])
    // Features 3, 0, 1 and 1, 0, 1; the weights in time take the newest last.
    expect(runs).toEqual([[4 * 3 + 3 - 10], [2 * 3 + 3 - 10], [3 + 4 + 1 + 3 - 10]])
  })

  it('variables are read before they are assigned, through any handle', () => {
    const graph = canonicalGraph(
      [int8('x', [2], 1, 7), tensor('read', 'resource', []), tensor('write', 'resource', []), int8('y', [2], 1, 7)],
      [
        node('var_handle', [], ['read'], { container: '', sharedName: 'v' }),
        node('read_variable', ['read'], ['y']),
        node('var_handle', [], ['write'], { container: '', sharedName: 'v' }),
        node('assign_variable', ['write', 'x'], []),
      ],
      ['x'],
      ['y'],
    )
    const state: State = new Map()
    const step = (...x: readonly number[]) => [...interpret(graph, [Int8Array.from(x)], 'tflm', state).get('y')!]
    expect([step(1, 2), step(3, 4), step(5, 6)]).toEqual([
      [7, 7],
      [1, 2],
      [3, 4],
    ])
    expect([...interpret(graph, [Int8Array.of(1, 1)], 'tflm').get('y')!]).toEqual([7, 7])
  })
})
