import fc from 'fast-check'
import * as ort from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import type { AttributeValue, DataType, Graph, Tensor } from '../../src/graph/graph.ts'
import { dataTypeBits } from '../../src/graph/graph.ts'
import { denseModel } from '../support/onnx-builder.ts'

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const dimension = fc.oneof(fc.nat(5), fc.constantFrom('batch', 'time', '?'))
const dtype = fc.constantFrom<DataType>(
  'float32',
  'uint8',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bool',
  'int4',
)

const constant = fc
  .tuple(dtype, fc.array(fc.nat(4), { maxLength: 3 }), fc.infiniteStream(fc.nat(255)))
  .map(([type, shape, stream]): Omit<Tensor, 'name'> => {
    const bits = shape.reduce((a, b) => a * b, 1) * dataTypeBits[type]
    return { dtype: type, shape, data: Uint8Array.from({ length: Math.ceil(bits / 8) }, () => stream.next().value) }
  })

/** Attribute names that milliwatt keeps as floats always, and others. */
const attribute = fc.oneof(
  fc.tuple(fc.constantFrom('axis', 'group', 'k'), fc.integer()),
  fc.tuple(fc.constantFrom('alpha', 'epsilon'), fc.float({ noNaN: true, noDefaultInfinity: true })),
  fc.tuple(fc.constantFrom('pads', 'strides'), fc.array(fc.maxSafeInteger(), { maxLength: 4 })),
  fc.tuple(fc.constant('scales'), fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 })),
  fc.tuple(fc.constant('mode'), fc.string({ unit: 'grapheme' })),
  fc.tuple(fc.constant('keys'), fc.array(fc.string(), { minLength: 1, maxLength: 3 })),
  fc.tuple(
    fc.constant('value'),
    constant.map((tensor) => ({ tensor: { ...tensor, name: 'inner' } })),
  ),
)

/** Legal graphs: a chain of nodes, each with a constant. */
const graphs = fc
  .record({
    name,
    names: fc.uniqueArray(name, { minLength: 12, maxLength: 12 }),
    shape: fc.option(fc.array(dimension, { maxLength: 4 })),
    steps: fc.array(fc.tuple(constant, fc.array(attribute, { maxLength: 3 }), fc.constantFrom('', 'com.microsoft')), {
      minLength: 1,
      maxLength: 4,
    }),
    opset: fc.integer({ min: 7, max: 23 }),
  })
  .map(({ names, shape, steps, opset, ...rest }): Graph => {
    const value = (index: number): Tensor => ({ name: names[index]!, dtype: 'float32', shape })
    const values = [value(0), ...steps.map((_, i) => value(i + 1))]
    const constants = steps.map(([tensor], i): Tensor => ({ ...tensor, name: names[i + 6]! }))
    const nodes = steps.map(([, attributes, domain], i) => ({
      name: `node${i}`,
      op: 'Any',
      domain,
      inputs: [names[i]!, '', names[i + 6]!],
      outputs: [names[i + 1]!],
      attributes: Object.fromEntries(attributes) as Readonly<Record<string, AttributeValue>>,
    }))
    const tensors = new Map([...values, ...constants].map((tensor) => [tensor.name, tensor]))
    const outputs = [names[steps.length]!]
    return { ...rest, nodes, tensors, inputs: [names[0]!], outputs, opsets: { '': opset, 'com.microsoft': 1 } }
  })

describe('ONNX writer', () => {
  it('writes what the reader gives back, whatever the graph', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(readModel(writeOnnx(graph), 'written').graph).toEqual(graph)
      }),
      { numRuns: 500 },
    )
  })

  it('is accepted by onnxruntime with the same results', async () => {
    const original = denseModel(4, 3)
    const written = writeOnnx(readModel(original, 'dense').graph)
    const run = async (bytes: Uint8Array) => {
      const session = await ort.InferenceSession.create(bytes)
      return (await session.run({ x: new ort.Tensor('float32', [1, -2, 3, 0.5], [1, 4]) })).y!.data
    }
    expect(await run(written)).toEqual(await run(original))
  })

  it('refuses graphs of other operators and types that ONNX has not got', () => {
    const { graph } = readModel(denseModel(2, 2), 'dense')
    const canonical = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, domain: 'tflite' })) }
    const handle: Tensor = { name: 'x', dtype: 'resource', shape: [] }
    for (const bad of [canonical, { ...graph, tensors: new Map([...graph.tensors, ['x', handle] as const]) }]) {
      const caught = (() => {
        try {
          return writeOnnx(bad)
        } catch (error) {
          return error
        }
      })()
      expect(isMilliwattError(caught, 'OP_UNSUPPORTED')).toBe(true)
    }
  })
})
