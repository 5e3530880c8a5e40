import type { AttributeValue, Graph } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import { canonicalGraph, node, perTensor, tensor } from '../support/tflite-graphs.ts'

type Kind = 'int8' | 'float32'
type Shape = readonly number[]

/** A row: shapes of the inputs and of the output, lists of int32 after the inputs, attributes. */
interface Row {
  readonly op: string
  readonly inputs: readonly Shape[]
  readonly output: Shape
  readonly lists?: readonly (readonly number[])[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** Of the output; that of the input where values are only moved. */
  readonly quantization?: Quantization
}

const base = perTensor(0.05, 3)
const image: Shape = [1, 5, 4, 6]
const masks = { beginMask: 4, endMask: 14, shrinkAxisMask: 1, ellipsisMask: 0, newAxisMask: 0, offset: 0 }

const rows: readonly Row[] = [
  {
    op: 'sub',
    inputs: [image, [6]],
    output: image,
    quantization: perTensor(0.07, 4),
    attributes: { activation: 'none' },
  },
  {
    op: 'mul',
    inputs: [image, image],
    output: image,
    quantization: perTensor(0.11, -3),
    attributes: { activation: 'none' },
  },
  { op: 'maximum', inputs: [image, image], output: image },
  { op: 'minimum', inputs: [image, [6]], output: image },
  { op: 'relu', inputs: [image], output: image, quantization: perTensor(0.025, -128) },
  { op: 'relu6', inputs: [image], output: image, quantization: perTensor(0.05, -20) },
  { op: 'leaky_relu', inputs: [image], output: image, attributes: { alpha: Math.fround(0.2) } },
  { op: 'logistic', inputs: [image], output: image, quantization: perTensor(1 / 256, -128) },
  { op: 'tanh', inputs: [image], output: image, quantization: perTensor(1 / 128, 0) },
  { op: 'reshape', inputs: [image], output: [5, 24], lists: [[5, 24]] },
  { op: 'transpose', inputs: [image], output: [4, 1, 6, 5], lists: [[2, 0, 3, 1]] },
  { op: 'pad', inputs: [image], output: [1, 8, 4, 7], lists: [[0, 0, 1, 2, 0, 0, 1, 0]] },
  { op: 'mean', inputs: [image], output: [1, 6], lists: [[1, 2]], attributes: { keepDims: 0 } },
  { op: 'reduce_max', inputs: [image], output: [1, 6], lists: [[1, 2]], attributes: { keepDims: 0 } },
  {
    op: 'concatenation',
    inputs: [image, [1, 5, 4, 2]],
    output: [1, 5, 4, 8],
    attributes: { axis: 3, activation: 'none' },
  },
  {
    op: 'slice',
    inputs: [image],
    output: [1, 2, 4, 2],
    lists: [
      [0, 1, 0, 1],
      [1, 2, -1, 2],
    ],
  },
  {
    op: 'strided_slice',
    inputs: [image],
    output: [3, 4, 6],
    lists: [
      [0, 4, 9, 0],
      [0, -9, 9, 2],
      [1, -2, 1, 1],
    ],
    attributes: masks,
  },
  {
    op: 'resize_nearest_neighbor',
    inputs: [image],
    output: [1, 7, 8, 6],
    lists: [[7, 8]],
    attributes: { halfPixelCenters: 1, alignCorners: 0 },
  },
]

function graphOf({ op, inputs, output, lists = [], attributes, quantization = base }: Row, kind: Kind): Graph {
  const activation = (name: string, shape: Shape, of: Quantization) =>
    tensor(name, kind, shape, kind === 'int8' ? { quantization: of } : {})
  const given = inputs.map((shape, index) => activation(`x${index}`, shape, base))
  const constants = lists.map((values, index) => {
    const shape = op === 'pad' ? [values.length / 2, 2] : [values.length]
    return tensor(`list${index}`, 'int32', shape, { values: Int32Array.from(values) })
  })
  const names = given.map(({ name }) => name)
  const made = node(op, [...names, ...constants.map(({ name }) => name)], ['y'], attributes)
  return canonicalGraph([...given, ...constants, activation('y', output, quantization)], [made], names, ['y'])
}

/** Makers of graphs of one operator between their inputs and their output, by the operator. */
export const moreMakers: Readonly<Record<string, (kind: Kind) => Graph>> = Object.fromEntries(
  rows.map((row) => [row.op, (kind: Kind) => graphOf(row, kind)]),
)
