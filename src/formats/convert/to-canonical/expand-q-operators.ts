import type { AttributeValue, Graph, Node, Tensor } from '../../../graph/graph.ts'
import { constantNumbers, floatConstant, lengthsOf, product } from '../constants.ts'
import { replaceNodes } from './wiring.ts'

/** What one expansion adds. */
interface Expansion {
  readonly graph: Graph
  readonly node: Node
  readonly nodes: Node[]
  readonly tensors: Tensor[]
}

type Attributes = Readonly<Record<string, AttributeValue>>

function add(
  expansion: Expansion,
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Attributes = {},
): string {
  expansion.nodes.push({ name: `${op}:${output}`, op, domain: '', inputs, outputs: [output], attributes })
  return output
}

const local = ({ node }: Expansion, what: string) => `${node.outputs[0]}/${what}`

/** The inputs from `first` on are elements, scale, zero point: adds DequantizeLinear. */
function reals({ node, ...rest }: Expansion, first: number, axis: number | null = null): string {
  const expansion = { node, ...rest }
  const [elements, scale, zero] = node.inputs.slice(first, first + 3)
  const lists = (rest.graph.tensors.get(scale ?? '')?.shape?.length ?? 0) > 0
  return add(
    expansion,
    'DequantizeLinear',
    [elements!, scale!, ...(zero ? [zero] : [])],
    local(expansion, `real${first}`),
    lists && axis !== null ? { axis } : {},
  )
}

/** The node in reals, then QuantizeLinear by the inputs at `at` (scale, zero point). Without them reals are the result. */
function finish(
  expansion: Expansion,
  op: string,
  inputs: readonly string[],
  at: number,
  attributes?: Attributes,
): void {
  const { node } = expansion
  const [scale, zero] = node.inputs.slice(at, at + 2)
  const kept = attributes ?? node.attributes
  if (!scale) {
    add(expansion, op, inputs, node.outputs[0]!, kept)
    return
  }
  const out = add(expansion, op, inputs, local(expansion, 'out'), kept)
  add(expansion, 'QuantizeLinear', [out, scale, ...(zero ? [zero] : [])], node.outputs[0]!)
}

/** An int32 bias whose scale is input scale times weight scale. */
function bias(expansion: Expansion, elements: string | undefined, xScale: string, wScale: string): readonly string[] {
  const { graph, tensors } = expansion
  if (!elements) return []
  const [x, w] = [xScale, wScale].map((name) => constantNumbers(graph.tensors.get(name)))
  const products = (w ?? []).map((scale) => Math.fround((x?.[0] ?? 0) * scale))
  const single = product(lengthsOf(graph.tensors.get(wScale)!)) === 1
  const scale = floatConstant(local(expansion, 'bias/scale'), products, single ? [] : [products.length])
  tensors.push(scale)
  const attributes: Attributes = single ? {} : { axis: 0 }
  return [add(expansion, 'DequantizeLinear', [elements, scale.name], local(expansion, 'bias'), attributes)]
}

const unary = (op: string) => (e: Expansion) => finish(e, op, [reals(e, 0)], 3)
const binary = (op: string) => (e: Expansion) => finish(e, op, [reals(e, 0), reals(e, 3)], 6, {})

function concat(expansion: Expansion): void {
  const parts = Array.from({ length: (expansion.node.inputs.length - 2) / 3 }, (_, i) => reals(expansion, 2 + 3 * i))
  finish(expansion, 'Concat', parts, 0)
}

/** Operators on integers with their scales as inputs: the standard set's and onnxruntime's. */
const expansions: Readonly<Record<string, (expansion: Expansion) => void>> = {
  QLinearConv: (e) => {
    const { inputs } = e.node
    finish(e, 'Conv', [reals(e, 0), reals(e, 3, 0), ...bias(e, inputs[8], inputs[1]!, inputs[4]!)], 6)
  },
  QGemm: (e) => {
    const { inputs, attributes } = e.node
    const axis = attributes.transB === 1 ? 0 : 1
    finish(e, 'Gemm', [reals(e, 0), reals(e, 3, axis), ...bias(e, inputs[6], inputs[1]!, inputs[4]!)], 7)
  },
  QLinearMatMul: (e) => finish(e, 'MatMul', [reals(e, 0), reals(e, 3, 1)], 6),
  QLinearAdd: binary('Add'),
  QLinearMul: binary('Mul'),
  QLinearSigmoid: unary('Sigmoid'),
  QLinearLeakyRelu: unary('LeakyRelu'),
  QLinearSoftmax: unary('Softmax'),
  QLinearAveragePool: unary('AveragePool'),
  QLinearGlobalAveragePool: unary('GlobalAveragePool'),
  QLinearConcat: concat,
}

/** Writes operators on integers (QLinearConv, QGemm ...) as float operators between DequantizeLinear and QuantizeLinear. */
export function expandQOperators(graph: Graph): Graph {
  const replacements = new Map<Node, readonly Node[]>()
  const tensors: Tensor[] = []
  for (const node of graph.nodes) {
    const expand = node.attributes.channels_last === 1 ? undefined : expansions[node.op]
    if (!expand) continue
    const nodes: Node[] = []
    expand({ graph, node, nodes, tensors })
    replacements.set(node, nodes)
  }
  return replaceNodes(graph, replacements, tensors)
}
