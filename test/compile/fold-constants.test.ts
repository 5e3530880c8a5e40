import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import { lowerGraph } from '../../src/compile/lower/lower.ts'
import type { Tensor } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'

/** 1, −2, 0.5, 2^-24 (the smallest), infinity and 65504 (the largest) as float16. */
const halves: Tensor = {
  ...tensor('half', 'float32', [6, 1]),
  dtype: 'float16',
  data: new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x0001, 0x7c00, 0x7bff).buffer),
}
const dense = { activation: 'none', weightsFormat: 0, keepNumDims: 0 }

describe('nodes that depend on constants alone', () => {
  it('are computed once: weights of float16 become float32', () => {
    const graph = canonicalGraph(
      [tensor('x', 'float32', [2, 1]), halves, tensor('w', 'float32', [6, 1]), tensor('y', 'float32', [2, 6])],
      [node('dequantize', ['half'], ['w']), node('fully_connected', ['x', 'w', ''], ['y'], dense)],
      ['x'],
      ['y'],
    )
    expect(lowerGraph(graph, 'tflm').steps.map((step) => step.kind)).toEqual(['float-conv'])
    const model = instantiate(compileGraph(graph).wasm)
    const values = Float32Array.of(1, 3)
    model.inputs[0]!.data.set(values)
    model.run()
    const expected = [1, -2, 0.5, 2 ** -24, Number.POSITIVE_INFINITY, 65504]
    expect([...model.outputs[0]!.data].slice(0, 6)).toEqual(expected)
    expect(model.outputs[0]!.data).toEqual(interpret(graph, [values], 'tflm').get('y'))
  })

  it('may be outputs', () => {
    const q = perTensor(0.5, 3)
    const graph = canonicalGraph(
      [
        tensor('x', 'int8', [3], { quantization: q }),
        tensor('c', 'int8', [4], { quantization: q, values: Int8Array.of(1, -2, 3, 4) }),
        tensor('s', 'int32', [2], { values: Int32Array.of(2, 2) }),
        tensor('z', 'int8', [2, 2], { quantization: q }),
        tensor('y', 'int8', [3], { quantization: q }),
      ],
      [node('reshape', ['c', 's'], ['z']), node('relu', ['x'], ['y'])],
      ['x'],
      ['z', 'y', 'c'],
    )
    const model = instantiate(compileGraph(graph).wasm)
    model.inputs[0]!.data.set([-9, 9, 3])
    model.run()
    expect(model.outputs.map(({ data }) => [...data])).toEqual([
      [1, -2, 3, 4],
      [3, 9, 3],
      [1, -2, 3, 4],
    ])
  })
})

describe('state', () => {
  it('begins as the model says, is kept between runs, and read by more than its own operator', () => {
    const q = perTensor(0.5, 3)
    const kept: Tensor = {
      ...tensor('kept', 'int8', [2], { quantization: q, values: Int8Array.of(7, 8) }),
      variable: true,
    }
    const graph = canonicalGraph(
      [tensor('x', 'int8', [2], { quantization: q }), kept, tensor('y', 'int8', [4], { quantization: q })],
      [node('concatenation', ['x', 'kept'], ['y'], { axis: 0, activation: 'none' })],
      ['x'],
      ['y'],
    )
    const { wasm, manifest } = compileGraph(graph)
    expect(manifest.state.bytes).toBe(2)
    const model = instantiate(wasm)
    model.inputs[0]!.data.set([1, 2])
    model.run()
    expect([...model.outputs[0]!.data]).toEqual([1, 2, 7, 8])
  })
})
