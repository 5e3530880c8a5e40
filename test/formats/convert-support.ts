import * as ort from 'onnxruntime-web'
import { toCanonical } from '../../src/formats/convert/to-canonical.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import type { AttributeValue, DataType, Graph, Node, Tensor } from '../../src/graph/graph.ts'
import type { Quantization } from '../../src/graph/quantization.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Semantics } from '../../src/graph/reference/kernel.ts'
import type { Values } from '../../src/graph/reference/values.ts'

/** A stream of numbers in [0, 1) that a seed fixes. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Shape of a tensor whose lengths are all known. */
function shapeOf(tensor: Tensor): readonly number[] {
  return tensor.shape as readonly number[]
}

/** Random elements for a tensor: any integer of 8 bits, floats within [-range, range). */
export function randomValues(tensor: Tensor, random: () => number, range = 2): Float32Array | Int8Array | Uint8Array {
  const length = shapeOf(tensor).reduce((a, b) => a * b, 1)
  if (tensor.dtype === 'int8') return Int8Array.from({ length }, () => Math.floor(random() * 256) - 128)
  if (tensor.dtype === 'uint8') return Uint8Array.from({ length }, () => Math.floor(random() * 256))
  return Float32Array.from({ length }, () => (2 * random() - 1) * range)
}

/** A model in onnxruntime's WebAssembly, one thread. */
export async function ortModel(
  bytes: Uint8Array,
): Promise<(inputs: Readonly<Record<string, [Tensor, Values]>>) => Promise<Readonly<Record<string, Values>>>> {
  ort.env.wasm.numThreads = 1
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 })
  return async (inputs) => {
    const feeds = Object.entries(inputs).map(([name, [tensor, data]]) => {
      const value = new ort.Tensor(tensor.dtype as ort.Tensor.Type, data as ort.Tensor.DataType, shapeOf(tensor))
      return [name, value] as const
    })
    const results = await session.run(Object.fromEntries(feeds) as Record<string, ort.Tensor>)
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, value.data as unknown as Values]))
  }
}

/** The largest difference between two lists of elements. */
export function largestDifference(a: Values, b: Values): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return Math.max(0, ...Array.from(a as ArrayLike<number>, (value, index) => Math.abs(value - Number(b[index]))))
}

/** Elements of a graph's first output. */
export function firstOutput(graph: Graph, inputs: readonly Values[], semantics: Semantics): Values {
  return interpret(graph, inputs, semantics).get(graph.outputs[0]!)!
}

/** Writes a graph of ONNX operators and reads it back in canonical form. */
export function throughOnnx(graph: Graph): Graph {
  return toCanonical(readModel(writeOnnx(graph), 'written').graph)
}

/** A tensor of a test graph: constants hold random elements. */
export function tensor(
  name: string,
  shape: readonly number[],
  more: { dtype?: DataType; quantization?: Quantization; data?: ArrayBufferView; constant?: () => number } = {},
): Tensor {
  const { dtype = 'float32', quantization, constant } = more
  const plain: Tensor = { name, dtype, shape, ...(quantization ? { quantization } : {}) }
  const values = more.data ?? (constant ? randomValues(plain, constant, 1) : null)
  if (!values) return plain
  return { ...plain, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice() }
}

/** A node of a test graph. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  domain = '',
): Node {
  return { name: `${op}:${outputs[0]}`, op, domain, inputs, outputs, attributes }
}

/** A test graph: its inputs are the tensors that nothing makes. */
export function graphOf(nodes: readonly Node[], tensors: readonly Tensor[], outputs: readonly string[]): Graph {
  const made = new Set(nodes.flatMap((each) => each.outputs))
  const inputs = tensors.filter(({ name, data }) => !data && !made.has(name)).map(({ name }) => name)
  const opsets = nodes.some(({ domain }) => domain === 'tflite') ? { tflite: 3 } : { '': 14, 'com.microsoft': 1 }
  return { name: 'test', nodes, tensors: new Map(tensors.map((each) => [each.name, each])), inputs, outputs, opsets }
}
