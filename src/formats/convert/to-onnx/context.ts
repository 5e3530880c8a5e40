import { MilliwattError } from '../../../core/errors.ts'
import type { AttributeValue, DataType, Graph, Node, Tensor } from '../../../graph/graph.ts'
import { floatConstant, integerConstant, lengthsOf, permuteConstant } from '../constants.ts'
import type { GraphBuilder } from '../graph-builder.ts'
import { flipSign } from '../zero-point.ts'

/** How a value's elements lie: as in the canonical tensor, or with the channels second (rank 4 only). */
export type Layout = 'canonical' | 'nchw'

/** NHWC to NCHW and back, as permutations of axes. */
export const toNchw: readonly number[] = [0, 3, 1, 2]
export const toNhwc: readonly number[] = [0, 2, 3, 1]

/** State of one conversion. ONNX values are made when they are first asked for, and once. */
export interface OnnxContext {
  readonly source: Graph
  readonly builder: GraphBuilder
  readonly activations: 'int8' | 'uint8'
  /** ONNX names by canonical tensor and form (`tensor|layout|stored` or `real`). */
  readonly values: Map<string, string>
}

/** Says which form of an operator is missing. */
export function unsupported(node: Node, what = 'is missing'): MilliwattError {
  return new MilliwattError('OP_UNSUPPORTED', node.name || node.op, `Conversion to ONNX: ${node.op} ${what}.`)
}

/** The canonical tensor of an input or output. @throws MilliwattError MODEL_ILLEGAL when it is missing */
export function tensorOf(context: OnnxContext, node: Node, name: string | undefined): Tensor {
  const tensor = name ? context.source.tensors.get(name) : undefined
  if (tensor) return tensor
  throw new MilliwattError('MODEL_ILLEGAL', node.name, `${node.op} lacks an input or output.`)
}

/** The input at an index. */
export function inputOf(context: OnnxContext, node: Node, index: number): Tensor {
  return tensorOf(context, node, node.inputs[index])
}

/** The first output. */
export function outputOf(context: OnnxContext, node: Node): Tensor {
  return tensorOf(context, node, node.outputs[0])
}

/** Adds an ONNX node. */
export function emit(
  context: OnnxContext,
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): void {
  context.builder.node({ op, inputs, outputs: [output], attributes })
}

/** Element type of the stored form: quantised activations may be shifted to uint8. */
export function storedType(context: OnnxContext, { dtype, quantization }: Tensor): DataType {
  return dtype === 'int8' && quantization && context.activations === 'uint8' ? 'uint8' : dtype
}

/** A tensor in its stored type, the constant's bytes included. */
export function storedTensor(context: OnnxContext, tensor: Tensor): Tensor {
  return storedType(context, tensor) === tensor.dtype ? tensor : flipSign(tensor, tensor.quantization!)
}

/** Declares an ONNX value of a canonical tensor in a layout and gives its name. */
export function declare(context: OnnxContext, tensor: Tensor, layout: Layout, dtype: DataType, suffix: string): string {
  const shape = lengthsOf(tensor)
  const name = context.builder.fresh(`${tensor.name}${layout === 'nchw' ? '/nchw' : ''}${suffix}`)
  context.builder.tensor({ name, dtype, shape: layout === 'nchw' ? toNchw.map((axis) => shape[axis]!) : shape })
  return name
}

/** Adds a constant once for all that want the same content. */
function shared(context: OnnxContext, constant: Tensor): string {
  const key = `constant|${constant.dtype}|${constant.shape}|${constant.data}`
  const name = context.values.get(key) ?? context.builder.constant(constant).name
  context.values.set(key, name)
  return name
}

/** Scale and zero point of a quantised tensor as constants; lists where they go by slice. */
export function quantizers(context: OnnxContext, tensor: Tensor): readonly [string, string] {
  const { scales, zeroPoints, axis } = tensor.quantization!
  const shape = axis === null ? [] : [scales.length]
  return [
    shared(context, floatConstant(`${tensor.name}/scale`, scales, shape)),
    shared(context, integerConstant(`${tensor.name}/zero`, tensor.dtype, zeroPoints, shape)),
  ]
}

/** Adds a constant as it is, and a DequantizeLinear where it is quantised; gives the name of the reals. */
export function constantReal(context: OnnxContext, tensor: Tensor): string {
  const { quantization, ...plain } = tensor
  const added = context.builder.constant(plain)
  if (!quantization) return added.name
  const name = context.builder.fresh(`${tensor.name}/real`)
  context.builder.tensor({ name, dtype: 'float32', shape: tensor.shape })
  const attributes: Record<string, AttributeValue> = quantization.axis === null ? {} : { axis: quantization.axis }
  emit(context, 'DequantizeLinear', [added.name, ...quantizers(context, tensor)], name, attributes)
  return name
}

/** A constant in a layout. */
export function constantIn(tensor: Tensor, layout: Layout): Tensor {
  return layout === 'nchw' ? permuteConstant(tensor, toNchw) : tensor
}
