import { describe, expect, it } from 'vitest'
import { openTflite } from '../../../src/backends/tfjs-tflite-module.ts'
import { readModel } from '../../../src/formats/list.ts'
import { writeTflite } from '../../../src/formats/tflite/writer.ts'
import type { AttributeValue, DataType, Tensor } from '../../../src/graph/graph.ts'
import type { Quantization } from '../../../src/graph/quantization.ts'
import { interpret } from '../../../src/graph/reference/interpret.ts'
import type { Values } from '../../../src/graph/reference/values.ts'
import { host } from '../../conformance/compare.ts'
import { largestDifference, randomNumbers } from '../../formats/convert-support.ts'
import { canonicalGraph, node, perTensor, tensor } from '../../support/tflite-graphs.ts'

const random = randomNumbers(3)

interface Case {
  readonly op: string
  readonly type: DataType
  readonly inputs: readonly (readonly number[])[]
  readonly output: readonly number[]
  /** Constants behind the inputs. */
  readonly constants?: readonly Tensor[]
  readonly constantsFirst?: true
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly quantization?: Quantization
  readonly outputType?: DataType
  readonly outputQuantization?: Quantization
  readonly range?: readonly [number, number]
  /** Types of the inputs where they differ from `type`. */
  readonly types?: readonly DataType[]
  readonly tolerance?: number
  readonly version?: number
}

const ints = (name: string, ...values: readonly number[]) =>
  tensor(name, 'int32', [values.length], { values: Int32Array.from(values) })
const scalar = (name: string, value: number) => ({ ...ints(name, value), shape: [] })
const matrix = (name: string, ...values: readonly number[]) => ({
  ...ints(name, ...values),
  shape: [values.length / 2, 2],
})
const wide = [-2, 2] as const

const cases: readonly Case[] = [
  ...(['sin', 'cos', 'floor', 'ceil', 'round', 'square', 'neg', 'abs', 'exp', 'elu'] as const).map(
    (op): Case => ({ op, type: 'float32', inputs: [[3, 5]], output: [3, 5], range: [-3, 3], tolerance: 2e-6 }),
  ),
  ...(['log', 'sqrt', 'rsqrt'] as const).map(
    (op): Case => ({ op, type: 'float32', inputs: [[3, 5]], output: [3, 5], range: [0.1, 9], tolerance: 1e-6 }),
  ),
  { op: 'pow', type: 'float32', inputs: [[3, 5], [5]], output: [3, 5], range: [0.1, 3], tolerance: 1e-5 },
  { op: 'floor_div', type: 'float32', inputs: [[3, 5], [5]], output: [3, 5], range: [1, 9] },
  { op: 'floor_div', type: 'int32', inputs: [[3, 5], [5]], output: [3, 5], range: [1, 40] },
  { op: 'floor_mod', type: 'float32', inputs: [[3, 5], [5]], output: [3, 5], range: [1, 9], tolerance: 1e-6 },
  { op: 'floor_mod', type: 'int32', inputs: [[3, 5], [5]], output: [3, 5], range: [-40, -1] },
  { op: 'squared_difference', type: 'float32', inputs: [[3, 5], [5]], output: [3, 5], range: wide },
  { op: 'squared_difference', type: 'int32', inputs: [[3, 5], [5]], output: [3, 5], range: [-99, 99] },
  {
    op: 'squared_difference',
    type: 'int8',
    inputs: [[8, 40], [40]],
    output: [8, 40],
    outputQuantization: perTensor(0.4, -120),
    version: 2,
  },
  { op: 'tile', type: 'float32', inputs: [[2, 3]], output: [4, 9], constants: [ints('times', 2, 3)], range: wide },
  {
    op: 'broadcast_to',
    type: 'float32',
    inputs: [[2, 1]],
    output: [3, 2, 4],
    constants: [ints('s', 3, 2, 4)],
    version: 2,
  },
  { op: 'reverse_v2', type: 'float32', inputs: [[2, 3, 4]], output: [2, 3, 4], constants: [ints('axes', 1)] },
  { op: 'gather_nd', type: 'float32', inputs: [[3, 4, 2]], output: [3, 2], constants: [matrix('i', 0, 1, 2, 3, 1, 0)] },
  {
    op: 'space_to_batch_nd',
    type: 'float32',
    inputs: [[2, 5, 6, 3]],
    output: [12, 3, 2, 3],
    constants: [ints('blocks', 2, 3), matrix('pads', 1, 0, 0, 0)],
  },
  {
    op: 'space_to_batch_nd',
    type: 'int8',
    inputs: [[1, 5, 5, 2]],
    output: [4, 3, 3, 2],
    constants: [ints('blocks', 2, 2), matrix('pads', 0, 1, 1, 0)],
    version: 2,
  },
  {
    op: 'batch_to_space_nd',
    type: 'float32',
    inputs: [[12, 3, 2, 3]],
    output: [2, 5, 6, 3],
    constants: [ints('blocks', 2, 3), matrix('crops', 1, 0, 0, 0)],
  },
  {
    op: 'select',
    type: 'float32',
    types: ['bool', 'float32', 'float32'],
    inputs: [[3], [3, 2], [3, 2]],
    output: [3, 2],
  },
  {
    op: 'select_v2',
    type: 'float32',
    types: ['bool', 'float32', 'float32'],
    inputs: [[3, 1], [3, 2], [1]],
    output: [3, 2],
  },
  {
    op: 'one_hot',
    type: 'int32',
    inputs: [[2, 3]],
    output: [2, 3, 4],
    constants: [scalar('depth', 4), scalar('on', 7), scalar('off', -1)],
    attributes: { axis: -1 },
    range: [-1, 5],
  },
  {
    op: 'one_hot',
    type: 'int32',
    inputs: [[2, 3]],
    output: [4, 2, 3],
    constants: [scalar('depth', 4), scalar('on', 7), scalar('off', -1)],
    attributes: { axis: 0 },
    range: [0, 4],
  },
  ...[
    { exclusive: 0, reverse: 0 },
    { exclusive: 1, reverse: 1 },
  ].map(
    (attributes): Case => ({
      op: 'cumsum',
      type: 'float32',
      inputs: [[3, 4, 2]],
      output: [3, 4, 2],
      constants: [scalar('axis', 1)],
      attributes,
    }),
  ),
  { op: 'topk_v2', type: 'float32', inputs: [[3, 7]], output: [3, 4], constants: [scalar('k', 4)] },
  {
    op: 'reduce_prod',
    type: 'float32',
    inputs: [[3, 4, 2]],
    output: [3, 2],
    constants: [ints('axes', 1)],
    tolerance: 1e-6,
  },
  { op: 'reduce_any', type: 'bool', inputs: [[3, 4]], output: [3], constants: [ints('axes', 1)] },
  { op: 'reduce_all', type: 'bool', inputs: [[9, 2]], output: [9], constants: [ints('axes', 1)] },
  { op: 'logical_not', type: 'bool', inputs: [[9]], output: [9] },
  { op: 'l2_normalization', type: 'float32', inputs: [[4, 6]], output: [4, 6], tolerance: 1e-6 },
  {
    op: 'l2_normalization',
    type: 'int8',
    inputs: [[50, 6]],
    output: [50, 6],
    outputQuantization: perTensor(1 / 128),
    version: 2,
  },
  {
    op: 'local_response_normalization',
    type: 'float32',
    inputs: [[1, 2, 2, 6]],
    output: [1, 2, 2, 6],
    attributes: { radius: 2, bias: 1.5, alpha: 0.25, beta: 0.5 },
    tolerance: 1e-6,
  },
  {
    op: 'l2_pool_2d',
    type: 'float32',
    inputs: [[1, 4, 4, 3]],
    output: [1, 2, 2, 3],
    attributes: { strideH: 2, strideW: 2, filterH: 2, filterW: 2, padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 },
    tolerance: 1e-6,
  },
  { op: 'maximum', type: 'int8', inputs: [[4, 9], [9]], output: [4, 9], version: 2 },
  ...(['less', 'greater_equal', 'equal'] as const).map(
    (op): Case => ({
      op,
      type: 'int8',
      inputs: [[30, 40], [40]],
      output: [30, 40],
      quantization: perTensor(0.002, 3),
      outputType: 'bool',
      version: 2,
    }),
  ),
  // TensorFlow Lite (not TensorFlow Lite Micro) has another form for powers of two.
  ...[2 ** -12, 2 ** -11, 0.0004].flatMap((scale) =>
    (['logistic', 'tanh'] as const).map(
      (op): Case => ({
        op,
        type: 'int16',
        inputs: [[2000]],
        output: [2000],
        quantization: perTensor(scale),
        outputQuantization: perTensor(2 ** -15),
        version: 3,
        tolerance: scale === 0.0004 ? 0 : 12,
      }),
    ),
  ),
  ...[0.0002, 0.0007].map(
    (scale): Case => ({
      op: 'softmax',
      type: 'int16',
      inputs: [[60, 11]],
      output: [60, 11],
      quantization: perTensor(scale),
      outputQuantization: perTensor(2 ** -15),
      attributes: { beta: 1 },
      version: 3,
      tolerance: 1,
    }),
  ),
  ...(['add', 'sub', 'mul'] as const).map(
    (op): Case => ({
      op,
      type: 'int16',
      inputs: [[400], [400]],
      output: [400],
      quantization: perTensor(0.0003),
      outputQuantization: perTensor(0.0008),
      attributes: { activation: 'none', potScaleInt16: 0 },
      version: op === 'add' ? 4 : op === 'sub' ? 5 : 4,
    }),
  ),
]

const ranges: Partial<Record<DataType, readonly [number, number]>> = {
  int8: [-128, 128],
  uint8: [0, 256],
  int16: [-32768, 32768],
  bool: [0, 2],
  int32: [-50, 50],
}

function valuesOf(type: DataType, length: number, given?: readonly [number, number]): Values {
  const [low, high] = given ?? ranges[type] ?? [-2, 2]
  const numbers = Array.from({ length }, () => low + random() * (high - low))
  if (type === 'float32') return Float32Array.from(numbers)
  const integers = numbers.map(Math.floor)
  if (type === 'int8') return Int8Array.from(integers)
  if (type === 'int16') return Int16Array.from(integers)
  return type === 'int32' ? Int32Array.from(integers) : Uint8Array.from(integers)
}

function graphOf({ op, type, inputs, output, constants = [], attributes = {}, version = 1, ...more }: Case) {
  const { types, outputType = type, quantization = perTensor(0.02, type === 'int16' ? 0 : 4) } = more
  const quantized = (each: DataType, own: Quantization) =>
    ['int8', 'uint8', 'int16'].includes(each) ? { quantization: own } : {}
  const fed = inputs.map((shape, index) => {
    const each = types?.[index] ?? type
    return tensor(`x${index}`, each, shape, quantized(each, quantization))
  })
  const result = tensor('y', outputType, output, quantized(outputType, more.outputQuantization ?? quantization))
  const extra = op === 'topk_v2' ? [tensor('places', 'int32', output)] : []
  const names = [...fed, ...constants].map(({ name }) => name)
  const outputs = ['y', ...extra.map(({ name }) => name)]
  return canonicalGraph(
    [...fed, ...constants, result, ...extra],
    [node(op, names, outputs, { activation: 'none', keepDims: 0, ...attributes, version })],
    fed.map(({ name }) => name),
    outputs,
  )
}

const probe = writeTflite(graphOf(cases[0]!))
const installed = (await openTflite(host, probe, 'test')) !== null

describe.runIf(installed)('operators beside TensorFlow Lite (needs @tensorflow/tfjs-tflite)', () => {
  it.each(cases.map((each, index) => ({ ...each, index })))('$op of $type (case $index)', async (each) => {
    const file = writeTflite(graphOf(each))
    const model = (await openTflite(host, file, each.op))!
    const graph = readModel(file, each.op).graph
    try {
      for (let turn = 0; turn < 5; turn++) {
        const values = graph.inputs.map((name) => {
          const { dtype, shape } = graph.tensors.get(name)!
          return valuesOf(
            dtype,
            (shape as number[]).reduce((a, b) => a * b, 1),
            dtype === 'bool' ? undefined : each.range,
          )
        })
        values.forEach((value, index) => {
          model.inputs[index]!.write(value)
        })
        await model.infer()
        const ours = interpret(graph, values, 'tflm')
        graph.outputs.forEach((name, index) => {
          const theirs = ours.get(name)!.slice()
          model.outputs[index]!.read(theirs)
          expect(largestDifference(ours.get(name)!, theirs)).toBeLessThanOrEqual(each.tolerance ?? 0)
        })
      }
    } finally {
      model.free()
    }
  })
})
