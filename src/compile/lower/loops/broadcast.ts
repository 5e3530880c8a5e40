import { add, int, mul } from '../../loops/expressions.ts'
import type { Expression } from '../../loops/loops.ts'
import type { LoopWriter } from '../../loops/writer.ts'
import { sizeOf } from '../../program.ts'
import { type LowerContext, refuse } from '../context.ts'

/** An axis that is walked: its length, and how far each operand moves along it, in elements. */
export interface Axis {
  readonly length: number
  readonly strides: readonly number[]
}

/** Strides of a dense shape as it is seen under broadcasting to another; null where it does not fit. */
function stridesTo(from: readonly number[], to: readonly number[]): readonly number[] | null {
  const padded = [...to.slice(from.length).map(() => 1), ...from]
  if (padded.length !== to.length || padded.some((length, axis) => length !== 1 && length !== to[axis])) return null
  return padded.map((length, axis) => (length === 1 ? 0 : sizeOf(padded.slice(axis + 1))))
}

/** Axes of a shape with the strides of operands; neighbours that every operand walks as one are joined. */
export function joinedAxes(shape: readonly number[], strides: readonly (readonly number[])[]): readonly Axis[] {
  const axes: Axis[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!
    if (length === 1) continue
    const each = strides.map((list) => list[axis]!)
    const inner = axes[0]
    if (inner && each.every((stride, index) => stride === inner.strides[index]! * inner.length))
      axes[0] = { length: inner.length * length, strides: inner.strides }
    else axes.unshift({ length, strides: each })
  }
  return axes
}

/** Loops over axes, the first one outermost; the body gets each operand's index. */
export function eachIndex(w: LoopWriter, axes: readonly Axis[], body: (indices: readonly Expression[]) => void): void {
  const count = axes[0]?.strides.length ?? 0
  const walk = ([axis, ...inner]: readonly Axis[], indices: readonly Expression[]): void => {
    if (!axis) {
      body(indices)
      return
    }
    w.loop(axis.length, (at) => {
      const moved = indices.map((index, operand) => add(index, mul(at, axis.strides[operand]!)))
      walk(inner, inner.length > 0 ? moved.map((index) => w.let(index)) : moved)
    })
  }
  walk(
    axes,
    Array.from({ length: count }, () => int(0)),
  )
}

/**
 * Loops over the elements of the output: the body gets its index and those of the operands under broadcasting.
 * @throws MilliwattError OP_UNSUPPORTED where an operand does not broadcast
 */
export function eachBroadcast(
  w: LoopWriter,
  context: LowerContext,
  output: readonly number[],
  operands: readonly (readonly number[])[],
  body: (at: Expression, indices: readonly Expression[]) => void,
): void {
  const strides = [output, ...operands].map((shape) => {
    const found = stridesTo(shape, output)
    if (!found) throw refuse(context, `[${shape}] does not broadcast to [${output}]`)
    return found
  })
  const axes = joinedAxes(output, strides)
  // A single element: no axis is left.
  const walked = axes.length > 0 ? axes : [{ length: 1, strides: strides.map(() => 0) }]
  eachIndex(w, walked, ([at, ...indices]) => body(at!, indices))
}
