import { MilliwattError } from '../../../core/errors.ts'
import {
  type AttributeValue,
  constantIntegers,
  type Graph,
  type Node,
  numbersAttribute,
  type Tensor,
} from '../../../graph/graph.ts'
import type { Quantization } from '../../../graph/quantization.ts'
import type { GraphBuilder } from '../graph-builder.ts'
import type { Wiring } from './wiring.ts'

/** What stands for an ONNX value. */
export interface Value {
  /** Canonical tensor that holds the elements. */
  readonly tensor: Tensor
  /** `channelsLast`: ONNX sees N,C,… and the tensor holds NHWC (rank 3 as N,1,L,C). */
  readonly layout: 'same' | 'channelsLast'
  /** ONNX sees the reals of a quantised tensor; nothing has computed them yet. */
  readonly real: boolean
  /** Shape as ONNX sees it. */
  readonly shape: readonly number[]
}

/** State of one conversion to canonical form. */
export interface CanonicalContext {
  readonly source: Graph
  readonly builder: GraphBuilder
  readonly wiring: Wiring
  readonly opset: number
  /** By ONNX name; constants are not here unless they are read as operands. */
  readonly values: Map<string, Value>
  /** Constants behind DequantizeLinear, with their quantisation, by the name of the reals. */
  readonly constants: Map<string, Tensor>
  /** Nodes that another one took over. */
  readonly done: Set<Node>
  /** Tensors made on demand: other layouts, reals. */
  readonly made: Map<string, Value>
}

/** Says which form of an operator is missing. */
export function unsupported(node: Node, what = 'is missing'): MilliwattError {
  return new MilliwattError('OP_UNSUPPORTED', node.name || node.op, `Conversion from ONNX: ${node.op} ${what}.`)
}

/** A constant, or the constant behind a DequantizeLinear with its quantisation; null for computed values. */
export function constantOf(context: CanonicalContext, name: string | undefined): Tensor | null {
  if (!name) return null
  const tensor = context.source.tensors.get(name)
  return context.constants.get(name) ?? (tensor?.data ? tensor : null)
}

/** The value of an input. @throws MilliwattError for missing inputs */
export function valueAt(context: CanonicalContext, node: Node, index: number): Value {
  const name = node.inputs[index] ?? ''
  const value = context.values.get(name)
  if (value) return value
  const constant = constantOf(context, name)
  if (!constant) throw new MilliwattError('MODEL_ILLEGAL', node.name || node.op, `${node.op} has no input ${index}.`)
  const tensor = context.builder.constant(constant)
  const { quantization } = constant
  const made: Value = {
    tensor,
    layout: 'same',
    real: quantization !== undefined,
    shape: tensor.shape as readonly number[],
  }
  context.values.set(name, made)
  return made
}

/** Integers of a constant input, or of the attribute that older operator sets have in its place. */
export function integersOf(
  context: CanonicalContext,
  node: Node,
  index: number,
  attribute: string,
): readonly number[] | null {
  const name = node.inputs[index]
  if (!name) return node.attributes[attribute] === undefined ? null : numbersAttribute(node, attribute, [])
  const values = constantIntegers(context.source.tensors.get(name))
  if (values) return values
  throw unsupported(node, `whose input ${index} is no constant is missing`)
}

/** A tensor that a node is going to make. */
export function newTensor(
  context: CanonicalContext,
  name: string,
  shape: readonly number[],
  like: Pick<Tensor, 'dtype'> & { readonly quantization?: Quantization | undefined },
): Tensor {
  const { dtype, quantization } = like
  return context.builder.tensor({
    name: context.builder.fresh(name),
    dtype,
    shape,
    ...(quantization ? { quantization } : {}),
  })
}

/** Adds a canonical node. */
export function emit(
  context: CanonicalContext,
  op: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): void {
  const names = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.name)
  context.builder.node({ op, inputs: names(inputs), outputs: names(outputs), attributes })
}
