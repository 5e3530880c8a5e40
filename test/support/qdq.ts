import { type Graph, type Node, numberAttribute, type Tensor } from '../../src/graph/graph.ts'
import { buildOnnx, floats, type OnnxParts } from './onnx-builder.ts'

/** ONNX numbers of the types at hand. */
const types: Readonly<Record<string, number>> = { float32: 1, int8: 3, int32: 6, int64: 7 }

const int64 = (...values: readonly number[]) => new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer)

/** Elements of a byte tensor in another order of its axes. */
function permuted(data: Uint8Array, shape: readonly number[], order: readonly number[]): Uint8Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  const result = order.reduce<readonly number[]>(
    (bases, axis) => bases.flatMap((base) => Array.from({ length: shape[axis]! }, (_, i) => base + i * strides[axis]!)),
    [0],
  )
  return Uint8Array.from(result, (at) => data[at]!)
}

/** Axes of a canonical tensor in ONNX's order. */
const toNchw = [0, 3, 1, 2]
const orders: Readonly<Record<string, readonly number[]>> = {
  conv_2d: toNchw,
  depthwise_conv_2d: [3, 0, 1, 2],
  fully_connected: [0, 1],
}

type Parts = { nodes: OnnxParts['nodes'][number][]; constants: NonNullable<OnnxParts['constants']>[number][] }

/** Activations are uint8 in ONNX, where onnxruntime fuses them on every machine; weights stay int8. */
function quantizer(parts: Parts, { name, quantization, dtype, data }: Tensor): readonly string[] {
  const { scales, zeroPoints } = quantization!
  if (!data) {
    parts.constants.push({ name: `${name}/scale`, type: 1, dims: [], raw: floats(...scales) })
    parts.constants.push({ name: `${name}/zero`, type: 2, dims: [], raw: Uint8Array.of(zeroPoints[0]! + 128) })
    return [`${name}/scale`, `${name}/zero`]
  }
  const dims = scales.length === 1 ? [] : [scales.length]
  const zero = dtype === 'int32' ? new Uint8Array(Int32Array.from(zeroPoints).buffer) : Uint8Array.from(zeroPoints)
  parts.constants.push({ name: `${name}/scale`, type: 1, dims, raw: floats(...scales) })
  parts.constants.push({ name: `${name}/zero`, type: types[dtype]!, dims, raw: zero })
  return [`${name}/scale`, `${name}/zero`]
}

function addWeights(parts: Parts, graph: Graph, node: Node): void {
  const order = orders[node.op]!
  const [weights, bias] = [graph.tensors.get(node.inputs[1]!)!, graph.tensors.get(node.inputs[2] ?? '')]
  const shape = weights.shape as readonly number[]
  const dims = order.map((axis) => shape[axis]!)
  parts.constants.push({ name: weights.name, type: 3, dims, raw: permuted(weights.data!, shape, order) })
  if (bias) parts.constants.push({ name: bias.name, type: 6, dims: bias.shape as number[], raw: bias.data! })
  for (const each of bias ? [weights, bias] : [weights])
    parts.nodes.push({
      op: 'DequantizeLinear',
      inputs: [each.name, ...quantizer(parts, each)],
      outputs: [`${each.name}/real`],
      ints: { axis: 0 },
    })
}

/** The ONNX node of a layer, on the `/real` names of its inputs. */
function layerNode(node: Node, graph: Graph, inputs: readonly string[], output: string): OnnxParts['nodes'][number] {
  const number = (name: string) => numberAttribute(node, name, 0)
  const strides = [number('strideH'), number('strideW')]
  const pads = [number('padTop'), number('padLeft'), number('padBottom'), number('padRight')]
  const outputs = [output]
  const groups = node.op === 'depthwise_conv_2d' ? graph.tensors.get(node.inputs[0]!)!.shape![3]! : 1
  if (node.op.endsWith('conv_2d'))
    return { op: 'Conv', inputs, outputs, ints: { strides, pads, group: Number(groups) } }
  if (node.op === 'fully_connected') return { op: 'Gemm', inputs, outputs, ints: { transB: 1 } }
  if (node.op === 'softmax') return { op: 'Softmax', inputs, outputs, ints: { axis: 1 } }
  if (node.op === 'add') return { op: 'Add', inputs, outputs }
  if (node.op === 'average_pool_2d')
    return {
      op: 'AveragePool',
      inputs,
      outputs,
      ints: { strides, pads, kernel_shape: [number('filterH'), number('filterW')] },
    }
  throw new Error(`no ONNX form of ${node.op}`)
}

function addLayer(parts: Parts, graph: Graph, node: Node): void {
  const out = graph.tensors.get(node.outputs[0]!)!
  if (node.op === 'reshape') {
    parts.constants.push({ name: `${out.name}/shape`, type: 7, dims: [2], raw: int64(1, -1) })
    parts.nodes.push({
      op: 'Reshape',
      inputs: [`${node.inputs[0]}/real`, `${out.name}/shape`],
      outputs: [`${out.name}/raw`],
    })
  } else {
    if (orders[node.op]) addWeights(parts, graph, node)
    const inputs = node.inputs.filter((name) => name !== '').map((name) => `${name}/real`)
    const rectified = node.attributes.activation === 'relu'
    parts.nodes.push(layerNode(node, graph, inputs, rectified ? `${out.name}/sum` : `${out.name}/raw`))
    if (rectified) parts.nodes.push({ op: 'Relu', inputs: [`${out.name}/sum`], outputs: [`${out.name}/raw`] })
  }
  const parameters = quantizer(parts, out)
  parts.nodes.push({ op: 'QuantizeLinear', inputs: [`${out.name}/raw`, ...parameters], outputs: [out.name] })
  parts.nodes.push({ op: 'DequantizeLinear', inputs: [out.name, ...parameters], outputs: [`${out.name}/real`] })
}

const onnxDims = ({ shape }: Tensor): number[] =>
  (shape!.length === 4 ? toNchw.map((axis) => shape![axis]!) : [...shape!]) as number[]

/**
 * A canonical int8 network as QDQ ONNX with the same weights, for onnxruntime; activations of rank 4 are NCHW.
 * @param outputs names of the tensors to give out
 */
export function toQdq(graph: Graph, outputs: readonly string[]): Uint8Array {
  const parts: Parts = { nodes: [], constants: [] }
  const x = graph.tensors.get(graph.inputs[0]!)!
  parts.nodes.push({ op: 'DequantizeLinear', inputs: [x.name, ...quantizer(parts, x)], outputs: [`${x.name}/real`] })
  for (const node of graph.nodes) addLayer(parts, graph, node)
  const value = (name: string) => ({ name, type: 2, dims: onnxDims(graph.tensors.get(name)!) })
  return buildOnnx({ ...parts, inputs: graph.inputs.map(value), outputs: outputs.map(value) })
}

/** int8 NHWC as uint8 NCHW; other ranks keep their layout. */
export function toOnnxLayout(data: Int8Array, shape: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from(data, (value) => value + 128)
  return shape.length === 4 ? permuted(bytes, shape, toNchw) : bytes
}

/** uint8 NCHW as int8 NHWC of this shape. */
export function fromOnnxLayout(data: Uint8Array, shape: readonly number[]): Int8Array {
  const [n, h, w, c] = shape as readonly [number, number, number, number]
  const bytes = shape.length === 4 ? permuted(data, [n, c, h, w], [0, 2, 3, 1]) : data
  return Int8Array.from(bytes, (value) => value - 128)
}
