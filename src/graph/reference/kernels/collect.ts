import { MilliwattError } from '../../../core/errors.ts'
import { numberAttribute } from '../../graph.ts'
import { type Call, input, type Kernel, type Operand, output } from '../kernel.ts'
import { toNumbers, type Values } from '../values.ts'

type Elements = { [index: number]: number; length: number }
const elements = (values: Values) => values as unknown as Elements

function axisOf(call: Call, rank: number): number {
  const axis = numberAttribute(call.node, 'axis', 0)
  return axis < 0 ? axis + rank : axis
}

const product = (lengths: readonly number[]) => lengths.reduce((a, b) => a * b, 1)

/** Copies `count` runs of `length` elements between two strides. */
function copyRuns(
  [source, from, sourceStep]: readonly [Elements, number, number],
  [target, to, targetStep]: readonly [Elements, number, number],
  length: number,
  count: number,
): void {
  for (let run = 0; run < count; run++)
    for (let at = 0; at < length; at++) target[to + run * targetStep + at] = source[from + run * sourceStep + at]!
}

/** GATHER along an axis. @throws MilliwattError MODEL_ILLEGAL for an index outside of it */
export const gather: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const axis = axisOf(call, x.shape.length)
  const indices = toNumbers(input(call, 1).data)
  const [inner, length] = [product(x.shape.slice(axis + 1)), x.shape[axis]!]
  const bad = indices.find((index) => index < 0 || index >= length)
  if (bad !== undefined)
    throw new MilliwattError('MODEL_ILLEGAL', call.node.name, `gather takes element ${bad} of ${length}.`)
  const outer = product(x.shape.slice(0, axis))
  indices.forEach((index, number) => {
    copyRuns(
      [elements(x.data), index * inner, length * inner],
      [elements(out.data), number * inner, indices.length * inner],
      inner,
      outer,
    )
  })
}

function layers(
  call: Call,
  whole: Operand,
): { readonly inner: number; readonly outer: number; readonly count: number } {
  const axis = axisOf(call, whole.shape.length)
  return {
    inner: product(whole.shape.slice(axis + 1)),
    outer: product(whole.shape.slice(0, axis)),
    count: whole.shape[axis]!,
  }
}

/** PACK: tensors of one shape along a new axis. */
export const pack: Kernel = (call) => {
  const out = output(call)
  const { inner, outer, count } = layers(call, out)
  for (let number = 0; number < count; number++)
    copyRuns(
      [elements(input(call, number).data), 0, inner],
      [elements(out.data), number * inner, count * inner],
      inner,
      outer,
    )
}

/** UNPACK: the layers along an axis. */
export const unpack: Kernel = (call) => {
  const x = input(call, 0)
  const { inner, outer, count } = layers(call, x)
  call.outputs.forEach((out, number) => {
    copyRuns([elements(x.data), number * inner, count * inner], [elements(out.data), 0, inner], inner, outer)
  })
}
