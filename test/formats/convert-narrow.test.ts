import { describe, expect, it } from 'vitest'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import type { DataType, Graph } from '../../src/graph/graph.ts'
import { firstOutput, graphOf, node, randomNumbers, randomValues, tensor, throughOnnx } from './convert-support.ts'

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
