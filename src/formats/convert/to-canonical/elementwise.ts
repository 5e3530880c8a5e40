import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { broadcast } from '../../../graph/ops/elementwise.ts'
import { floatConstant } from '../constants.ts'
import { sameQuantization } from '../zero-point.ts'
import { activationOf, clipRange, compute, quantizerAfter } from './compute.ts'
import { type CanonicalContext, emit, newTensor, unsupported, type Value, valueAt } from './context.ts'
import { channelsLastShape, toChannelsLast, toFloat, toSame } from './layout.ts'
import type { Quantizer } from './quantizers.ts'

/** A constant of lower rank with leading ones. */
function widened(context: CanonicalContext, value: Value, rank: number): Value {
  const { tensor } = value
  if (value.shape.length >= rank || !tensor.data) return value
  const ones = new Array(rank - value.shape.length).fill(1) as number[]
  const { quantization } = tensor
  const axis = quantization && quantization.axis !== null ? quantization.axis + ones.length : null
  const shape = [...ones, ...value.shape]
  const wide = { ...tensor, shape, ...(quantization ? { quantization: { ...quantization, axis } } : {}) }
  return { ...value, tensor: context.builder.constant(wide), shape }
}

/** Both operands in one layout: channels last where a computed one lies so and both have its rank. */
function aligned(context: CanonicalContext, operands: readonly Value[]): readonly Value[] {
  const last = operands.find((value) => value.layout === 'channelsLast')
  if (!last) return operands
  const rank = last.shape.length
  const wide = operands.map((value) => widened(context, value, rank))
  if (wide.every((value) => value.shape.length === rank)) return wide.map((value) => toChannelsLast(context, value))
  return operands.map((value) => toSame(context, value))
}

function quantizableAs(op: string, operands: readonly Value[]): (quantizer: Quantizer) => boolean {
  if (op === 'div') return () => false
  if (op !== 'maximum' && op !== 'minimum') return () => true
  return ({ quantization }) => operands.every((value) => sameQuantization(value.tensor.quantization, quantization))
}

/** An operator on two values with broadcasting. */
export const binaryToCanonical =
  (op: string, fuse: boolean) =>
  (context: CanonicalContext, node: Node): void => {
    if (node.inputs.length !== 2) throw unsupported(node, `of ${node.inputs.length} values is missing`)
    const operands = aligned(context, [valueAt(context, node, 0), valueAt(context, node, 1)])
    const shape = broadcast(operands[0]!.shape, operands[1]!.shape) as readonly number[] | null
    if (!shape) throw unsupported(node, 'of shapes that do not broadcast is missing')
    const { layout } = operands[0]!
    compute(context, node, {
      inputs: operands,
      layout,
      shape,
      stored: layout === 'channelsLast' ? channelsLastShape(shape) : shape,
      fuse,
      quantizable: quantizableAs(op, operands),
      write: (inputs, output, activation) => emit(context, op, inputs, [output], fuse ? { activation } : {}),
    })
  }

/** An operator on one value, element by element. */
export const unaryToCanonical =
  (op: string, attributes: (node: Node) => Readonly<Record<string, number>> = () => ({}), quantizable = true) =>
  (context: CanonicalContext, node: Node): void => {
    const x = valueAt(context, node, 0)
    compute(context, node, {
      inputs: [x],
      layout: x.layout,
      shape: x.shape,
      stored: x.tensor.shape as readonly number[],
      quantizable,
      write: ([input], output) => emit(context, op, [input!], [output], attributes(node)),
    })
  }

/** An operator on one value that TFLite has in floats alone. */
export const floatUnaryToCanonical = (op: string): ((context: CanonicalContext, node: Node) => void) =>
  unaryToCanonical(op, () => ({}), false)

/** Elu of alpha 1, the only one that TFLite has. */
export function eluToCanonical(context: CanonicalContext, node: Node): void {
  if (numberAttribute(node, 'alpha', 1) !== 1) throw unsupported(node, 'with this alpha is missing')
  floatUnaryToCanonical('elu')(context, node)
}

/** A Relu on integers whose result nothing quantises keeps their scale: zero is one of the steps. */
function reluInPlace(context: CanonicalContext, node: Node, x: Value): void {
  const output = newTensor(context, node.outputs[0]!, x.tensor.shape as readonly number[], x.tensor)
  emit(context, 'relu', [x.tensor], [output])
  context.values.set(node.outputs[0]!, { ...x, tensor: output })
}

/** A Clip to any range: the constants go through MINIMUM and MAXIMUM. */
function clipInFloats(context: CanonicalContext, node: Node, value: Value): void {
  const [low, high] = clipRange(context, node)
  if (Number.isNaN(low) || Number.isNaN(high)) throw unsupported(node, 'to a computed range is missing')
  const x = toFloat(context, value)
  const step = (op: string, input: Tensor, bound: number, name: string) => {
    const output = newTensor(context, name, input.shape as readonly number[], { dtype: 'float32' })
    emit(context, op, [input, context.builder.constant(floatConstant('bound', [bound]))], [output])
    return output
  }
  const above = step('maximum', x.tensor, low, `${node.outputs[0]}/above`)
  context.values.set(node.outputs[0]!, { ...x, tensor: step('minimum', above, high, node.outputs[0]!) })
}

/** Relu and Clip that no node before them took over. */
export function reluToCanonical(context: CanonicalContext, node: Node): void {
  const activation = activationOf(context, node)
  const x = valueAt(context, node, 0)
  if (!activation) {
    clipInFloats(context, node, x)
    return
  }
  if (activation === 'relu' && x.real && !quantizerAfter(context, node.outputs[0]!)) reluInPlace(context, node, x)
  else unaryToCanonical(activation)(context, node)
}

/** Softmax along the last axis, or along the channels where they lie last. */
export const softmaxToCanonical =
  (op: string) =>
  (context: CanonicalContext, node: Node): void => {
    const value = valueAt(context, node, 0)
    const rank = value.shape.length
    const given = numberAttribute(node, 'axis', context.opset < 13 ? 1 : -1)
    const axis = given < 0 ? given + rank : given
    const channels = axis === 1 && value.layout === 'channelsLast' && context.opset >= 13
    const x = channels ? value : toSame(context, value)
    if (!channels && axis !== rank - 1) throw unsupported(node, `along axis ${axis} of ${rank} is missing`)
    compute(context, node, {
      inputs: [x],
      layout: x.layout,
      shape: x.shape,
      stored: x.tensor.shape as readonly number[],
      quantizable: op === 'softmax',
      write: ([input], output) => emit(context, op, [input!], [output], op === 'softmax' ? { beta: 1 } : {}),
    })
  }
