import type { FloatBinaryStep, FloatFunction, FloatOperand, FloatUnaryStep } from '../float-steps.ts'
import { sizeOf } from '../program.ts'
import { broadcastIndices } from './broadcast.ts'
import {
  activationOf,
  attribute,
  inputValue,
  isConstant,
  type LowerContext,
  outputValue,
  refuse,
  requireType,
  tensorAt,
  toValue,
} from './context.ts'
import { constantFloats, floatRange } from './float-values.ts'

const functions: Readonly<Record<string, FloatFunction>> = {
  relu: 'clamp',
  relu6: 'clamp',
  relu_n1_to_1: 'clamp',
  leaky_relu: 'leaky',
  hard_swish: 'hard-swish',
  abs: 'abs',
  neg: 'neg',
  square: 'square',
  sqrt: 'sqrt',
  rsqrt: 'rsqrt',
  floor: 'floor',
  ceil: 'ceil',
  exp: 'exp',
  elu: 'elu',
  logistic: 'logistic',
  tanh: 'tanh',
}

/** A function of every float. */
export function lowerFloatUnary(context: LowerContext): FloatUnaryStep {
  const input = inputValue(context, 0)
  const output = outputValue(context)
  requireType(context, 'float32', input, output)
  const { op, name } = context.node
  const fn = functions[op]
  if (!fn) throw refuse(context, 'on float32 is not compiled yet')
  return {
    kind: 'float-unary',
    name: name || output.name,
    op,
    inputs: [input],
    output,
    macs: 0,
    fn,
    parameter: attribute(context, 'alpha', 0),
    ...floatRange(context, fn === 'clamp' ? op : 'none'),
  }
}

const pairFunctions: Readonly<Record<string, FloatBinaryStep['fn']>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  maximum: 'max',
  minimum: 'min',
  prelu: 'prelu',
}

/** Elements after which an operand repeats; null where it does not simply repeat. */
function periodOf(from: readonly number[], to: readonly number[]): number | null {
  const core = from.slice(from.findIndex((length) => length !== 1))
  if (sizeOf(from) === 1) return 1
  const tail = to.slice(to.length - core.length)
  return core.length <= to.length && core.every((length, axis) => length === tail[axis]) ? sizeOf(core) : null
}

function operandOf(context: LowerContext, index: number, to: readonly number[]): FloatOperand {
  const tensor = tensorAt(context, index)
  const value = toValue(tensor)
  if (value.dtype !== 'float32') throw refuse(context, `"${value.name}" is ${value.dtype}, not float32`)
  const period = periodOf(value.shape, to)
  return {
    value,
    constant: isConstant(tensor) ? constantFloats(context, index).data : null,
    period: period ?? sizeOf(to),
    indices: period === null ? broadcastIndices(context, value.shape, to) : null,
  }
}

/** A function of two floats, broadcasting included. */
export function lowerFloatBinary(context: LowerContext): FloatBinaryStep {
  const output = outputValue(context)
  requireType(context, 'float32', output)
  const operands = [operandOf(context, 0, output.shape), operandOf(context, 1, output.shape)] as const
  const inputs = operands.filter(({ constant }) => !constant).map(({ value }) => value)
  if (inputs.length === 0) throw refuse(context, 'all its inputs are constants')
  return {
    kind: 'float-binary',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs,
    output,
    macs: 0,
    fn: pairFunctions[context.node.op]!,
    operands,
    ...floatRange(context, activationOf(context)),
  }
}
