import type { Node, Tensor } from '../../../graph/graph.ts'
import { constantNumbers } from '../constants.ts'
import { sameQuantization } from '../zero-point.ts'
import { type CanonicalContext, newTensor, type Value } from './context.ts'
import { toFloat } from './layout.ts'
import { type Quantizer, quantizerOf } from './quantizers.ts'
import { soleConsumer } from './wiring.ts'

/** Bounds of a Clip, inputs or attributes; NaN where one is computed. */
export function clipRange(context: CanonicalContext, node: Node): readonly [number, number] {
  const bound = (index: number, attribute: string, open: number) => {
    const name = node.inputs[index]
    if (name) return constantNumbers(context.source.tensors.get(name))?.[0] ?? Number.NaN
    return Number(node.attributes[attribute] ?? open)
  }
  return [bound(1, 'min', -float32Max), bound(2, 'max', float32Max)]
}

/** The largest float32. */
const float32Max = (2 - 2 ** -23) * 2 ** 127

/** Which fused activation a Relu or Clip is; null for other ranges. */
export function activationOf(context: CanonicalContext, node: Node | null): string | null {
  if (node?.op === 'Relu') return 'relu'
  if (node?.op !== 'Clip') return null
  const [low, high] = clipRange(context, node)
  if (low === 0) return high === 6 ? 'relu6' : high >= float32Max ? 'relu' : null
  return low === -1 && high === 1 ? 'relu_n1_to_1' : null
}

/** The quantisation that every reader of a value puts it in; null where they differ or want reals. */
export function quantizerAfter(context: CanonicalContext, name: string): Quantizer | null {
  const { consumers, outputs } = context.wiring
  const readers = consumers.get(name) ?? []
  if (outputs.has(name) || readers.length === 0) return null
  const quantizers = readers.map((node) => (node.op === 'QuantizeLinear' ? quantizerOf(context, node) : null))
  const [first] = quantizers
  const alike = quantizers.every(
    (each) => each && first && each.dtype === first.dtype && sameQuantization(each.quantization, first.quantization),
  )
  return alike ? first! : null
}

/** What follows a node's result: an activation that it can take over, a quantisation. */
interface Target {
  readonly activation: string
  /** ONNX name of the result, after the activation. */
  readonly name: string
  readonly quantizer: Quantizer | null
}

/** Looks what follows a result and takes over its activation, if the operator can fuse one. */
function targetOf(context: CanonicalContext, name: string, fuse: boolean): Target {
  const next = fuse ? soleConsumer(context.wiring, name) : null
  const activation = activationOf(context, next)
  const end = activation ? next!.outputs[0]! : name
  if (activation) context.done.add(next!)
  return { activation: activation ?? 'none', name: end, quantizer: quantizerAfter(context, end) }
}

/** A node that computes on reals. */
export interface Computation {
  readonly inputs: readonly Value[]
  /** Layout and shape of the result as ONNX sees it, and of the tensor that holds it. */
  readonly layout: Value['layout']
  readonly shape: readonly number[]
  readonly stored: readonly number[]
  /** Name of the result where it is not the node's own first output. */
  readonly result?: string
  /** The operator can fuse an activation. */
  readonly fuse?: boolean
  /** The operator has a quantised form for this result. */
  readonly quantizable?: boolean | ((quantizer: Quantizer) => boolean)
  /** Adds the node; `integers` tells whether the tensors are quantised. */
  write(inputs: readonly Tensor[], output: Tensor, activation: string, integers: boolean): void
}

function isQuantizable({ quantizable = true, inputs }: Computation, quantizer: Quantizer | null): boolean {
  if (!quantizer || !inputs.every((value) => value.real)) return false
  return typeof quantizable === 'function' ? quantizable(quantizer) : quantizable
}

/**
 * Adds a node in integers where all its inputs stand for reals of quantised tensors and its result is quantised
 * again, else in floats.
 */
export function compute(context: CanonicalContext, node: Node, computation: Computation): void {
  const { inputs, layout, shape, stored, fuse = false } = computation
  const target = targetOf(context, computation.result ?? node.outputs[0]!, fuse)
  const integers = isQuantizable(computation, target.quantizer)
  const operands = integers ? inputs : inputs.map((value) => toFloat(context, value))
  const dtype = operands[0]?.tensor.dtype ?? 'float32'
  const output = newTensor(
    context,
    integers ? (context.wiring.consumers.get(target.name)?.[0]?.outputs[0] ?? target.name) : target.name,
    stored,
    integers ? target.quantizer! : { dtype },
  )
  computation.write(
    operands.map((value) => value.tensor),
    output,
    target.activation,
    integers,
  )
  context.values.set(target.name, { tensor: output, layout, shape, real: integers })
}
