import { writeTflite } from '../formats/tflite/writer.ts'
import type { Graph, Tensor } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import type { TensorValue } from './backend.ts'

const [height, width, channels, filters] = [6, 6, 4, 8]

/** Element types in which a trial model is made. */
export type TrialType = 'float32' | 'int8'

const convolution = {
  name: 'conv_2d#0',
  op: 'conv_2d',
  domain: 'tflite',
  inputs: ['x', 'w', 'b'],
  outputs: ['y'],
  attributes: {
    strideH: 1,
    strideW: 1,
    dilationH: 1,
    dilationW: 1,
    padTop: 0,
    padBottom: 0,
    padLeft: 0,
    padRight: 0,
    activation: 'none',
    version: 3,
  },
} as const

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

function tensorsOf(dtype: TrialType): readonly Tensor[] {
  const weights = Int8Array.from({ length: filters * channels }, (_, index) => ((index * 37) % 61) - 30)
  const quantized = (scale: number) =>
    dtype === 'int8' ? { quantization: { scales: [Math.fround(scale)], zeroPoints: [0], axis: null } } : {}
  const values = dtype === 'int8' ? weights : Float32Array.from(weights, (value) => value / 32)
  const bias = dtype === 'int8' ? new Int32Array(filters) : new Float32Array(filters)
  const biasType = dtype === 'int8' ? 'int32' : dtype
  return [
    { name: 'x', dtype, shape: [1, height, width, channels], ...quantized(0.05) },
    { name: 'w', dtype, shape: [filters, 1, 1, channels], data: bytesOf(values), ...quantized(0.02) },
    {
      name: 'b',
      dtype: biasType,
      shape: [filters],
      data: bytesOf(bias),
      ...quantized(Math.fround(0.05) * Math.fround(0.02)),
    },
    { name: 'y', dtype, shape: [1, height, width, filters], ...quantized(0.1) },
  ]
}

/** A model of one pointwise convolution, to see whether an accelerator works at all. */
export function trialModel(dtype: TrialType): Segment {
  const graph: Graph = {
    name: 'trial',
    nodes: [convolution],
    tensors: new Map(tensorsOf(dtype).map((tensor) => [tensor.name, tensor])),
    inputs: ['x'],
    outputs: ['y'],
    opsets: { tflite: 3 },
  }
  return { graph, source: { format: 'tflite', bytes: writeTflite(graph) } }
}

/** Inputs of the trial model, the same every time. */
export function trialInputs(dtype: TrialType): Readonly<Record<string, TensorValue>> {
  const shape = [1, height, width, channels]
  const numbers = Array.from({ length: height * width * channels }, (_, index) => ((index * 53) % 201) - 100)
  const data = dtype === 'int8' ? Int8Array.from(numbers) : Float32Array.from(numbers, (value) => value / 100)
  return { x: { dtype, shape, data } }
}
