import type { AttributeValue, DataType, Graph, Node, Tensor } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'

/** One scale and zero point for a whole tensor. */
export function perTensor(scale: number, zeroPoint = 0): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: null }
}

/** Scales along an axis, zero points 0. */
export function perChannel(scales: readonly number[], axis: number): Quantization {
  return { scales: scales.map(Math.fround), zeroPoints: scales.map(() => 0), axis }
}

type Numbers = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | BigInt64Array

/** A tensor; with `values` a constant. */
export function tensor(
  name: string,
  dtype: DataType,
  shape: readonly number[],
  { quantization, values }: { readonly quantization?: Quantization; readonly values?: Numbers } = {},
): Tensor {
  return {
    name,
    dtype,
    shape,
    ...(values ? { data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) } : {}),
    ...(quantization ? { quantization } : {}),
  }
}

/** A node in canonical form. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Node {
  return { name: `${op}#0`, op, domain: 'tflite', inputs, outputs, attributes }
}

/** A canonical graph; nodes are named as the reader names them. */
export function canonicalGraph(
  tensors: readonly Tensor[],
  nodes: readonly Node[],
  inputs: readonly string[],
  outputs: readonly string[],
): Graph {
  return {
    name: 'main',
    nodes: nodes.map((each, index) => ({ ...each, name: `${each.op}#${index}` })),
    tensors: new Map(tensors.map((each) => [each.name, each])),
    inputs,
    outputs,
    opsets: { tflite: 3 },
  }
}

const noPads = { padTop: 0, padBottom: 0, padLeft: 0, padRight: 0 }

/** A small int8 network: convolution by channel, average pool, reshape, fully connected, softmax. */
export function smallNetwork(): Graph {
  const signed = (length: number) => Int8Array.from({ length }, (_, i) => ((i * 37) % 255) - 127)
  return canonicalGraph(
    [
      tensor('x', 'int8', [1, 6, 5, 2], { quantization: perTensor(0.5, 3) }),
      tensor('w', 'int8', [3, 3, 3, 2], { quantization: perChannel([0.01, 0.02, 0.03], 0), values: signed(54) }),
      tensor('b', 'int32', [3], {
        quantization: perChannel([0.005, 0.01, 0.015], 0),
        values: Int32Array.of(10, -20, 30),
      }),
      tensor('c', 'int8', [1, 3, 3, 3], { quantization: perTensor(0.4, -128) }),
      tensor('p', 'int8', [1, 1, 1, 3], { quantization: perTensor(0.4, -128) }),
      tensor('s', 'int32', [2], { values: Int32Array.of(-1, 3) }),
      tensor('r', 'int8', [1, 3], { quantization: perTensor(0.4, -128) }),
      tensor('v', 'int8', [4, 3], { quantization: perTensor(0.02), values: signed(12) }),
      tensor('f', 'int8', [1, 4], { quantization: perTensor(0.2, 7) }),
      tensor('y', 'int8', [1, 4], { quantization: perTensor(1 / 256, -128) }),
    ],
    [
      node('conv_2d', ['x', 'w', 'b'], ['c'], {
        strideH: 2,
        strideW: 2,
        activation: 'relu',
        dilationH: 1,
        dilationW: 1,
        padTop: 0,
        padBottom: 1,
        padLeft: 1,
        padRight: 1,
        version: 3,
      }),
      node('average_pool_2d', ['c'], ['p'], {
        strideH: 3,
        strideW: 3,
        filterH: 3,
        filterW: 3,
        activation: 'none',
        ...noPads,
        version: 2,
      }),
      node('reshape', ['p', 's'], ['r'], { version: 1 }),
      node('fully_connected', ['r', 'v', ''], ['f'], {
        activation: 'none',
        weightsFormat: 0,
        keepNumDims: 0,
        asymmetricQuantizeInputs: 0,
        version: 4,
      }),
      node('softmax', ['f'], ['y'], { beta: 1, version: 2 }),
    ],
    ['x'],
    ['y'],
  )
}
