import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { isMilliwattError } from '../../src/core/errors.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { milliwatt } from '../support/cli.ts'
import { buildOnnx, floats, type OnnxParts } from '../support/onnx-builder.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'

/** Reads, converts, compiles; where that is refused: the code and what was wrong. */
function outcome(bytes: Uint8Array): string {
  try {
    compileGraph(segmentIn(readModel(bytes, 'model'), 'canonical').graph, { semantics: 'fp32' })
  } catch (error) {
    if (isMilliwattError(error)) return `${error.code} ${error.detail}`
    throw error
  }
  return 'compiled'
}

const int64 = (...values: readonly number[]) => new Uint8Array(BigInt64Array.from(values, BigInt).buffer)

interface Weights {
  readonly scales: readonly number[]
  readonly zeroPoints?: readonly number[]
  readonly axis?: number
}

/** y = x · w with w quantised by nodes, as exporters write it. */
function quantised({ scales, zeroPoints = scales.map(() => 0), axis = 1 }: Weights): Uint8Array {
  const dims = (values: readonly number[]) => (values.length === 1 ? [] : [values.length])
  return buildOnnx({
    nodes: [
      { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['q'] },
      { op: 'DequantizeLinear', inputs: ['q', 's', 'z'], outputs: ['xd'] },
      { op: 'DequantizeLinear', name: 'weights', inputs: ['w', 'ws', 'wz'], outputs: ['wd'], ints: { axis } },
      { op: 'MatMul', inputs: ['xd', 'wd'], outputs: ['y'] },
    ],
    constants: [
      { name: 's', type: 1, dims: [], raw: floats(0.1) },
      { name: 'z', type: 3, dims: [], raw: Uint8Array.of(0) },
      { name: 'ws', type: 1, dims: dims(scales), raw: floats(...scales) },
      { name: 'wz', type: 3, dims: dims(zeroPoints), raw: Uint8Array.from(zeroPoints) },
      { name: 'w', type: 3, dims: [2, 3], raw: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    ],
    inputs: [{ name: 'x', dims: [1, 2] }],
    outputs: [{ name: 'y', dims: [1, 3] }],
  })
}

describe('quantisation of ONNX models', () => {
  it('is taken where it fits', () => {
    expect(outcome(quantised({ scales: [0.1] }))).toBe('compiled')
    expect(outcome(quantised({ scales: [0.1, 0.2, 0.3] }))).toBe('compiled')
    expect(outcome(quantised({ scales: [0.1, 0.2], axis: -2 }))).not.toMatch(/^MODEL_ILLEGAL/)
  })

  it.each([
    [{ scales: [0] }, 'has the scale 0 in "ws"'],
    [{ scales: [Number.NaN] }, 'has the scale NaN in "ws"'],
    [{ scales: [Number.POSITIVE_INFINITY] }, 'has the scale Infinity in "ws"'],
    [{ scales: [-0.5] }, 'has the scale -0.5 in "ws"'],
    [{ scales: [1, 1, 0] }, 'has the scale 0 in "ws"'],
    [{ scales: [] }, 'has no scale in "ws"'],
    [{ scales: [1, 1] }, 'has 2 scales along axis 1 of [2,3]'],
    [{ scales: [1, 1, 1], axis: 9 }, 'has 3 scales along axis 9 of [2,3]'],
    [{ scales: [1, 1, 1], zeroPoints: [0, 0] }, 'has zero points [2] for scales [3]'],
  ])('is refused where it cannot be: %j', (weights, what) => {
    expect(outcome(quantised(weights))).toBe(`MODEL_ILLEGAL Node "weights" ${what}.`)
  })
})

describe('quantisation of ONNX products', () => {
  /** y = x · w in the operator form, with scales by column of w. */
  const product = (columns: number) =>
    buildOnnx({
      nodes: [{ op: 'QLinearMatMul', inputs: ['x', 's', 'z', 'w', 'ws', 'wz', 's', 'z'], outputs: ['y'] }],
      constants: [
        { name: 's', type: 1, dims: [], raw: floats(0.1) },
        { name: 'z', type: 3, dims: [], raw: Uint8Array.of(0) },
        { name: 'ws', type: 1, dims: [columns], raw: floats(...Array.from({ length: columns }, () => 0.5)) },
        { name: 'wz', type: 3, dims: [columns], raw: new Uint8Array(columns) },
        { name: 'w', type: 3, dims: [2, 3], raw: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      ],
      inputs: [{ name: 'x', type: 3, dims: [1, 2] }],
      outputs: [{ name: 'y', type: 3, dims: [1, 3] }],
    })

  it('goes by column, not by row', () => {
    expect(outcome(product(3))).not.toMatch(/scales/)
    expect(outcome(product(2))).toBe('MODEL_ILLEGAL Node "QLinearMatMul" has 2 scales along axis -1 of [2,3].')
  })
})

describe('quantisation of TFLite models', () => {
  it('is needed by the integer kernels: where it is missing the compiler names the tensor', () => {
    const graph = canonicalGraph(
      [
        tensor('x', 'int8', [1, 4], { quantization: perTensor(1) }),
        tensor('w', 'int8', [2, 4], { values: new Int8Array(8) }),
        tensor('y', 'int8', [1, 2], { quantization: perTensor(1) }),
      ],
      [
        node('fully_connected', ['x', 'w', ''], ['y'], {
          activation: 'none',
          weightsFormat: 0,
          keepNumDims: 0,
          version: 4,
        }),
      ],
      ['x'],
      ['y'],
    )
    expect(outcome(writeTflite(graph))).toMatch(/^(OP_UNSUPPORTED|MODEL_ILLEGAL) .*"w"/)
  })
})

const relu = (dims: readonly (number | string)[], opset = 13): OnnxParts => ({
  nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  inputs: [{ name: 'x', dims }],
  outputs: [{ name: 'y', dims }],
  opset,
})

describe('shapes', () => {
  it.each([
    [[0, 3], /^OP_UNSUPPORTED its shape \[0, 3\]/],
    [[-1, 3], /^MODEL_ILLEGAL Tensor "x" has the dimension -1/],
    [[2 ** 31, 2 ** 31], /^MODEL_ILLEGAL Tensor "x" has more than 2147483647 elements/],
    [[2 ** 20, 2 ** 12], /^MODEL_ILLEGAL Tensor "x" has more than 2147483647 elements/],
    [[2 ** 29], /^OP_UNSUPPORTED it has 2147483648 bytes; at most 67108864 are compiled/],
    [Array.from({ length: 33 }, () => 1), /^MODEL_ILLEGAL Tensor "x" has 33 dimensions/],
  ])('of %j elements are refused', (dims, what) => {
    expect(outcome(buildOnnx(relu(dims)))).toMatch(what)
  })

  const open = (op: string, ints: Readonly<Record<string, readonly number[]>>, list?: readonly number[]) =>
    buildOnnx({
      nodes: [{ op, inputs: ['x', ...(list ? ['s'] : [])], outputs: ['y'], ints }],
      constants: list ? [{ name: 's', type: 7, dims: [list.length], raw: int64(...list) }] : [],
      inputs: [{ name: 'x', dims: [1, 1, 4, 4] }],
      outputs: [{ name: 'y', dims: ['a', 'b', 'c', 'd'] }],
    })

  it.each([
    ['pads without end', open('MaxPool', { kernel_shape: [1, 1], pads: [0, 0, 2 ** 30, 2 ** 30] })],
    ['a stride of 0', open('MaxPool', { kernel_shape: [1, 1], strides: [0, 0] })],
    ['a stride below 0', open('MaxPool', { kernel_shape: [1, 1], strides: [-1, -1] })],
    ['a window of 0', open('MaxPool', { kernel_shape: [0, 0] })],
    ['a window without end', open('MaxPool', { kernel_shape: [2 ** 40, 2 ** 40], pads: Array(4).fill(2 ** 39) })],
    ['a Reshape to more elements', open('Reshape', {}, [2 ** 40, -1])],
    ['a Pad without end', open('Pad', {}, [0, 0, 0, 0, 0, 0, 2 ** 29, 2 ** 29])],
  ])('that are inferred are refused: %s', (_, bytes) => {
    expect(outcome(bytes)).toMatch(/^MODEL_ILLEGAL /)
  })

  it('that the interpreter could not hold are refused by it', () => {
    const shape = [2 ** 15, 2 ** 15]
    const graph = canonicalGraph(
      [tensor('x', 'float32', shape), tensor('y', 'float32', shape)],
      [node('relu', ['x'], ['y'], { version: 1 })],
      ['x'],
      ['y'],
    )
    expect(() => interpret(graph, [new Float32Array(1)], 'tflm')).toThrow(/has 1073741824 elements; at most 268435456/)
  })

  it('that move too many elements are refused by the compiler', () => {
    const quantization = perTensor(1)
    const graph = canonicalGraph(
      [
        tensor('x', 'int8', [8192, 4096], { quantization }),
        tensor('p', 'int32', [2], { values: Int32Array.of(1, 0) }),
        tensor('y', 'int8', [4096, 8192], { quantization }),
      ],
      [node('transpose', ['x', 'p'], ['y'], { version: 1 })],
      ['x'],
      ['y'],
    )
    expect(outcome(writeTflite(graph))).toBe('OP_UNSUPPORTED it moves more than 16777216 elements')
  })
})

describe('versions', () => {
  it.each([
    [999, 'OP_UNSUPPORTED Its operator set has version 999; milliwatt knows those up to 26.'],
    [0, 'MODEL_NOT_A_MODEL ONNX reader: operator set "" has version 0.'],
    [-1, 'MODEL_NOT_A_MODEL ONNX reader: operator set "" has version -1.'],
  ])('of the ONNX operator set: %i', (opset, what) => {
    expect(outcome(buildOnnx(relu([1, 3], opset)))).toBe(what)
  })

  it('of the ONNX intermediate representation', () => {
    const bytes = buildOnnx(relu([1, 3]))
    for (const version of [0, 2, 40, 127]) {
      expect(outcome(Uint8Array.of(0x08, version, ...bytes.subarray(2)))).toMatch(/^MODEL_NOT_A_MODEL /)
    }
  })

  it('of a TFLite operator', () => {
    const [x, y] = [tensor('x', 'float32', [1, 2]), tensor('y', 'float32', [1, 2])]
    const model = (version: number) =>
      writeTflite(canonicalGraph([x, y], [node('relu', ['x'], ['y'], { version })], ['x'], ['y']))
    expect(outcome(model(1))).toBe('compiled')
    expect(outcome(model(99))).toBe(
      'MODEL_ILLEGAL TFLite reader: operator relu has version 99; milliwatt knows those up to 20.',
    )
    expect(outcome(model(0))).toMatch(/^MODEL_ILLEGAL .*version 0/)
  })
})

describe('open dimensions on the command line', () => {
  const folder = temporaryFolder()
  const run = (...args: readonly string[]) => milliwatt(args, { cwd: folder, cache: join(folder, 'cache') })
  writeFileSync(join(folder, 'open.onnx'), buildOnnx(relu(['batch', 3])))
  writeFileSync(join(folder, 'in.bin'), new Uint8Array(24))

  it.each([
    ['convert', 'open.onnx', 'out.tflite'],
    ['compile', 'open.onnx', '-o', 'out.wasm'],
    ['profile', 'open.onnx'],
    ['run', 'open.onnx', '--raw-input', 'in.bin', '--raw-output', 'out.bin'],
  ])('are named by %s with the flag that closes them', async (...args) => {
    const { code, stderr } = await run(...args)
    expect(code).toBe(1)
    expect(stderr).toContain('give lengths, as with --dimensions batch=1')
    expect((await run(...args, '--dimensions', 'batch=2')).stderr).toBe('')
  })

  it('are shown by inspect, which names the flag as well', async () => {
    const { code, stdout } = await run('inspect', 'open.onnx')
    expect([code, stdout]).toEqual([0, expect.stringContaining('[batch, 3]')])
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('as with --dimensions batch=1')
  })
})
