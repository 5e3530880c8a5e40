import { MilliwattError } from '../../../core/errors.ts'
import { numberAttribute } from '../../graph.ts'
import { type Call, input, type Kernel, numeric, type Operand, output, unsupported, zeroPoint } from '../kernel.ts'
import { toNumbers, type Values } from '../values.ts'
import { eachIndex, stridesOf } from './broadcast.ts'

/** Element access that works for 64-bit types too. */
type Elements = { [index: number]: number; length: number; fill(value: number): void }
const elements = (values: Values) => values as unknown as Elements
const integers = (call: Call, index: number) => toNumbers(input(call, index).data)

const at = (index: readonly number[], strides: readonly number[]) =>
  strides.reduce((sum, stride, axis) => sum + stride * index[axis]!, 0)

/** Fills the output with the input's element at the place that `from` gives; null leaves what is there. */
function rearrange(call: Call, x: Operand, from: (index: readonly number[]) => readonly number[] | null): void {
  const out = output(call)
  const [source, target, strides] = [elements(x.data), elements(out.data), stridesOf(x.shape)]
  eachIndex(out.shape, (index, to) => {
    const place = from(index)
    if (place) target[to] = source[at(place, strides)]!
  })
}

/** TILE: the input again and again along every axis. */
export const tile: Kernel = (call) => {
  const x = input(call, 0)
  rearrange(call, x, (index) => index.map((place, axis) => place % x.shape[axis]!))
}

/** BROADCAST_TO: axes of length 1 repeat, missing leading ones too. */
export const broadcastTo: Kernel = (call) => {
  const x = input(call, 0)
  const skip = output(call).shape.length - x.shape.length
  rearrange(call, x, (index) => x.shape.map((length, axis) => (length === 1 ? 0 : index[axis + skip]!)))
}

/** REVERSE_V2 along the axes of the second input. */
export const reverse: Kernel = (call) => {
  const x = input(call, 0)
  const axes = integers(call, 1).map((axis) => (axis < 0 ? axis + x.shape.length : axis))
  rearrange(call, x, (index) => index.map((place, axis) => (axes.includes(axis) ? x.shape[axis]! - 1 - place : place)))
}

/** GATHER_ND: the last axis of the indices names places along the first axes of the input. */
export const gatherNd: Kernel = (call) => {
  const [x, indices] = [input(call, 0), input(call, 1)]
  const [places, depth] = [toNumbers(indices.data), indices.shape.at(-1)!]
  const outer = indices.shape.length - 1
  const steps = stridesOf(indices.shape)
  rearrange(call, x, (index) => {
    const first = at(index.slice(0, outer), steps.slice(0, outer))
    const head = Array.from({ length: depth }, (_, axis) => places[first + axis]!)
    const bad = head.findIndex((place, axis) => place < 0 || place >= x.shape[axis]!)
    if (bad >= 0)
      throw new MilliwattError(
        'MODEL_ILLEGAL',
        call.node.name,
        `gather_nd takes element ${head[bad]} of ${x.shape[bad]}.`,
      )
    return [...head, ...index.slice(outer)]
  })
}

/** SPACE_TO_BATCH_ND: cells of blocks of the padded axes become batches; padding is the zero point. */
export const spaceToBatch: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const [blocks, pads] = [integers(call, 1), integers(call, 2)]
  if (zeroPoint(out) !== 0) elements(out.data).fill(zeroPoint(out))
  const cells = stridesOf([...blocks, x.shape[0]!])
  rearrange(call, x, ([batch, ...rest]) => {
    const place = rest.map((value, axis) => {
      if (axis >= blocks.length) return value
      const cell = Math.floor(batch! / cells[axis]!) % blocks[axis]!
      return value * blocks[axis]! + cell - pads[2 * axis]!
    })
    const inside = place.every((value, axis) => value >= 0 && value < x.shape[axis + 1]!)
    return inside ? [batch! % x.shape[0]!, ...place] : null
  })
}

/** BATCH_TO_SPACE_ND: the inverse; the third input crops. */
export const batchToSpace: Kernel = (call) => {
  const x = input(call, 0)
  const [blocks, crops] = [integers(call, 1), integers(call, 2)]
  const batches = output(call).shape[0]!
  const cells = stridesOf([...blocks, batches])
  rearrange(call, x, ([batch, ...rest]) => {
    const full = rest.map((value, axis) => (axis < blocks.length ? value + crops[2 * axis]! : value))
    const cell = blocks.reduce((sum, block, axis) => sum + (full[axis]! % block) * cells[axis]!, batch!)
    return [cell, ...full.map((value, axis) => (axis < blocks.length ? Math.floor(value / blocks[axis]!) : value))]
  })
}

/** FILL with the second input. */
export const fill: Kernel = (call) => elements(output(call).data).fill(elements(input(call, 1).data)[0]!)

/** ZEROS_LIKE: zeros, which is what an output holds. */
export const zerosLike: Kernel = () => {}

/** SHAPE: the lengths of the input. */
export const shapeOf: Kernel = (call) => {
  const out = output(call)
  const wide = out.data instanceof BigInt64Array
  input(call, 0).shape.forEach((length, axis) => {
    out.data[axis] = (wide ? BigInt(length) : length) as never
  })
}

/** RANGE: start, start + step, … */
export const range: Kernel = (call) => {
  const out = output(call)
  const [start, , step] = [0, 1, 2].map((index) => integers(call, index)[0]!) as [number, number, number]
  const wide = out.data instanceof BigInt64Array
  for (let index = 0; index < out.data.length; index++) {
    const value = start + index * step
    out.data[index] = (wide ? BigInt(value) : value) as never
  }
}

/** ONE_HOT: one value at the index along a new axis, the other elsewhere. */
export const oneHot: Kernel = (call) => {
  const [indices, out] = [input(call, 0), output(call)]
  const [on, off] = [elements(input(call, 2).data)[0]!, elements(input(call, 3).data)[0]!]
  const given = numberAttribute(call.node, 'axis', -1)
  const axis = given < 0 ? out.shape.length - 1 : given
  const [source, strides, target] = [toNumbers(indices.data), stridesOf(indices.shape), elements(out.data)]
  eachIndex(out.shape, (index, to) => {
    target[to] = source[at(index.toSpliced(axis, 1), strides)] === index[axis] ? on : off
  })
}

/** SELECT and SELECT_V2: from the second input where the condition holds, else from the third, broadcast. */
export const select: Kernel = (call) => {
  const [condition, yes, no, out] = [input(call, 0), input(call, 1), input(call, 2), output(call)]
  const reader = (operand: Operand) => {
    const rows = call.node.op === 'select' && operand === condition && condition.shape.length < out.shape.length
    const skip = rows ? 0 : out.shape.length - operand.shape.length
    const strides = stridesOf(operand.shape).map((stride, axis) => (operand.shape[axis] === 1 ? 0 : stride))
    return (index: readonly number[]) => at(index.slice(skip), strides)
  }
  const [holds, first, second] = [reader(condition), reader(yes), reader(no)]
  const target = elements(out.data)
  eachIndex(out.shape, (index, to) => {
    const take = elements(condition.data)[holds(index)] ? elements(yes.data)[first(index)] : null
    target[to] = take ?? elements(no.data)[second(index)]!
  })
}

/** CUMSUM along an axis; `exclusive` leaves the own element out, `reverse` begins at the end. */
export const cumulativeSum: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  if (x.tensor.quantization) throw unsupported(call, 'on quantised integers is missing')
  const given = integers(call, 1)[0]!
  const axis = given < 0 ? given + x.shape.length : given
  const [length, step] = [x.shape[axis]!, stridesOf(x.shape)[axis]!]
  const [exclusive, backwards] = ['exclusive', 'reverse'].map((name) => numberAttribute(call.node, name, 0) === 1)
  const [source, target] = [numeric(call, x), numeric(call, out)]
  for (let start = 0; start < source.length; start++) {
    if (Math.floor(start / step) % length !== 0) continue
    let sum = 0
    for (let i = 0; i < length; i++) {
      const place = start + (backwards ? length - 1 - i : i) * step
      if (exclusive) target[place] = sum
      sum = x.tensor.dtype === 'float32' ? Math.fround(sum + source[place]!) : sum + source[place]!
      if (!exclusive) target[place] = sum
    }
  }
}

/** TOPK_V2 over the last axis: values and places, largest first, the first of equals first. */
export const topK: Kernel = (call) => {
  const [x, values, places] = [input(call, 0), output(call), output(call, 1)]
  const [depth, count] = [x.shape.at(-1)!, values.shape.at(-1)!]
  const source = elements(x.data)
  for (let row = 0; row * depth < source.length; row++) {
    const at = (index: number) => source[row * depth + index]!
    const order = Array.from({ length: depth }, (_, index) => index).sort((a, b) =>
      at(a) === at(b) ? a - b : at(a) > at(b) ? -1 : 1,
    )
    for (const [index, place] of order.slice(0, count).entries()) {
      elements(values.data)[row * count + index] = source[row * depth + place]!
      elements(places.data)[row * count + index] = place
    }
  }
}
