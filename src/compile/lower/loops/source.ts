import type { Tensor } from '../../../graph/graph.ts'
import { constantValues } from '../../../graph/reference/values.ts'
import { type Expression, type Scalar, scalarOf } from '../../loops/loops.ts'
import type { BufferIndex, LoopWriter } from '../../loops/writer.ts'
import { sizeOf, type Value } from '../../program.ts'
import { type LowerContext, outputValue, refuse, requireScale, tensorAt, toValue } from '../context.ts'

/** An operand of a step of loops, computed or constant: its elements by index. */
export interface Source {
  readonly tensor: Tensor
  readonly value: Value
  /** Elements. */
  readonly size: number
  readonly scalar: Scalar
  /** The elements, where they are known. */
  readonly data: ReturnType<typeof constantValues> | null
  load(index: Expression): Expression
}

/** The elements of a constant tensor; null where it is computed or a state. */
export function constantElements(tensor: Tensor): ReturnType<typeof constantValues> | null {
  return tensor.data && !tensor.variable ? constantValues(tensor, sizeOf(toValue(tensor).shape)) : null
}

/** An input of the node. @throws MilliwattError OP_UNSUPPORTED if it is missing or not of numbers */
export function sourceAt(w: LoopWriter, context: LowerContext, index: number): Source {
  const tensor = tensorAt(context, index)
  const value = toValue(tensor)
  const scalar = scalarOf(tensor.dtype)
  if (!scalar) throw refuse(context, `"${tensor.name}" is of ${tensor.dtype}, which holds no numbers`)
  const data = constantElements(tensor)
  // Constants that nothing loads, but whose shape or type is asked for, are left out of the module.
  let buffer: BufferIndex | null = null
  const load = (at: Expression) => {
    buffer ??= data ? w.constant(tensor.dtype, data) : w.value(value)
    return w.load(buffer, at)
  }
  return { tensor, value, size: sizeOf(value.shape), scalar, data, load }
}

/** An optional input; null where there is none. */
export function optionalSource(w: LoopWriter, context: LowerContext, index: number): Source | null {
  return context.node.inputs[index] ? sourceAt(w, context, index) : null
}

/** The output: where results go. */
export interface Target {
  readonly tensor: Tensor
  readonly value: Value
  readonly size: number
  readonly scalar: Scalar
  store(index: Expression, value: Expression): void
}

/** An output of the node. @throws MilliwattError OP_UNSUPPORTED if it is missing or not of numbers */
export function targetAt(w: LoopWriter, context: LowerContext, index = 0): Target {
  const tensor = context.graph.tensors.get(context.node.outputs[index] ?? '')
  const value = tensor ? toValue(tensor) : outputValue(context)
  const scalar = scalarOf(value.dtype)
  if (!tensor || !scalar) throw refuse(context, `its output is of ${value.dtype}, which holds no numbers`)
  const buffer = w.value(value)
  return { tensor, value, size: sizeOf(value.shape), scalar, store: (at, each) => w.store(buffer, at, each) }
}

/** Whether operands hold float32. */
export function isFloat({ value }: { readonly value: Value }): boolean {
  return value.dtype === 'float32'
}

/** @throws MilliwattError OP_UNSUPPORTED unless each of the operands is a quantised integer with one scale */
export function requireQuantized(context: LowerContext, ...operands: readonly (Source | Target)[]): void {
  for (const operand of operands) {
    if (operand.scalar !== 'i32') throw refuse(context, `"${operand.value.name}" is ${operand.value.dtype}`)
    requireScale(context, operand.tensor)
  }
}

/** @throws MilliwattError OP_UNSUPPORTED unless the operands load as this type of number */
export function requireScalar(context: LowerContext, type: Scalar, ...operands: readonly (Source | Target)[]): void {
  for (const { scalar, value } of operands)
    if (scalar !== type) throw refuse(context, `"${value.name}" is ${value.dtype}, which is not compiled here`)
}

/** Whether operands stand for reals in the same way. */
export function sameQuantization(a: Source | Target, b: Source | Target): boolean {
  const [x, y] = [a.tensor.quantization, b.tensor.quantization]
  const zero = (operand: Source | Target) => operand.value.zeroPoint
  return a.value.dtype === b.value.dtype && x?.scales[0] === y?.scales[0] && zero(a) === zero(b)
}
