import type { DataType, Node, Tensor } from '../../../graph/graph.ts'
import type { Quantization } from '../../../graph/quantization.ts'
import { constantNumbers, widenInt4 } from '../constants.ts'
import { flipSign, sameQuantization, shiftZeroPoints } from '../zero-point.ts'
import { type CanonicalContext, constantOf, emit, newTensor, unsupported, type Value, valueAt } from './context.ts'
import { toFloat } from './layout.ts'

/** Type and quantisation that a QuantizeLinear or DequantizeLinear names. */
export interface Quantizer {
  readonly dtype: DataType
  readonly quantization: Quantization
}

/** uint8 becomes int8: every integer 128 lower, the same reals. */
function signed({ dtype, quantization }: Quantizer): Quantizer {
  return dtype === 'uint8'
    ? { dtype: 'int8', quantization: shiftZeroPoints(quantization, -128) }
    : { dtype, quantization }
}

/** What the node names, as in the file; null where scale or zero point are computed. */
function rawQuantizer(context: CanonicalContext, node: Node, fallback: DataType): Quantizer | null {
  const { tensors } = context.source
  const zeros = node.inputs[2] ? tensors.get(node.inputs[2]) : undefined
  const scales = constantNumbers(tensors.get(node.inputs[1] ?? ''))
  const zeroPoints = node.inputs[2] ? constantNumbers(zeros && widenInt4(zeros)) : scales?.map(() => 0)
  if (!scales || !zeroPoints || node.attributes.block_size) return null
  const axis = scales.length === 1 ? null : Number(node.attributes.axis ?? 1)
  return { dtype: zeros?.dtype ?? fallback, quantization: { scales, zeroPoints, axis } }
}

/** Quantisation of an activation by a node, as canonical tensors have it; null where it is not per tensor. */
export function quantizerOf(context: CanonicalContext, node: Node): Quantizer | null {
  const quantizer = rawQuantizer(context, node, 'uint8')
  return quantizer && quantizer.quantization.axis === null ? signed(quantizer) : null
}

const same = (value: Value, { dtype, quantization }: Quantizer) =>
  value.tensor.dtype === dtype && sameQuantization(value.tensor.quantization, quantization)

/** The value in a quantisation: itself, or after QUANTIZE. */
export function quantized(context: CanonicalContext, value: Value, to: Quantizer, name: string): Value {
  if (value.real && same(value, to)) return { ...value, real: false }
  const tensor = newTensor(context, name, value.tensor.shape as readonly number[], to)
  emit(context, 'quantize', [value.tensor], [tensor])
  return { ...value, tensor, real: false }
}

/** QuantizeLinear. */
export function quantizeToCanonical(context: CanonicalContext, node: Node): void {
  const quantizer = quantizerOf(context, node)
  if (!quantizer) throw unsupported(node, 'with computed or per-axis scales is missing')
  const value = valueAt(context, node, 0)
  const plain = !value.real && value.tensor.dtype !== 'float32'
  if (plain) throw unsupported(node, `of ${value.tensor.dtype} is missing`)
  context.values.set(node.outputs[0]!, quantized(context, value, quantizer, node.outputs[0]!))
}

function dequantizeConstant(context: CanonicalContext, node: Node, constant: Tensor): void {
  const quantizer = rawQuantizer(context, node, constant.dtype)
  if (!quantizer) throw unsupported(node, 'with computed or blocked scales is missing')
  const { quantization } = quantizer
  const axis =
    quantization.axis !== null && quantization.axis < 0 ? quantization.axis + constant.shape!.length : quantization.axis
  const whole = { ...widenInt4(constant), quantization: { ...quantization, axis } }
  context.constants.set(node.outputs[0]!, whole.dtype === 'uint8' ? flipSign(whole, whole.quantization) : whole)
}

/** DequantizeLinear: nothing is computed until a node wants floats. */
export function dequantizeToCanonical(context: CanonicalContext, node: Node): void {
  const constant = constantOf(context, node.inputs[0])
  if (constant) {
    dequantizeConstant(context, node, constant)
    return
  }
  const value = valueAt(context, node, 0)
  const quantizer = rawQuantizer(context, node, value.tensor.dtype)
  if (!quantizer || !same(value, signed(quantizer))) throw unsupported(node, 'of integers in another scale is missing')
  context.values.set(node.outputs[0]!, { ...value, real: true })
}

const moving = new Set([
  'Transpose',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'MaxPool',
  'Identity',
  'Slice',
  'Pad',
])

/** Quantisation that the readers of an integer value see in it. */
function quantizerBehind(context: CanonicalContext, name: string): Quantizer | null {
  for (const node of context.wiring.consumers.get(name) ?? []) {
    if (node.inputs[0] !== name) continue
    if (node.op === 'DequantizeLinear') return rawQuantizer(context, node, 'uint8')
    const behind = moving.has(node.op) ? quantizerBehind(context, node.outputs[0]!) : null
    if (behind) return behind
  }
  return null
}

/** Adds an input of the graph; integers get the quantisation of their readers, uint8 goes on as int8. */
export function addInput(context: CanonicalContext, tensor: Tensor, shape: readonly number[]): void {
  const plain: Value = { tensor: { ...tensor, shape }, layout: 'same', real: false, shape }
  const quantizer = tensor.dtype.startsWith('float') ? null : quantizerBehind(context, tensor.name)
  const own = quantizer?.dtype === tensor.dtype && quantizer.quantization.axis === null ? quantizer : null
  const added = context.builder.tensor(own ? { ...plain.tensor, ...own } : plain.tensor)
  const value: Value = { ...plain, tensor: added }
  const signedValue = own ? quantized(context, { ...value, real: true }, signed(own), `${tensor.name}/int8`) : value
  context.values.set(tensor.name, signedValue)
}

/** The tensor of an output of the graph in ONNX's layout and the type that it is declared with. */
export function outputTensor(context: CanonicalContext, value: Value, declared: Tensor | undefined): Tensor {
  const float = toFloat(context, value)
  const { tensor } = float
  if (declared?.dtype !== 'uint8' || tensor.dtype !== 'int8' || !tensor.quantization) return tensor
  const quantization = shiftZeroPoints(tensor.quantization, 128)
  return quantized(context, { ...float, real: true }, { dtype: 'uint8', quantization }, `${tensor.name}/uint8`).tensor
}
