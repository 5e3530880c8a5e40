import { type Graph, type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { constantNumbers, floatConstant, lengthsOf, product } from '../constants.ts'
import { dropUnread, replaceNodes, soleConsumer, type Wiring, wiringOf } from './wiring.ts'

/** y = factor · x + offset a channel. */
interface Affine {
  readonly factors: readonly number[]
  readonly offsets: readonly number[]
}

function affineOf(graph: Graph, node: Node): Affine | null {
  const [gamma, beta, mean, variance] = node.inputs.slice(1, 5).map((name) => constantNumbers(graph.tensors.get(name)))
  if (!gamma || !beta || !mean || !variance) return null
  const epsilon = numberAttribute(node, 'epsilon', 1e-5)
  const factors = gamma.map((value, c) => value / Math.sqrt(variance[c]! + epsilon))
  return { factors, offsets: factors.map((factor, c) => beta[c]! - mean[c]! * factor) }
}

function scaledWeights(weights: Tensor, { factors }: Affine, name: string): Tensor | null {
  const values = constantNumbers(weights)
  if (!values || weights.dtype !== 'float32') return null
  const each = values.length / factors.length
  const scaled = values.map((value, index) => value * factors[Math.floor(index / each)]!)
  return floatConstant(name, scaled, lengthsOf(weights))
}

function shiftedBias(bias: readonly number[] | null, { factors, offsets }: Affine, name: string): Tensor {
  const values = offsets.map((offset, c) => offset + factors[c]! * (bias?.[c] ?? 0))
  return floatConstant(name, values, [values.length])
}

/** A convolution that takes over the normalisation of its channels; null where its weights are no float constants. */
function convolution(graph: Graph, conv: Node, node: Node, affine: Affine): readonly [Node, readonly Tensor[]] | null {
  const name = node.outputs[0]!
  const weights = graph.tensors.get(conv.inputs[1] ?? '')
  const scaled = weights ? scaledWeights(weights, affine, `${name}/weights`) : null
  const oldBias = conv.inputs[2] ? constantNumbers(graph.tensors.get(conv.inputs[2])) : null
  if (!scaled || (conv.inputs[2] && !oldBias)) return null
  const bias = shiftedBias(oldBias, affine, `${name}/bias`)
  return [{ ...conv, inputs: [conv.inputs[0]!, scaled.name, bias.name], outputs: [name] }, [scaled, bias]]
}

/** Without a convolution before it: a product and a sum with constants a channel. */
function productAndSum(node: Node, affine: Affine, rank: number): readonly [readonly Node[], readonly Tensor[]] {
  const name = node.outputs[0]!
  const shape = [affine.factors.length, ...new Array(Math.max(0, rank - 2)).fill(1)] as number[]
  const factors = floatConstant(`${name}/factors`, affine.factors, shape)
  const offsets = floatConstant(`${name}/offsets`, affine.offsets, shape)
  const step = (op: string, inputs: readonly string[], output: string): Node => ({
    name: `${op}:${output}`,
    op,
    domain: '',
    inputs,
    outputs: [output],
    attributes: {},
  })
  const scaled = `${name}/scaled`
  return [
    [step('Mul', [node.inputs[0]!, factors.name], scaled), step('Add', [scaled, offsets.name], name)],
    [factors, offsets],
  ]
}

function foldOne(graph: Graph, wiring: Wiring, ranks: ReadonlyMap<string, number>, node: Node): Graph | null {
  const affine = affineOf(graph, node)
  if (!affine) return null
  const before = wiring.producers.get(node.inputs[0]!)
  const alone = before?.op === 'Conv' && soleConsumer(wiring, node.inputs[0]!) === node
  const folded = alone ? convolution(graph, before, node, affine) : null
  if (folded) {
    const moves = new Map<Node, readonly Node[]>([
      [before!, []],
      [node, [folded[0]]],
    ])
    return replaceNodes(graph, moves, folded[1])
  }
  const [nodes, tensors] = productAndSum(node, affine, ranks.get(node.inputs[0]!) ?? 4)
  return replaceNodes(graph, new Map([[node, nodes]]), tensors)
}

/** A bias that follows a convolution without one becomes its own: the sum is the same. */
function foldBias(graph: Graph, wiring: Wiring, node: Node): Graph | null {
  const place = node.inputs.findIndex((name) => graph.tensors.get(name)?.data)
  const constant = graph.tensors.get(node.inputs[place] ?? '')
  const name = node.inputs[1 - place]
  const conv = wiring.producers.get(name ?? '')
  if (conv?.op !== 'Conv' || conv.inputs[2] || !constant || soleConsumer(wiring, name!) !== node) return null
  const shape = lengthsOf(constant)
  const spatial = lengthsOf(graph.tensors.get(conv.inputs[1]!) ?? constant).length - 2
  const channels = shape.at(-1 - spatial) ?? 0
  if (constant.dtype !== 'float32' || channels === 1 || product(shape) !== channels) return null
  const bias: Tensor = { ...constant, name: `${node.outputs[0]}/bias`, shape: [channels] }
  const merged = { ...conv, inputs: [conv.inputs[0]!, conv.inputs[1]!, bias.name], outputs: node.outputs }
  const moves = new Map<Node, readonly Node[]>([
    [conv, []],
    [node, [merged]],
  ])
  return replaceNodes(graph, moves, [bias])
}

/** Folds BatchNormalization and constant biases into the convolutions before them, in double and then float32. */
export function foldBatchNorm(graph: Graph, ranks: ReadonlyMap<string, number>): Graph {
  let current = graph
  for (const node of graph.nodes) {
    const wiring = wiringOf(current)
    if (node.op === 'BatchNormalization') current = foldOne(current, wiring, ranks, node) ?? current
    else if (node.op === 'Add') current = foldBias(current, wiring, node) ?? current
  }
  return dropUnread(current)
}
