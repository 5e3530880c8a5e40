import { MilliwattError } from '../../core/errors.ts'
import { dataTypeBits, type Graph, type Node, numberAttribute, type Tensor } from '../../graph/graph.ts'
import { constantValues } from '../../graph/reference/values.ts'
import { elementBytes, type Semantics, sizeOf, type Value } from '../program.ts'

/** A node with what its lowering reads. */
export interface LowerContext {
  readonly graph: Graph
  readonly node: Node
  readonly semantics: Semantics
}

/** Says that the compiler cannot lower a node, and why. */
export function refuse({ node }: LowerContext, reason: string): MilliwattError {
  return new MilliwattError('OP_UNSUPPORTED', `${node.op} "${node.name || node.outputs[0]}"`, reason)
}

/** The tensor of an input; null for an optional one that is missing. */
export function optionalTensor(context: LowerContext, index: number): Tensor | null {
  const name = context.node.inputs[index]
  return name ? (context.graph.tensors.get(name) ?? null) : null
}

/** The tensor of an input. @throws MilliwattError OP_UNSUPPORTED if it is missing */
export function tensorAt(context: LowerContext, index: number): Tensor {
  const tensor = optionalTensor(context, index)
  if (!tensor) throw refuse(context, `input ${index} is missing`)
  return tensor
}

/** Whether a tensor's elements are known; those of a state change. */
export function isConstant(tensor: Tensor | undefined): boolean {
  return tensor?.data !== undefined && !tensor.variable
}

/** Largest activation that is compiled, 64 MiB: the engine is for small nets, and compiling takes time by elements. */
const mostValueBytes = 2 ** 26

/** A tensor as a value of the arena: fixed shape, one scale and zero point at most. */
export function toValue(tensor: Tensor): Value {
  const shape = tensor.shape ?? []
  if (!tensor.shape || !shape.every((dimension) => typeof dimension === 'number' && dimension > 0))
    throw new MilliwattError('OP_UNSUPPORTED', tensor.name, `its shape [${shape.join(', ')}] is not fixed`)
  const bytes = sizeOf(shape as readonly number[]) * elementBytes(tensor.dtype)
  if (bytes > mostValueBytes)
    throw new MilliwattError(
      'OP_UNSUPPORTED',
      tensor.name,
      `it has ${bytes} bytes; at most ${mostValueBytes} are compiled`,
    )
  return {
    name: tensor.name,
    dtype: tensor.dtype,
    shape: shape as readonly number[],
    scale: Math.fround(tensor.quantization?.scales[0] ?? 1),
    zeroPoint: tensor.quantization?.zeroPoints[0] ?? 0,
  }
}

/** The value of an input that is computed, not constant. */
export function inputValue(context: LowerContext, index: number): Value {
  const tensor = tensorAt(context, index)
  if (isConstant(tensor)) throw refuse(context, `input ${index} is a constant`)
  return toValue(tensor)
}

/** The value of the first output. */
export function outputValue(context: LowerContext): Value {
  const tensor = context.graph.tensors.get(context.node.outputs[0] ?? '')
  if (!tensor) throw refuse(context, 'its output is missing')
  return toValue(tensor)
}

/** @throws MilliwattError OP_UNSUPPORTED unless all values have this type */
export function requireType(context: LowerContext, dtype: string, ...values: readonly Value[]): void {
  for (const value of values)
    if (value.dtype !== dtype) throw refuse(context, `"${value.name}" is ${value.dtype}, not ${dtype}`)
}

/** A constant int8 tensor, or one of int4 with an element a byte. */
export function constantInt8(context: LowerContext, index: number): { tensor: Tensor; data: Int8Array } {
  const tensor = tensorAt(context, index)
  if (!isConstant(tensor) || (tensor.dtype !== 'int8' && tensor.dtype !== 'int4'))
    throw refuse(context, `input ${index} is not constant int8`)
  const length = sizeOf(toValue(tensor).shape)
  if ((tensor.data!.byteLength * 8) / dataTypeBits[tensor.dtype] < length)
    throw refuse(context, `input ${index} is shorter than its shape`)
  return { tensor, data: constantValues(tensor, length) as Int8Array }
}

/** A constant int32 bias, or null where there is none. */
export function constantBias(context: LowerContext, index: number, channels: number): Int32Array | null {
  const tensor = optionalTensor(context, index)
  if (!tensor) return null
  if (!isConstant(tensor) || tensor.dtype !== 'int32') throw refuse(context, `input ${index} is not constant int32`)
  if (tensor.data!.byteLength < 4 * channels) throw refuse(context, `the bias is shorter than ${channels} channels`)
  return new Int32Array(Uint8Array.from(tensor.data!).buffer, 0, channels)
}

/** Scales of constant weights: one, or one a channel. */
export function weightScales(context: LowerContext, tensor: Tensor, channels: number): readonly number[] {
  const scales = tensor.quantization?.scales
  if (!scales || (scales.length !== 1 && scales.length !== channels))
    throw refuse(context, `"${tensor.name}" has ${scales?.length ?? 0} scales for ${channels} channels`)
  if (tensor.quantization.zeroPoints.some((zero) => zero !== 0))
    throw refuse(context, `"${tensor.name}" has a zero point other than 0`)
  if (!scales.every((scale) => scale > 0 && Number.isFinite(scale)))
    throw refuse(context, `"${tensor.name}" has a scale that is not a positive number`)
  return scales.map(Math.fround)
}

/** @throws MilliwattError OP_UNSUPPORTED unless a tensor has one positive scale */
export function requireScale(context: LowerContext, { name, quantization }: Tensor): void {
  const scale = quantization?.scales[0] ?? Number.NaN
  if (quantization?.scales.length !== 1) throw refuse(context, `"${name}" has not got one scale for all its elements`)
  if (!(scale > 0 && Number.isFinite(scale)))
    throw refuse(context, `"${name}" has a scale that is not a positive number`)
}

const activations: readonly string[] = ['none', 'relu', 'relu6', 'relu_n1_to_1']

/** The fused activation. @throws MilliwattError OP_UNSUPPORTED for those that TFLite's kernels do not fuse */
export function activationOf(context: LowerContext): string {
  const value = context.node.attributes.activation
  const name = typeof value === 'string' ? value.toLowerCase() : 'none'
  if (!activations.includes(name)) throw refuse(context, `the fused activation ${name} is not compiled yet`)
  return name
}

/** A number attribute, or its default. */
export function attribute(context: LowerContext, name: string, fallback: number): number {
  return numberAttribute(context.node, name, fallback)
}
