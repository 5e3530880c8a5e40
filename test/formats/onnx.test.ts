import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMilliwattError, MilliwattError } from '../../src/core/errors.ts'
import { readModel } from '../../src/formats/list.ts'
import { modelFacts } from '../../src/graph/facts.ts'
import { inferShapes } from '../../src/graph/shapes.ts'
import { buildOnnx, denseModel, floats } from '../support/onnx-builder.ts'

const codeOf = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof MilliwattError) return error.code
    throw error
  }
  return 'read'
}

const convModel = buildOnnx({
  nodes: [
    {
      op: 'Conv',
      name: 'conv',
      inputs: ['x', 'w', 'b'],
      outputs: ['c'],
      ints: { strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    { op: 'Relu', inputs: ['c'], outputs: ['r'] },
    { op: 'GlobalAveragePool', inputs: ['r'], outputs: ['p'] },
    { op: 'Flatten', inputs: ['p'], outputs: ['f'] },
    { op: 'Gemm', inputs: ['f', 'd'], outputs: ['y'], ints: { transB: 1 } },
  ],
  constants: [
    { name: 'w', type: 1, dims: [4, 1, 3, 3], raw: floats(...new Array(36).fill(0.5)) },
    { name: 'b', type: 1, dims: [4], raw: floats(0, 0, 0, 0) },
    { name: 'd', type: 1, dims: [3, 4], raw: floats(...new Array(12).fill(1)) },
  ],
  inputs: [{ name: 'x', dims: [1, 1, 9, 8] }],
  outputs: [{ name: 'y', dims: [1, 3] }],
})

describe('ONNX reader', () => {
  it('reads nodes, attributes, constants and shapes', () => {
    const { graph } = readModel(convModel, 'conv.onnx')
    expect(graph.nodes.map((node) => node.op)).toEqual(['Conv', 'Relu', 'GlobalAveragePool', 'Flatten', 'Gemm'])
    expect(graph.nodes[0]!.attributes).toEqual({ strides: [2, 2], pads: [1, 1, 1, 1] })
    expect(graph.inputs).toEqual(['x'])
    expect(graph.opsets).toEqual({ '': 13 })
    const shapes = inferShapes(graph)
    expect(shapes.get('c')).toEqual([1, 4, 5, 4])
    expect(shapes.get('p')).toEqual([1, 4, 1, 1])
    expect(shapes.get('f')).toEqual([1, 4])
  })

  it('counts multiply-accumulates, parameters and bytes from the content', () => {
    const facts = modelFacts(readModel(convModel, 'conv.onnx').graph)
    expect(facts.macs).toBe(4 * 5 * 4 * 9 + 12)
    expect(facts.parameters).toBe(36 + 4 + 12)
    expect(facts.weightBytes).toBe(4 * 52)
    expect(facts.dtype).toBe('float32')
  })

  it('tells int8 with quantised activations from int8 weights alone', () => {
    const quantised = (activations: boolean) =>
      buildOnnx({
        nodes: [
          ...(activations
            ? [
                { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['q'] },
                { op: 'DequantizeLinear', inputs: ['q', 's', 'z'], outputs: ['xd'] },
              ]
            : []),
          { op: 'DequantizeLinear', inputs: ['w', 's', 'z'], outputs: ['wd'] },
          { op: 'MatMul', inputs: [activations ? 'xd' : 'x', 'wd'], outputs: ['y'] },
        ],
        constants: [
          { name: 's', type: 1, dims: [], raw: floats(0.1) },
          { name: 'z', type: 3, dims: [], raw: Uint8Array.of(0) },
          { name: 'w', type: 3, dims: [2, 3], raw: Uint8Array.of(1, 2, 3, 4, 5, 6) },
        ],
        inputs: [{ name: 'x', dims: [1, 2] }],
        outputs: [{ name: 'y', dims: [1, 3] }],
      })
    expect(modelFacts(readModel(quantised(true), 'a').graph)).toMatchObject({ dtype: 'int8', parameters: 6, macs: 6 })
    expect(modelFacts(readModel(quantised(false), 'b').graph).dtype).toBe('int8 weights')
  })

  it('gives unknown MACs for dynamic shapes', () => {
    const model = buildOnnx({
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
      constants: [{ name: 'w', type: 1, dims: [2, 2], raw: floats(1, 2, 3, 4) }],
      inputs: [{ name: 'x', dims: ['batch', 2] }],
      outputs: [{ name: 'y', dims: ['batch', 2] }],
    })
    expect(modelFacts(readModel(model, 'dynamic').graph).macs).toBeNull()
  })

  it('says of an empty file and of other files that they are no model', () => {
    expect(codeOf(() => readModel(new Uint8Array(0), 'empty'))).toBe('MODEL_TRUNCATED')
    expect(codeOf(() => readModel(new TextEncoder().encode('<!doctype html>'), 'page'))).toBe('MODEL_NOT_A_MODEL')
  })

  it('refuses a model that is cut at any byte', () => {
    const model = denseModel(4, 3)
    const codes = Array.from({ length: model.length - 1 }, (_, cut) =>
      codeOf(() => readModel(model.subarray(0, cut), 'cut')),
    )
    expect(new Set(codes)).toEqual(new Set(['MODEL_TRUNCATED', 'MODEL_NOT_A_MODEL']))
    expect(codeOf(() => readModel(model.subarray(0, model.length >> 1), 'half'))).toBe('MODEL_TRUNCATED')
  })

  it('refuses illegal graphs by name of the node or tensor', () => {
    const illegal = (nodes: Parameters<typeof buildOnnx>[0]['nodes'], outputs = ['y']) =>
      buildOnnx({ nodes, inputs: [{ name: 'x', dims: [1] }], outputs: outputs.map((name) => ({ name, dims: [1] })) })
    const messages = [
      illegal([{ op: 'Relu', name: 'r', inputs: ['nowhere'], outputs: ['y'] }]),
      illegal([{ op: 'Relu', inputs: ['x'], outputs: ['x'] }]),
      illegal([{ op: 'Relu', inputs: ['x'], outputs: ['z'] }]),
      illegal([
        { op: 'Add', name: 'a', inputs: ['x', 'b'], outputs: ['y'] },
        { op: 'Relu', inputs: ['y'], outputs: ['b'] },
      ]),
      illegal([], []),
    ].map((bytes) => {
      try {
        readModel(bytes, 'illegal')
      } catch (error) {
        return isMilliwattError(error, 'MODEL_ILLEGAL') ? error.detail : String(error)
      }
      return 'read'
    })
    expect(messages).toEqual([
      'Node "r" reads "nowhere", which nothing before it makes (a cycle or a wrong order).',
      'Tensor "x" is made twice.',
      'Output "y" is never made.',
      'Node "a" reads "b", which nothing before it makes (a cycle or a wrong order).',
      'It has no output.',
    ])
  })

  it('refuses constants whose bytes do not fit their shape', () => {
    const model = buildOnnx({
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
      constants: [{ name: 'w', type: 1, dims: [100, 2], raw: floats(1, 2) }],
      inputs: [{ name: 'x', dims: [1, 100] }],
      outputs: [{ name: 'y', dims: [1, 2] }],
    })
    expect(codeOf(() => readModel(model, 'short'))).toBe('MODEL_ILLEGAL')
  })

  it('survives mutated and random bytes: a clear refusal or a legal graph, never another error', () => {
    const allowed = ['read', 'MODEL_TRUNCATED', 'MODEL_NOT_A_MODEL', 'MODEL_DATA', 'MODEL_ILLEGAL']
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(convModel.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (edits) => {
          const bytes = convModel.slice()
          for (const [at, value] of edits) bytes[at] = value
          expect(allowed).toContain(codeOf(() => modelFacts(readModel(bytes, 'mutated').graph)))
        },
      ),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        expect(allowed).toContain(codeOf(() => readModel(Uint8Array.of(8, 8, ...tail), 'random')))
      }),
      { numRuns: 2000 },
    )
  })
})
