import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph, Node, Tensor } from '../../src/graph/graph.ts'
import { interpret, type State } from '../../src/graph/reference/interpret.ts'
import { sharedPath } from '../support/shared.ts'
import { canonicalGraph, node, perChannel, perTensor, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const readBack = (graph: Graph) => readModel(writeTflite(graph), 'written').graph

/** Outcome of reading: `read`, or the code of the refusal; any other error is a failure of the reader. */
function codeOf(bytes: Uint8Array): string {
  try {
    readModel(bytes, 'test')
  } catch (error) {
    if (!(error instanceof MilliwattError)) throw error
    if (error.cause instanceof TypeError || error.cause instanceof ReferenceError) throw error.cause
    return error.code
  }
  return 'read'
}

function refusal(graph: Graph): string {
  try {
    readBack(graph)
  } catch (error) {
    if (error instanceof MilliwattError) return `${error.code}: ${error.detail}`
    throw error
  }
  return 'read'
}

/** The small network with one tensor changed. */
function changed(name: string, change: Partial<Tensor>): Graph {
  const graph = smallNetwork()
  return {
    ...graph,
    tensors: new Map([...graph.tensors].map(([key, t]) => [key, key === name ? { ...t, ...change } : t])),
  }
}

describe('TFLite reader and writer', () => {
  it('give the same graph back', () => {
    expect(readBack(smallNetwork())).toEqual(smallNetwork())
  })

  it('give convolutions without a bias one of zeros, which TensorFlow Lite demands', () => {
    const graph = smallNetwork()
    const [conv, ...rest] = graph.nodes
    const bare = { ...graph, nodes: [{ ...conv!, inputs: ['x', 'w'] }, ...rest] }
    const read = readBack({ ...bare, tensors: new Map([...graph.tensors].filter(([name]) => name !== 'b')) })
    expect(read.nodes[0]!.inputs).toEqual(['x', 'w', 'c/bias'])
    const zeros = new Uint8Array(12)
    expect(read.tensors.get('c/bias')).toEqual({ ...graph.tensors.get('b'), name: 'c/bias', data: zeros })
  })

  it('tell SAME from VALID and give other pads a node of their own', () => {
    const graph = smallNetwork()
    const [conv, ...rest] = graph.nodes
    const odd: Node = { ...conv!, attributes: { ...conv!.attributes, padTop: 1, padBottom: 0 } }
    const back = readBack({ ...graph, nodes: [odd, ...rest] })
    expect(back.nodes.map((each) => each.op).slice(0, 2)).toEqual(['pad', 'conv_2d'])
    expect(back.nodes[1]!.attributes).toMatchObject({ padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 })
    expect(back.tensors.get('c/padded')).toMatchObject({ shape: [1, 7, 7, 2], quantization: perTensor(0.5, 3) })
  })

  it('keep state, custom operators, unknown operators, lists and empty constants', () => {
    const graph = canonicalGraph(
      [
        tensor('x', 'float32', [1, 4]),
        { ...tensor('state', 'float32', [1, 4]), variable: true },
        tensor('none', 'int32', [0], { values: new Int32Array(0) }),
        tensor('a', 'float32', [1, 4]),
        tensor('b', 'float32', [1, 4]),
        tensor('y', 'float32', [4]),
      ],
      [
        node('SignalWindow', ['x', 'state'], ['a'], { custom: 1, customOptions: [1, 2, 255], version: 1 }),
        node('builtin_210', ['a', 'none'], ['b'], { version: 9 }),
        node('squeeze', ['b'], ['y'], { squeezeDims: [0], version: 1 }),
      ],
      ['x'],
      ['y'],
    )
    expect(readBack(graph)).toEqual(graph)
  })

  it('keep what CALL_ONCE assigns to variables, and run with it', () => {
    const int8 = (name: string) => tensor(name, 'int8', [2], { quantization: perTensor(1, 7) })
    const initial = tensor('read/initial', 'int8', [2], { quantization: perTensor(1, 7), values: Int8Array.of(3, 4) })
    const graph = canonicalGraph(
      [int8('x'), tensor('read', 'resource', []), int8('y')],
      [
        node('var_handle', [], ['read'], { container: '', sharedName: 'v', version: 1, initial: { tensor: initial } }),
        node('read_variable', ['read'], ['y'], { version: 1 }),
        node('assign_variable', ['read', 'x'], [], { version: 1 }),
      ],
      ['x'],
      ['y'],
    )
    const back = readBack(graph)
    const nameless = ({ nodes }: Graph) => nodes.map(({ name: _, ...rest }) => rest)
    expect(nameless(back)).toEqual(nameless(graph))
    const state: State = new Map()
    const step = (...x: number[]) => [...interpret(back, [Int8Array.from(x)], 'tflm', state).get('y')!]
    expect([step(1, 2), step(5, 6)]).toEqual([
      [3, 4],
      [1, 2],
    ])
  })

  it('refuse what breaks a rule, by the name of the tensor or operator', () => {
    const scales = (values: readonly number[]) => ({ quantization: { ...perChannel([1, 1, 1], 0), scales: values } })
    expect([
      refusal(changed('w', { quantization: perChannel([1, 2], 0) })),
      refusal(changed('w', scales([1, 0, 1]))),
      refusal(changed('w', scales([1, Number.NaN, 1]))),
      refusal(changed('w', { quantization: { ...perChannel([1, 1, 1], 0), zeroPoints: [0, 0] } })),
      refusal(changed('x', { quantization: perTensor(1, 200) })),
      refusal(changed('x', { shape: [1, 0, 5, 2] })),
      refusal(changed('x', { shape: [65536, 65536, 5, 2] })),
      refusal(changed('w', { shape: [3, 3, 3, 3] })),
      refusal({ ...smallNetwork(), nodes: smallNetwork().nodes.toReversed() }),
      refusal({ ...smallNetwork(), outputs: [] }),
    ]).toEqual([
      'MODEL_ILLEGAL: TFLite reader: tensor "w" has 2 scales along axis 0, whose length is 3.',
      'MODEL_ILLEGAL: TFLite reader: tensor "w" has the scale 0.',
      'MODEL_ILLEGAL: TFLite reader: tensor "w" has the scale NaN.',
      'MODEL_ILLEGAL: TFLite reader: tensor "w" has 3 scales, but 2 zero points.',
      'MODEL_ILLEGAL: TFLite reader: tensor "x" (int8) has the zero point 200.',
      'MODEL_ILLEGAL: TFLite reader: tensor "x" has the dimension 0.',
      'MODEL_ILLEGAL: TFLite reader: tensor "x" has more than 2147483647 elements.',
      'MODEL_ILLEGAL: Tensor "w" holds 54 bytes, but its shape needs 81.',
      'MODEL_ILLEGAL: Node "softmax#0" reads "f", which nothing before it makes (a cycle or a wrong order).',
      'MODEL_ILLEGAL: It has no output.',
    ])
  })

  it('refuses other versions of the schema', () => {
    const bytes = writeTflite(smallNetwork())
    const view = new DataView(bytes.buffer)
    const root = view.getUint32(0, true)
    const fields = root - view.getInt32(root, true)
    view.setUint32(root + view.getUint16(fields + 4, true), 4, true)
    expect(codeOf(bytes)).toBe('MODEL_NOT_A_MODEL')
  })

  it('refuses a file that is cut at any byte', () => {
    const bytes = writeTflite(smallNetwork())
    const codes = new Set(Array.from({ length: bytes.length }, (_, cut) => codeOf(bytes.subarray(0, cut))))
    expect(codes).not.toContain('read')
    expect(codeOf(bytes.subarray(0, bytes.length >> 1))).toBe('MODEL_TRUNCATED')
  })

  it('survives mutated and random bytes: a clear refusal or a legal graph', () => {
    const allowed = ['read', 'MODEL_TRUNCATED', 'MODEL_NOT_A_MODEL', 'MODEL_ILLEGAL']
    const original = writeTflite(smallNetwork())
    const edit = fc.tuple(fc.nat(original.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
        const bytes = original.slice()
        for (const [at, value] of edits) if (at < 4 || at > 7) bytes[at] = value
        expect(allowed).toContain(codeOf(bytes))
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        expect(allowed).toContain(codeOf(Uint8Array.of(16, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33, ...tail)))
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses constants that lie outside the file or are longer than it', () => {
    const original = writeTflite(smallNetwork())
    const view = new DataView(original.buffer.slice(0))
    const field = (table: number, index: number) =>
      table + view.getUint16(table - view.getInt32(table, true) + 4 + 2 * index, true)
    const follow = (at: number) => at + view.getUint32(at, true)
    const buffers = follow(field(follow(0), 4))
    // The first buffer is empty by the schema; the second holds the first constant.
    const data = field(follow(buffers + 8), 0)
    const patched = (at: number, value: number) => {
      const bytes = original.slice()
      new DataView(bytes.buffer).setUint32(at, value, true)
      return codeOf(bytes)
    }
    expect(patched(data, original.length)).toBe('MODEL_TRUNCATED')
    expect(patched(data, 0xffffffff)).toBe('MODEL_TRUNCATED')
    for (const length of [original.length, 0x7fffffff, 0xffffffff])
      expect(patched(follow(data), length)).toBe('MODEL_TRUNCATED')
    expect(patched(follow(data), 55)).toBe('MODEL_ILLEGAL')
  })

  it('does not let shared vectors grow beyond the file', () => {
    const count = 2000
    const graph = canonicalGraph(
      [tensor('x', 'float32', [1]), tensor('y', 'float32', [1])],
      [
        node(
          'custom',
          Array.from({ length: count }, () => 'x'),
          ['y'],
          { custom: 1, version: 1 },
        ),
      ],
      ['x'],
      ['y'],
    )
    const bytes = writeTflite(graph)
    const view = new DataView(bytes.buffer)
    const at = (offset: number, field: number) =>
      offset + view.getUint16(offset - view.getInt32(offset, true) + 4 + 2 * field, true)
    const follow = (offset: number) => offset + view.getUint32(offset, true)
    const subgraph = follow(follow(at(follow(0), 2)) + 4)
    const operators = follow(at(subgraph, 3))
    const operator = follow(operators + 4)
    // The list of operators now lies over the list of inputs: thousands of operators that all share it.
    const inputs = follow(at(operator, 1))
    for (let i = 0; i < count; i++) view.setUint32(inputs + 4 + 4 * i, (operator - (inputs + 4 + 4 * i)) >>> 0, true)
    view.setUint32(at(subgraph, 3), inputs - at(subgraph, 3), true)
    const begin = performance.now()
    expect(codeOf(bytes)).toMatch(/^MODEL_/)
    expect(performance.now() - begin).toBeLessThan(5000)
  })
})

const lengths = fc.integer({ min: 1, max: 5 })
const scale = fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true })

/** A random quantised elementwise or convolution graph. */
const randomGraph = fc
  .record({
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    channels: lengths,
    units: lengths,
    filter: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    scales: fc.array(scale, { minLength: 5, maxLength: 5 }),
    zero: fc.integer({ min: -128, max: 127 }),
    activation: fc.constantFrom('none', 'relu', 'relu6', 'relu_n1_to_1', 'tanh', 'sign_bit'),
    name: fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !['w', 'b', 'c', 'y'].includes(text)),
    beta: scale,
  })
  .map(({ height, width, channels, units, filter, stride, scales, zero, activation, name, beta }) => {
    const out = (length: number) => Math.ceil(length / stride)
    const pads = (length: number) => Math.max(0, (out(length) - 1) * stride + filter - length)
    const [vertical, horizontal] = [pads(height), pads(width)]
    const shape = [1, out(height), out(width), units]
    const quantization = perTensor(scales[0]!, zero)
    const weights = new Int8Array(units * filter * filter * channels).fill(zero)
    return canonicalGraph(
      [
        tensor(name, 'int8', [1, height, width, channels], { quantization }),
        tensor('w', 'int8', [units, filter, filter, channels], {
          quantization: units === 1 ? perTensor(scales[1]!) : perChannel(scales.slice(0, units), 0),
          values: weights,
        }),
        tensor('b', 'int32', [units], { values: new Int32Array(units).fill(zero) }),
        tensor('c', 'int8', shape, { quantization }),
        tensor('y', 'int8', shape, { quantization }),
      ],
      [
        node('conv_2d', [name, 'w', 'b'], ['c'], {
          strideH: stride,
          strideW: stride,
          dilationH: 1,
          dilationW: 1,
          activation,
          padTop: vertical >> 1,
          padBottom: vertical - (vertical >> 1),
          padLeft: horizontal >> 1,
          padRight: horizontal - (horizontal >> 1),
          version: 3,
        }),
        node('softmax', ['c'], ['y'], { beta, version: 2 }),
      ],
      [name],
      ['y'],
    )
  })

describe('TFLite round trip', () => {
  it('is the identity on generated graphs', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        expect(readBack(graph)).toEqual(graph)
      }),
      { numRuns: 300 },
    )
  })
})

/** Constants as text, which compares faster. */
const comparable = ({ tensors, ...rest }: Graph) => ({
  ...rest,
  tensors: [...tensors.values()].map((t) => ({ ...t, data: t.data && Buffer.from(t.data).toString('latin1') })),
})

const models = sharedPath('data', 'mlperf-tiny', 'models')

describe.skipIf(!models)('TFLite round trip of published models (needs ../shared/data/mlperf-tiny)', () => {
  it.each(models ? readdirSync(models) : [])('%s', (file) => {
    const { graph } = readModel(readFileSync(join(models!, file)), file)
    expect(comparable(readBack(graph))).toEqual(comparable(graph))
  })
})
