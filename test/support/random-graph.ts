import fc from 'fast-check'
import type { Graph, Node, Tensor } from '../../src/graph/graph.ts'
import { canonicalGraph, node, perChannel, perTensor, tensor } from './tflite-graphs.ts'

/** One layer of a random graph: an operator and the tensors that it reads, as numbers to be taken modulo what is there. */
interface Layer {
  readonly op: 'add' | 'mul' | 'conv_2d' | 'relu'
  readonly a: number
  readonly b: number
  readonly scale: number
  readonly zero: number
}

/** Layers with branches, residuals and tensors that several layers read; any tensor may be an output. */
export const randomLayers: fc.Arbitrary<readonly Layer[]> = fc.array(
  fc.record({
    op: fc.constantFrom('add', 'mul', 'conv_2d', 'relu'),
    a: fc.nat(99),
    b: fc.nat(99),
    scale: fc.double({ min: 0.02, max: 0.2, noNaN: true }),
    zero: fc.integer({ min: -20, max: 20 }),
  }),
  { minLength: 1, maxLength: 10 },
)

const shape = [1, 3, 3, 4]

function activation(name: string, type: 'int8' | 'float32', { scale, zero }: Pick<Layer, 'scale' | 'zero'>): Tensor {
  return tensor(name, type, shape, type === 'int8' ? { quantization: perTensor(scale, zero) } : {})
}

function convolution(at: number, type: 'int8' | 'float32', x: string, y: string): readonly [Node, readonly Tensor[]] {
  const noise = (index: number) => ((index * 7919 + at * 104729) % 251) - 125
  const weights = Array.from({ length: 16 }, (_, index) => noise(index))
  const window = {
    padTop: 0,
    padBottom: 0,
    padLeft: 0,
    padRight: 0,
    dilationH: 1,
    dilationW: 1,
    strideH: 1,
    strideW: 1,
  }
  const made = node('conv_2d', [x, `w${at}`, ''], [y], { ...window, activation: 'none', version: 3 })
  const dims = [4, 1, 1, 4]
  const quantization = perChannel([0.01, 0.02, 0.015, 0.005], 0)
  const w =
    type === 'int8'
      ? tensor(`w${at}`, type, dims, { quantization, values: Int8Array.from(weights) })
      : tensor(`w${at}`, type, dims, { values: Float32Array.from(weights, (value) => value / 300) })
  return [made, [w]]
}

/** A canonical graph of these layers, in int8 or float32; outputs are the last tensor and every one that nobody reads. */
export function randomGraph(layers: readonly Layer[], type: 'int8' | 'float32'): Graph {
  const tensors: Tensor[] = [
    activation('t0', type, { scale: 0.05, zero: 3 }),
    activation('t1', type, { scale: 0.03, zero: -5 }),
  ]
  const names = ['t0', 't1']
  const nodes = layers.map((layer, at) => {
    const [a, b, y] = [names[layer.a % names.length]!, names[layer.b % names.length]!, `t${at + 2}`]
    const from = tensors.find(({ name }) => name === a)!
    // ReLU keeps the scale of what it reads, as TensorFlow Lite wants it of neither; the others have their own.
    tensors.push(layer.op === 'relu' ? { ...from, name: y } : activation(y, type, layer))
    names.push(y)
    if (layer.op === 'relu') return node('relu', [a], [y], { version: 2 })
    if (layer.op !== 'conv_2d') return node(layer.op, [a, b], [y], { activation: 'none', version: 2 })
    const [made, constants] = convolution(at, type, a, y)
    tensors.push(...constants)
    return made
  })
  const read = new Set(nodes.flatMap(({ inputs }) => inputs))
  const outputs = names.slice(2).filter((name, at) => !read.has(name) || at === layers.length - 1)
  return canonicalGraph(tensors, nodes, ['t0', 't1'], outputs)
}
