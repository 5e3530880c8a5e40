import { describe, expect, it } from 'vitest'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import type { DataType, Graph } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import {
  firstOutput,
  graphOf,
  largestDifference,
  node,
  ortModel,
  randomNumbers,
  randomValues,
  tensor,
  throughOnnx,
} from './convert-support.ts'

const random = randomNumbers(5)
const per = (scale: number, zeroPoint = 0) => ({ scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: null })

/** A fully connected layer of given types. */
function dense(activations: DataType, weights: DataType, bias: DataType): Graph {
  const values = bias === 'int64' ? BigInt64Array.of(5n, -700n, 33n) : Int32Array.of(5, -700, 33)
  const bytes = Uint8Array.from({ length: weights === 'int4' ? 12 : 24 }, () => Math.floor(random() * 256))
  return graphOf(
    [node('fully_connected', ['x', 'w', 'b'], ['y'], { activation: 'relu', keepNumDims: 0 }, 'tflite')],
    [
      tensor('x', [2, 8], { dtype: activations, quantization: per(0.02) }),
      tensor('w', [3, 8], { dtype: weights, quantization: per(0.01), data: bytes }),
      tensor('b', [3], { dtype: bias, data: values }),
      tensor('y', [2, 3], { dtype: activations, quantization: per(0.03) }),
    ],
    ['y'],
  )
}

/** A transposed convolution of stride 2; `quantised` by channel. */
function transposedConvolution(quantised: boolean): Graph {
  const scales = [0.004, 0.005].map(Math.fround)
  const of = (quantization: Quantization) => (quantised ? { dtype: 'int8' as const, quantization } : {})
  const weights = of({ scales, zeroPoints: [0, 0], axis: 0 })
  const bias = quantised
    ? tensor('b', [2], { dtype: 'int32', data: Int32Array.of(300, -200) })
    : tensor('b', [2], { data: Float32Array.of(0.5, -0.25) })
  const pads = { padTop: 0, padBottom: 1, padLeft: 1, padRight: 0 }
  return graphOf(
    [
      node(
        'transpose_conv',
        ['shape', 'w', 'x', 'b'],
        ['y'],
        { strideH: 2, strideW: 2, activation: 'relu', ...pads },
        'tflite',
      ),
    ],
    [
      tensor('shape', [4], { dtype: 'int32', data: Int32Array.of(1, 6, 8, 2) }),
      tensor('w', [2, 3, 3, 3], { ...weights, constant: random }),
      tensor('x', [1, 3, 4, 3], of(per(0.02, 10))),
      bias,
      tensor('y', [1, 6, 8, 2], of(per(0.03, -100))),
    ],
    ['y'],
  )
}

describe('operators of their own kind through ONNX', () => {
  const largest = graphOf(
    [node('arg_max', ['x', 'axis'], ['y'], { outputType: 'int32' }, 'tflite')],
    [
      tensor('x', [1, 5, 4, 3], { dtype: 'int8', quantization: per(0.02, 10) }),
      tensor('axis', [], { dtype: 'int32', data: Int32Array.of(3) }),
      tensor('y', [1, 5, 4], { dtype: 'int32' }),
    ],
    ['y'],
  )
  const cases: readonly (readonly [string, Graph, number])[] = [
    ['TRANSPOSE_CONV of floats', transposedConvolution(false), 1e-5],
    ['TRANSPOSE_CONV of integers', transposedConvolution(true), 1],
    ['ARG_MAX', largest, 0],
  ]
  it.each(cases)('%s', async (_, graph, tolerance) => {
    const written = toOnnx(graph)
    const x = graph.tensors.get('x')!
    const data = randomValues(x, random)
    const own = firstOutput(graph, [data], 'fp32')
    expect(firstOutput(throughOnnx(written), [data], 'fp32')).toEqual(own)
    const outside = await (await ortModel(writeOnnx(written)))({ x: [x, data] })
    expect(largestDifference(outside.y!, own)).toBeLessThanOrEqual(tolerance)
  })
})

describe('types besides int8 through ONNX', () => {
  it('keeps the outputs of int4 weights, which become int8', () => {
    const graph = dense('int8', 'int4', 'int32')
    const back = throughOnnx(toOnnx(graph))
    expect(back.tensors.get(back.nodes[0]!.inputs[1]!)!.dtype).toBe('int8')
    const data = randomValues(graph.tensors.get('x')!, random)
    expect(firstOutput(back, [data], 'tflm')).toEqual(firstOutput(graph, [data], 'tflm'))
  })

  it('keeps the outputs of int16 activations and their int64 bias', () => {
    const graph = dense('int16', 'int8', 'int64')
    const written = toOnnx(graph)
    expect(written.opsets).toEqual({ '': 21 })
    const data = Int16Array.from({ length: 16 }, () => Math.floor(random() * 65536) - 32768)
    expect(firstOutput(throughOnnx(written), [data], 'tflm')).toEqual(firstOutput(graph, [data], 'tflm'))
  })
})
