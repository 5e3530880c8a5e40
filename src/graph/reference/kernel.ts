import { MilliwattError } from '../../core/errors.ts'
import { type Node, numberAttribute, type Tensor } from '../graph.ts'
import type { Quantization } from '../quantization.ts'
import type { Values } from './values.ts'

/**
 * How integers are rounded: `tflm` is TensorFlow Lite's fixed-point reference with double rounding, `fp32` the
 * float-scale rounding of XNNPACK and onnxruntime.
 */
export type Semantics = 'tflm' | 'fp32'

/** A tensor during a run. */
export interface Operand {
  readonly tensor: Tensor
  readonly shape: readonly number[]
  readonly data: Values
}

/** Values of variables by the name of a handle's tensor; handles of one variable see the same value. */
export interface Variables {
  get(handle: string): Values | undefined
  set(handle: string, values: Values): void
}

/** A node about to run: the outputs hold zeros of the right length. Missing optional inputs are null. */
export interface Call {
  readonly node: Node
  readonly semantics: Semantics
  readonly inputs: readonly (Operand | null)[]
  readonly outputs: readonly Operand[]
  readonly variables: Variables
}

/** Fills the outputs of a call. @throws MilliwattError OP_UNSUPPORTED for forms that it has not got */
export type Kernel = (call: Call) => void

/** Says which form of an operator is missing. */
export function unsupported(call: Call, what: string): MilliwattError {
  const { op, name } = call.node
  return new MilliwattError('OP_UNSUPPORTED', name || op, `Reference interpreter: ${op} ${what}.`)
}

/** An input that must be there. @throws MilliwattError MODEL_ILLEGAL */
export function input(call: Call, index: number): Operand {
  const operand = call.inputs[index]
  if (operand) return operand
  throw new MilliwattError('MODEL_ILLEGAL', call.node.name, `${call.node.op} has no input ${index}.`)
}

/** An output that must be there. @throws MilliwattError MODEL_ILLEGAL */
export function output(call: Call, index = 0): Operand {
  const operand = call.outputs[index]
  if (operand) return operand
  throw new MilliwattError('MODEL_ILLEGAL', call.node.name, `${call.node.op} has no output ${index}.`)
}

/** A number attribute that the canonical form always has. @throws MilliwattError MODEL_ILLEGAL */
export function attribute(call: Call, name: string): number {
  const value = numberAttribute(call.node, name, Number.NaN)
  if (Number.isNaN(value))
    throw new MilliwattError('MODEL_ILLEGAL', call.node.name, `${call.node.op} lacks the attribute ${name}.`)
  return value
}

/** Data of an operand for element access; 64-bit types are refused. */
export function numeric(call: Call, operand: Operand): Exclude<Values, BigInt64Array | BigUint64Array> {
  const { data, tensor } = operand
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    throw unsupported(call, `on ${tensor.dtype} is missing`)
  return data
}

/** Zero point of a whole tensor; 0 for plain numbers. */
export function zeroPoint({ tensor }: Operand): number {
  return tensor.quantization?.zeroPoints[0] ?? 0
}

/** Quantisation that must be there. @throws MilliwattError MODEL_ILLEGAL */
export function quantizationOf({ name, quantization }: Tensor): Quantization {
  if (quantization) return quantization
  throw new MilliwattError('MODEL_ILLEGAL', name, `Tensor "${name}" has no quantisation.`)
}

/** Scale of a whole tensor, a float32 value. @throws MilliwattError MODEL_ILLEGAL when it is not quantised */
export function scale({ tensor }: Operand): number {
  return quantizationOf(tensor).scales[0]!
}

/** Tells whether a tensor holds floats. */
export function isFloat({ tensor }: Operand): boolean {
  return tensor.dtype === 'float32'
}

/** Tells whether two tensors stand for reals in the same way. */
export function sameQuantization(a: Operand, b: Operand): boolean {
  const [x, y] = [a.tensor.quantization, b.tensor.quantization]
  return a.tensor.dtype === b.tensor.dtype && x?.scales[0] === y?.scales[0] && zeroPoint(a) === zeroPoint(b)
}
