import { MilliwattError } from '../core/errors.ts'
import { elementCount, type Graph, type Node, type Tensor } from '../graph/graph.ts'
import { checkGraph } from '../graph/spec.ts'
import { floatConstant, int32Constant, lengthsOf, product } from './convert/constants.ts'
import { type GraphBuilder, graphBuilder } from './convert/graph-builder.ts'

/** The end of a canonical graph that tells classes: a softmax over logits, and the maps that can tell more classes. */
export interface SoftmaxEnd {
  readonly softmax: Node
  /** [1, classes] */
  readonly logits: Tensor
  /** What the pointwise convolutions make, [1, height, width, channels] each, in their order. */
  readonly maps: readonly Tensor[]
}

/** A class more: its logit is the bias and the weights' products with the means of the maps' channels, map by map. */
export interface AddedClass {
  readonly weights: Float64Array
  readonly bias: number
  /** Highest mean of each map, which the steps of quantized ones have to reach. */
  readonly highestMeans: readonly number[]
}

const refuse = (name: string, detail: string) => new MilliwattError('MODEL_NO_CLASSES', name, detail)

/** The softmax that makes the first output, looking through what makes integers of it. */
function softmaxOf(graph: Graph): Node {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  let node = producers.get(graph.outputs[0]!)
  while (node?.op === 'quantize' || node?.op === 'dequantize') node = producers.get(node.inputs[0]!)
  if (node?.op === 'softmax') return node
  throw refuse(graph.outputs[0]!, `It is made by ${node?.op ?? 'nothing'}.`)
}

/** The nodes that some outputs need, and the tensors that those read and make. */
function prune(graph: Graph, outputs: readonly string[]): Graph {
  const needed = new Set([...outputs, ...graph.inputs])
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false
    for (const name of [...node.inputs, ...node.outputs]) needed.add(name)
    return true
  })
  const tensors = new Map([...graph.tensors].filter(([name]) => needed.has(name)))
  return checkGraph({ ...graph, nodes: nodes.reverse(), tensors, outputs }, graph.name)
}

const isPointwise = (graph: Graph, { op, inputs }: Node): boolean => {
  const filter = op === 'conv_2d' && graph.tensors.get(inputs[1]!)?.shape
  return !!filter && filter[1] === 1 && filter[2] === 1
}

/**
 * Finds the end of a canonical graph, of which everything else than the first output is left out.
 * @throws MilliwattError MODEL_NO_CLASSES where that is no softmax of one clip, or no pointwise convolution is before it
 */
export function findSoftmaxEnd(whole: Graph): { readonly graph: Graph; readonly end: SoftmaxEnd } {
  const softmax = softmaxOf(whole)
  const graph = prune(whole, [whole.outputs[0]!])
  const logits = graph.tensors.get(softmax.inputs[0]!)!
  if (logits.shape?.length !== 2 || logits.shape[0] !== 1)
    throw refuse(logits.name, `Its logits are [${logits.shape?.join(', ')}], not one row.`)
  const maps = graph.nodes
    .filter((node) => isPointwise(graph, node))
    .map((node) => graph.tensors.get(node.outputs[0]!)!)
    .filter((map) => map.shape?.length === 4 && elementCount(map.shape) !== null)
  if (maps.length === 0) throw refuse(softmax.name, 'No pointwise convolution comes before it.')
  return { graph, end: { softmax, logits, maps } }
}

/** The graph with logits and maps as its outputs, in this order. */
export function withMapOutputs(graph: Graph, { logits, maps }: SoftmaxEnd): Graph {
  return prune(graph, [logits.name, ...maps.map(({ name }) => name)])
}

const isFloat = ({ dtype }: Tensor) => dtype === 'float32'

/** The reals of a tensor, under a name of their own where it holds integers. */
function realOf(builder: GraphBuilder, tensor: Tensor): string {
  if (isFloat(tensor)) return tensor.name
  const name = builder.fresh(`${tensor.name}/real`)
  builder.tensor({ name, dtype: 'float32', shape: tensor.shape })
  builder.node({ op: 'dequantize', inputs: [tensor.name], outputs: [name] })
  return name
}

/** The means of a map's channels as reals; of integers by way of integers whose steps reach the highest mean. */
function meanOf(builder: GraphBuilder, map: Tensor, highest: number): string {
  const axes = builder.constant(int32Constant(`${map.name}/mean/axes`, [1, 2])).name
  const channels = lengthsOf(map)[3]!
  const quantization = { scales: [Math.fround(Math.max(highest, 1e-3) / 255)], zeroPoints: [lowestOf(map)], axis: null }
  const mean: Tensor = {
    ...{ name: builder.fresh(`${map.name}/mean`), dtype: map.dtype, shape: [1, channels] },
    ...(isFloat(map) ? {} : { quantization }),
  }
  builder.tensor(mean)
  builder.node({ op: 'mean', inputs: [map.name, axes], outputs: [mean.name], attributes: { keepDims: 0 } })
  return realOf(builder, mean)
}

const lowestOf = ({ dtype }: Tensor): number => (dtype === 'int8' ? -128 : 0)

function join(builder: GraphBuilder, name: string, inputs: readonly string[], length: number): string {
  if (inputs.length === 1) return inputs[0]!
  const joined = builder.tensor({ name: builder.fresh(name), dtype: 'float32', shape: [1, length] }).name
  builder.node({ op: 'concatenation', inputs, outputs: [joined], attributes: { axis: 1, activation: 'none' } })
  return joined
}

/** A dense layer with one output, in reals. */
function dense(builder: GraphBuilder, input: string, { weights, bias }: AddedClass): string {
  const inputs = [
    input,
    builder.constant(floatConstant('added/weights', [...weights], [1, weights.length])).name,
    builder.constant(floatConstant('added/bias', [bias], [1])).name,
  ]
  const logit = builder.tensor({ name: builder.fresh('added/logit'), dtype: 'float32', shape: [1, 1] }).name
  const attributes = { activation: 'none', weightsFormat: 0, keepNumDims: 0, asymmetricQuantizeInputs: 0 }
  builder.node({ op: 'fully_connected', inputs, outputs: [logit], attributes })
  return logit
}

/**
 * The graph with a class more, the last one. All that was there before stays as it is, bit for bit, up to the softmax, which
 * now runs over one logit more and in reals; the new logit is computed in reals.
 */
export function withClass(graph: Graph, { softmax, logits, maps }: SoftmaxEnd, added: AddedClass): Graph {
  const output = graph.outputs[0]!
  const kept = prune(graph, [logits.name, ...maps.map(({ name }) => name)])
  const builder = graphBuilder('tflite', [...kept.tensors.keys(), output])
  for (const tensor of kept.tensors.values()) builder.tensor(tensor)
  for (const node of kept.nodes) builder.node(node)
  const means = maps.map((map, at) => meanOf(builder, map, added.highestMeans[at]!))
  const input = join(builder, 'added/means', means, added.weights.length)
  const classes = product(lengthsOf(logits)) + 1
  const all = join(builder, 'all/logits', [realOf(builder, logits), dense(builder, input, added)], classes)
  builder.tensor({ name: output, dtype: 'float32', shape: [1, classes] })
  builder.node({ op: 'softmax', inputs: [all], outputs: [output], attributes: softmax.attributes })
  return builder.build({ name: graph.name, inputs: graph.inputs, outputs: [output], opsets: graph.opsets })
}
