import { type Random, random } from '../core/random.ts'
import type { AttributeValue, Graph, Node, Tensor } from '../graph/graph.ts'
import type { Quantization } from '../graph/quantization.ts'
import type { BenchLayer, BenchType } from './bench-layer.ts'

/** Scale and zero point of activations: what comes out of a ReLU, 0 to 12.75. */
const activations: Quantization = { scales: [Math.fround(0.05)], zeroPoints: [-128], axis: null }
const shares: Quantization = { scales: [1 / 256], zeroPoints: [-128], axis: null }
/** Root of the mean square of int8 weights that are spread evenly. */
const weightRms = 73
/**
 * With √2 sums of products would spread alike in every layer, since a ReLU leaves half of the mean square; with this a
 * little less, as in trained networks on noise. Engines whose code branches on what is cut (onnxruntime-web's integers)
 * take up to half longer where that is hard to foresee.
 */
const spreadKept = 1.1

const product = (lengths: readonly number[]): number => lengths.reduce((all, length) => all * length, 1)

const bytesOf = (values: Int8Array | Int32Array | Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** What constants hold: pseudo-random values, so that none is proved constant, or zeros where only shapes count. */
export type BenchValues = 'drawn' | 'zeros'

/** Collects layers into a graph in canonical form. */
class BenchGraph {
  readonly #dtype: BenchType
  readonly #draw: Random | null
  readonly #tensors = new Map<string, Tensor>()
  readonly #nodes: Node[] = []

  constructor(dtype: BenchType, values: BenchValues) {
    this.#dtype = dtype
    this.#draw = values === 'drawn' ? random(1) : null
  }

  /** Fills constants with values between -reach and reach. */
  #filled(values: Int8Array | Int32Array | Float32Array, reach: number): Uint8Array {
    const draw = this.#draw
    const isWhole = !(values instanceof Float32Array)
    for (let at = 0; draw && at < values.length; at++) {
      const value = (2 * draw() - 1) * reach
      values[at] = isWhole ? Math.round(value) : value
    }
    return bytesOf(values)
  }

  value(
    name: string,
    shape: readonly number[],
    quantization: Quantization = activations,
    dtype: BenchType = this.#dtype,
  ): string {
    this.#tensors.set(name, { name, dtype, shape, ...(dtype === 'int8' ? { quantization } : {}) })
    return name
  }

  #constant(tensor: Tensor): string {
    this.#tensors.set(tensor.name, tensor)
    return tensor.name
  }

  /** Weights whose sums of products spread as activations do, and a bias. `axis` is that of the output channels. */
  #weights(shape: readonly number[], axis: number, kind: 'usual' | 'int8' | 'by tensor'): readonly string[] {
    const name = `w${this.#nodes.length}`
    const channels = shape[axis]!
    const count = product(shape)
    const scale = Math.fround(spreadKept / (weightRms * Math.sqrt(count / channels)))
    const bias = `${name} bias`
    if (this.#dtype === 'float32') {
      if (kind === 'int8') {
        const data = this.#filled(new Int8Array(count), 127)
        const quantization = { scales: [scale], zeroPoints: [0], axis: null }
        this.#constant({ name, dtype: 'int8', shape, data, quantization })
      } else {
        const data = this.#filled(new Float32Array(count), 127 * scale)
        this.#constant({ name, dtype: 'float32', shape, data })
      }
      const biases = this.#filled(new Float32Array(channels), 1)
      return [name, this.#constant({ name: bias, dtype: 'float32', shape: [channels], data: biases })]
    }
    const whole = kind === 'by tensor'
    const each = (value: number) => Array.from({ length: whole ? 1 : channels }, () => value)
    const quantization = { scales: each(scale), zeroPoints: each(0), axis: whole ? null : axis }
    const data = this.#filled(new Int8Array(count), 127)
    this.#constant({ name, dtype: 'int8', shape, data, quantization })
    const unit = Math.fround(scale * activations.scales[0]!)
    const biases = this.#filled(new Int32Array(channels), 1 / unit)
    const biased = { scales: each(unit), zeroPoints: each(0), axis: whole ? null : 0 }
    return [name, this.#constant({ name: bias, dtype: 'int32', shape: [channels], data: biases, quantization: biased })]
  }

  #node(op: string, inputs: readonly string[], output: string, attributes: Record<string, AttributeValue>): string {
    const name = `${op}#${this.#nodes.length}`
    this.#nodes.push({ name, op, domain: 'tflite', inputs, outputs: [output], attributes })
    return output
  }

  /** Adds a layer that reads `input`; gives the name of what it makes. */
  layer(layer: BenchLayer, input: string): string {
    const { op, channels, outputs, filterH, filterW, stride } = layer
    const output = `y${this.#nodes.length}`
    const [height, width] = outputLengths(layer)
    const slid = { strideH: stride, strideW: stride, ...padsOf(layer) }
    switch (op) {
      case 'conv_2d':
      case 'depthwise_conv_2d': {
        const deep = op === 'depthwise_conv_2d'
        const shape = deep ? [1, filterH, filterW, channels] : [outputs, filterH, filterW, channels]
        const weights = this.#weights(shape, deep ? 3 : 0, layer.weights === 'int8' ? 'int8' : 'usual')
        this.value(output, [1, height, width, outputs])
        const attributes = { ...slid, dilationH: 1, dilationW: 1, activation: 'relu' }
        return this.#node(op, [input, ...weights], output, deep ? { ...attributes, depthMultiplier: 1 } : attributes)
      }
      case 'fully_connected': {
        // A scale a tensor is usual here, unlike in convolutions.
        const kind = layer.weights === 'int8' ? 'int8' : layer.weights ? 'usual' : 'by tensor'
        const weights = this.#weights([outputs, channels], 0, kind)
        this.value(output, [1, outputs])
        const options = { activation: 'relu', weightsFormat: 0, keepNumDims: 0, asymmetricQuantizeInputs: 0 }
        return this.#node(op, [input, ...weights], output, options)
      }
      case 'average_pool_2d':
      case 'max_pool_2d':
        this.value(output, [1, height, width, outputs])
        return this.#node(op, [input], output, { ...slid, filterH, filterW, activation: 'none' })
      case 'add':
        this.value(output, [1, height, width, outputs])
        return this.#node(op, [input, input], output, { activation: 'relu', potScaleInt16: 1 })
      case 'softmax':
        this.value(output, [1, outputs], shares)
        return this.#node(op, [input], output, { beta: 1 })
      case 'logistic':
        this.value(output, [1, height, width, outputs], shares)
        return this.#node(op, [input], output, {})
      case 'mean': {
        const axes = bytesOf(Int32Array.of(1, 2))
        const over = this.#constant({ name: `${output} axes`, dtype: 'int32', shape: [2], data: axes })
        this.value(output, [1, 1, 1, outputs])
        return this.#node(op, [input, over], output, { keepDims: 1 })
      }
      case 'quantize':
        this.value(output, inputShape(layer))
        return this.#node(op, [input], output, {})
      case 'dequantize':
        this.value(output, inputShape(layer), activations, 'float32')
        return this.#node(op, [input], output, {})
      default: {
        const wanted = height * width === 1 ? [1, outputs] : [1, height, width, outputs]
        const data = bytesOf(Int32Array.from(wanted))
        const shape = this.#constant({ name: `${output} shape`, dtype: 'int32', shape: [wanted.length], data })
        this.value(output, wanted)
        return this.#node(op, [input, shape], output, { newShape: wanted })
      }
    }
  }

  build(inputs: readonly string[], outputs: readonly string[]): Graph {
    return { name: 'bench', nodes: this.#nodes, tensors: this.#tensors, inputs, outputs, opsets: { tflite: 3 } }
  }
}

const isPool = (op: string): boolean => op.endsWith('pool_2d')

/** Windows of pools, and of filters over time alone, stay inside; others are padded as SAME. */
const isInside = ({ op, width }: BenchLayer): boolean => isPool(op) || width === 1

/** Height and width of what a layer makes. */
function outputLengths(layer: BenchLayer): readonly [number, number] {
  const { height, width, filterH, filterW, stride } = layer
  const extent = (length: number, filter: number) =>
    Math.ceil((isInside(layer) ? length - filter + 1 : length) / stride)
  return [extent(height, filterH), extent(width, filterW)]
}

function padsOf(layer: BenchLayer): Record<string, number> {
  const [outHeight, outWidth] = outputLengths(layer)
  const total = (output: number, filter: number, length: number) =>
    isInside(layer) ? 0 : Math.max(0, (output - 1) * layer.stride + filter - length)
  const [high, wide] = [total(outHeight, layer.filterH, layer.height), total(outWidth, layer.filterW, layer.width)]
  const [padTop, padLeft] = [Math.floor(high / 2), Math.floor(wide / 2)]
  return { padTop, padBottom: high - padTop, padLeft, padRight: wide - padLeft }
}

const flat: readonly string[] = ['fully_connected', 'softmax', 'dequantize']

/** Shape of what a layer reads; a reshape of an image makes its lines from one row. */
function inputShape({ op, height, width, channels }: BenchLayer): readonly number[] {
  if (height * width === 1 && flat.includes(op)) return [1, channels]
  return op === 'reshape' && height * width > 1 ? [1, 1, height, width * channels] : [1, height, width, channels]
}

const inputType = ({ op }: BenchLayer): 'float32' | undefined => (op === 'quantize' ? 'float32' : undefined)

/** Layers one after another. @throws nothing: the lengths are those of the list of benches */
export function chainGraph(layers: readonly BenchLayer[], dtype: BenchType, values: BenchValues = 'drawn'): Graph {
  const graph = new BenchGraph(dtype, values)
  const input = graph.value('x', inputShape(layers[0]!), activations, inputType(layers[0]!))
  let last = input
  for (const layer of layers) last = graph.layer(layer, last)
  return graph.build([input], [last])
}

/** Layers side by side, each with an input and an output of its own, for engines that time every layer. */
export function parallelGraph(layers: readonly BenchLayer[], dtype: BenchType, values: BenchValues = 'drawn'): Graph {
  const graph = new BenchGraph(dtype, values)
  const inputs = layers.map((layer, index) =>
    graph.value(`x${index}`, inputShape(layer), activations, inputType(layer)),
  )
  const outputs = layers.map((layer, index) => graph.layer(layer, inputs[index]!))
  return graph.build(inputs, outputs)
}
