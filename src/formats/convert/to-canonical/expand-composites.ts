import {
  type AttributeValue,
  type Graph,
  type Node,
  numberAttribute,
  numbersAttribute,
  type Tensor,
} from '../../../graph/graph.ts'
import { constantNumbers, floatConstant, int64Constant, lengthsOf } from '../constants.ts'
import { replaceNodes } from './wiring.ts'

/** What stands for one node: simpler nodes and their constants. */
class Expansion {
  readonly graph: Graph
  readonly node: Node
  readonly nodes: Node[] = []
  readonly tensors: Tensor[] = []

  constructor(graph: Graph, node: Node) {
    this.graph = graph
    this.node = node
  }

  /** Adds a constant under a name of the node's; returns the name. */
  constant(make: (name: string) => Tensor): string {
    const tensor = make(`${this.node.outputs[0]}/constant#${this.tensors.length}`)
    this.tensors.push(tensor)
    return tensor.name
  }

  /** Adds a node; `last` gives it the node's own output. Returns the output's name. */
  add(op: string, inputs: readonly string[], last: boolean, attributes: Record<string, AttributeValue> = {}): string {
    const output = last ? this.node.outputs[0]! : `${this.node.outputs[0]}/part#${this.nodes.length}`
    this.nodes.push({ name: `${op}:${output}`, op, domain: '', inputs, outputs: [output], attributes })
    return output
  }
}

type Expand = (expansion: Expansion) => void

/** An operator on any number of values as a chain of one on two. */
const chain =
  (op: string): Expand =>
  (e) => {
    const [first, ...rest] = e.node.inputs
    if (rest.length === 0) e.add('Identity', [first!], true)
    rest.reduce((sum, input, index) => e.add(op, [sum, input], index + 1 === rest.length), first!)
  }

/** max(0, min(1, alpha · x + beta)). */
const hardSigmoid: Expand = (e) => {
  const number = (value: number) => e.constant((name) => floatConstant(name, [value]))
  const scaled = e.add('Mul', [e.node.inputs[0]!, number(numberAttribute(e.node, 'alpha', Math.fround(0.2)))], false)
  const moved = e.add('Add', [scaled, number(numberAttribute(e.node, 'beta', 0.5))], false)
  e.add('Clip', [moved, number(0), number(1)], true)
}

/** Powers that are products or roots. */
const power: Expand = (e) => {
  const [x, exponent] = e.node.inputs as [string, string]
  const value = constantNumbers(e.graph.tensors.get(exponent))
  if (value?.length !== 1) return
  if (value[0] === 0.5) e.add('Sqrt', [x], true)
  if (value[0] === 1) e.add('Identity', [x], true)
  if (value[0] === 2) e.add('Mul', [x, x], true)
  if (value[0] === 3) e.add('Mul', [e.add('Mul', [x, x], false), x], true)
}

const reciprocal: Expand = (e) => {
  const one = e.constant((name) => floatConstant(name, [1]))
  e.add('Div', [one, e.node.inputs[0]!], true)
}

/** The resize of operator sets before 10. */
const upsample: Expand = (e) => {
  const { inputs, attributes } = e.node
  const scales = inputs[1] ?? e.constant((name) => floatConstant(name, numbersAttribute(e.node, 'scales', [])))
  e.add('Resize', [inputs[0]!, '', scales], true, {
    mode: String(attributes.mode ?? 'nearest'),
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  })
}

/** An average that counts its padding is the average of the padded image. */
const averagePool: Expand = (e) => {
  const { node } = e
  const pads = numbersAttribute(node, 'pads', [])
  const counts = numberAttribute(node, 'count_include_pad', 0) === 1 && pads.some((pad) => pad !== 0)
  if (!counts || numberAttribute(node, 'ceil_mode', 0) === 1) return
  const half = pads.length / 2
  const list = e.constant((name) => int64Constant(name, [0, 0, ...pads.slice(0, half), 0, 0, ...pads.slice(half)]))
  const { pads: _, count_include_pad: __, ...attributes } = node.attributes
  e.add('AveragePool', [e.add('Pad', [node.inputs[0]!, list], false), ...node.inputs.slice(1)], true, attributes)
}

/** Gemm's factors go into its constants. */
const gemm: Expand = (e) => {
  const { node, graph } = e
  const [alpha, beta] = [numberAttribute(node, 'alpha', 1), numberAttribute(node, 'beta', 1)]
  const [weights, bias] = [1, 2].map((index) => graph.tensors.get(node.inputs[index] ?? ''))
  const floats = [weights, bias].every((tensor) => !tensor || (tensor.data && tensor.dtype === 'float32'))
  if ((alpha === 1 && beta === 1) || !weights || !floats || (node.inputs[2] && !bias)) return
  const scaled = (tensor: Tensor, factor: number) =>
    e.constant((name) =>
      floatConstant(
        name,
        constantNumbers(tensor)!.map((value) => factor * value),
        lengthsOf(tensor),
      ),
    )
  const { alpha: _, beta: __, ...attributes } = node.attributes
  const constants = [scaled(weights, alpha), ...(bias ? [scaled(bias, beta)] : [])]
  e.add('Gemm', [node.inputs[0]!, ...constants], true, attributes)
}

const expansions: Readonly<Record<string, Expand>> = {
  AveragePool: averagePool,
  Gemm: gemm,
  HardSigmoid: hardSigmoid,
  Max: (e) => e.node.inputs.length !== 2 && chain('Max')(e),
  Min: (e) => e.node.inputs.length !== 2 && chain('Min')(e),
  Pow: power,
  Reciprocal: reciprocal,
  Sum: chain('Add'),
  Upsample: upsample,
}

/** Writes operators that are compositions (Sum, HardSigmoid, Pow …) as the simpler ones; other nodes stay. */
export function expandComposites(graph: Graph): Graph {
  const replacements = new Map<Node, readonly Node[]>()
  const tensors: Tensor[] = []
  for (const node of graph.nodes) {
    const expansion = new Expansion(graph, node)
    if (node.domain === '') expansions[node.op]?.(expansion)
    if (expansion.nodes.length === 0) continue
    replacements.set(node, expansion.nodes)
    tensors.push(...expansion.tensors)
  }
  return replaceNodes(graph, replacements, tensors)
}
