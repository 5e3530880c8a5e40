import { sizeOf } from '../program.ts'
import { type LowerContext, refuse } from './context.ts'

/** Index of the operand's element for every element of the output, under broadcasting. */
export function broadcastIndices(context: LowerContext, from: readonly number[], to: readonly number[]): Int32Array {
  const padded = [...to.slice(from.length).map(() => 1), ...from]
  const strides = padded.map((length, axis) => (length === 1 ? 0 : sizeOf(padded.slice(axis + 1))))
  if (padded.length !== to.length || padded.some((length, axis) => length !== 1 && length !== to[axis]))
    throw refuse(context, `[${from}] does not broadcast to [${to}]`)
  return Int32Array.from({ length: sizeOf(to) }, (_, at) => {
    let rest = at
    let index = 0
    for (let axis = to.length - 1; axis >= 0; axis--) {
      index += (rest % to[axis]!) * strides[axis]!
      rest = Math.floor(rest / to[axis]!)
    }
    return index
  })
}
