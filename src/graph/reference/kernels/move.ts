import { MilliwattError } from '../../../core/errors.ts'
import { numberAttribute } from '../../graph.ts'
import { clamp, integerRange } from '../activation.ts'
import { roundHalfAway } from '../fixed-point.ts'
import {
  type Call,
  input,
  type Kernel,
  type Operand,
  output,
  sameQuantization,
  scale,
  unsupported,
  zeroPoint,
} from '../kernel.ts'
import { toNumbers, type Values } from '../values.ts'
import { eachIndex, stridesOf } from './broadcast.ts'

/** Element access that works for 64-bit types too. */
type Elements = { [index: number]: number; length: number }
const elements = (values: Values) => values as unknown as Elements

/** The integers of an input: begins, sizes, axes. */
const integers = (call: Call, index: number) => toNumbers(input(call, index).data)

function product(lengths: readonly number[]): number {
  return lengths.reduce((a, b) => a * b, 1)
}

/** Fills the output with the input's elements at `from` of each output index. */
function gatherFrom(x: Operand, out: Operand, from: (index: readonly number[]) => number): void {
  const [source, target] = [elements(x.data), elements(out.data)]
  eachIndex(out.shape, (index, at) => {
    target[at] = source[from(index)]!
  })
}

/** RESHAPE, SQUEEZE, EXPAND_DIMS: the same elements. */
export const copy: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  if (x.data.length !== out.data.length)
    throw new MilliwattError('MODEL_ILLEGAL', call.node.name, `${call.node.op} changes the number of elements.`)
  gatherFrom({ ...x, shape: out.shape }, out, flatIndex(out.shape))
}

function flatIndex(shape: readonly number[]): (index: readonly number[]) => number {
  const strides = stridesOf(shape)
  return (index) => strides.reduce((sum, stride, axis) => sum + stride * index[axis]!, 0)
}

/** TRANSPOSE: output axis i is input axis permutation[i]. */
export const transpose: Kernel = (call) => {
  const x = input(call, 0)
  const strides = stridesOf(x.shape)
  const order = integers(call, 1)
  gatherFrom(x, output(call), (index) => order.reduce((sum, axis, i) => sum + strides[axis]! * index[i]!, 0))
}

/** PAD (with the zero point) and PADV2 (with the third input). */
export const pad: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const before = integers(call, 1).filter((_, index) => index % 2 === 0)
  const given = call.inputs[2]
  const [source, target] = [elements(x.data), elements(out.data)]
  // A zero of the type's own, which is a bigint for 64-bit integers.
  const value = given ? elements(given.data)[0]! : zeroPoint(out) || target[0]!
  const strides = stridesOf(x.shape)
  eachIndex(out.shape, (index, at) => {
    const inside = x.shape.every(
      (length, axis) => index[axis]! >= before[axis]! && index[axis]! < before[axis]! + length,
    )
    const from = strides.reduce((sum, stride, axis) => sum + stride * (index[axis]! - before[axis]!), 0)
    target[at] = inside ? source[from]! : value
  })
}

/** TFLite's rescaling of a part (its ConcatenationWithScaling): one factor and one offset in float32. */
function rescaled(call: Call, x: Operand, out: Operand): (value: number) => number {
  if (sameQuantization(x, out)) return (value) => value
  if (x.tensor.dtype !== out.tensor.dtype || !x.tensor.quantization || !out.tensor.quantization)
    throw unsupported(call, 'of tensors with different types is missing')
  const factor = Math.fround(scale(x) * Math.fround(1 / scale(out)))
  const offset = Math.fround(-zeroPoint(x) * factor)
  const range = integerRange(out.tensor.dtype)
  return (value) => clamp(roundHalfAway(Math.fround(Math.fround(value * factor) + offset)) + zeroPoint(out), range)
}

/** CONCATENATION; parts with another quantisation than the output's are rescaled. */
export const concatenation: Kernel = (call) => {
  const out = output(call)
  const axis = (numberAttribute(call.node, 'axis', 0) + out.shape.length) % out.shape.length
  const inner = product(out.shape.slice(axis + 1))
  const row = out.shape[axis]! * inner
  const target = elements(out.data)
  let offset = 0
  call.inputs.forEach((_, number) => {
    const x = input(call, number)
    const [part, source, take] = [x.shape[axis]! * inner, elements(x.data), rescaled(call, x, out)]
    for (let at = 0; at < source.length; at++)
      target[Math.floor(at / part) * row + offset + (at % part)] = take(source[at]!)
    offset += part
  })
}

/** SLICE: begins and sizes are inputs; the output's shape tells the sizes. */
export const slice: Kernel = (call) => {
  const x = input(call, 0)
  const [strides, begin] = [stridesOf(x.shape), integers(call, 1)]
  gatherFrom(x, output(call), (index) =>
    strides.reduce((sum, stride, axis) => sum + stride * (begin[axis]! + index[axis]!), 0),
  )
}

function splitAlong(call: Call, x: Operand, axis: number): void {
  const strides = stridesOf(x.shape)
  let start = 0
  for (const out of call.outputs) {
    const first = start * strides[axis]!
    gatherFrom(x, out, (index) => first + strides.reduce((sum, stride, i) => sum + stride * index[i]!, 0))
    start += out.shape[axis]!
  }
}

const axisOf = (x: Operand, axis: number) => (axis < 0 ? axis + x.shape.length : axis)

/** SPLIT: the axis is the first input. */
export const split: Kernel = (call) => splitAlong(call, input(call, 1), axisOf(input(call, 1), integers(call, 0)[0]!))

/** SPLIT_V: the axis is the third input. */
export const splitV: Kernel = (call) => splitAlong(call, input(call, 0), axisOf(input(call, 0), integers(call, 2)[0]!))
