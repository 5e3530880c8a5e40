import type { Graph, Node } from '../../graph/graph.ts'

/** Versions of operators whose int8 form is not version 2 (TFLite's table of operator versions). */
const int8Versions: Readonly<Record<string, number>> = {
  conv_2d: 3,
  depthwise_conv_2d: 3,
  fully_connected: 4,
  reshape: 1,
  quantize: 1,
  squeeze: 1,
  expand_dims: 1,
  hard_swish: 1,
  prelu: 1,
  relu_n1_to_1: 1,
}

/** Version that an operator code carries: the one that was read, else the first that has the form of the node. */
export function operatorVersion(node: Node, graph: Graph): number {
  const { version } = node.attributes
  if (typeof version === 'number') return version
  const int8 = [...node.inputs, ...node.outputs].some((name) => graph.tensors.get(name)?.dtype === 'int8')
  return node.attributes.custom === 1 || !int8 ? 1 : (int8Versions[node.op] ?? 2)
}
