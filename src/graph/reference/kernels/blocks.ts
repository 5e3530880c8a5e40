import { attribute, type Call, input, type Kernel, numeric, output } from '../kernel.ts'
import { toNumbers } from '../values.ts'
import { eachIndex, stridesOf } from './broadcast.ts'

/** Fills the output with the input's element at the place that `from` gives for each output place. */
function rearrange(call: Call, from: (index: readonly number[]) => readonly number[]): void {
  const [x, out] = [input(call, 0), output(call)]
  const [source, data] = [numeric(call, x), numeric(call, out)]
  const strides = stridesOf(x.shape)
  eachIndex(out.shape, (index, at) => {
    data[at] = source[from(index).reduce((sum, place, axis) => sum + place * strides[axis]!, 0)]!
  })
}

/** SPACE_TO_DEPTH: squares of blockSize² places become channels. */
export const spaceToDepth: Kernel = (call) => {
  const block = attribute(call, 'blockSize')
  const depth = input(call, 0).shape[3]!
  rearrange(call, ([n, y, x, c]) => {
    const cell = Math.floor(c! / depth)
    return [n!, y! * block + Math.floor(cell / block), x! * block + (cell % block), c! % depth]
  })
}

/** DEPTH_TO_SPACE: the inverse of SPACE_TO_DEPTH. */
export const depthToSpace: Kernel = (call) => {
  const block = attribute(call, 'blockSize')
  const depth = output(call).shape[3]!
  rearrange(call, ([n, y, x, c]) => {
    const cell = (y! % block) * block + (x! % block)
    return [n!, Math.floor(y! / block), Math.floor(x! / block), cell * depth + c!]
  })
}

/** MIRROR_PAD: reflects at the border, which `symmetric` repeats and `reflect` does not. */
export const mirrorPad: Kernel = (call) => {
  const { shape } = input(call, 0)
  const amounts = toNumbers(input(call, 1).data)
  const repeat = call.node.attributes.mode === 'symmetric' ? 1 : 0
  rearrange(call, (index) =>
    index.map((place, axis) => {
      const at = place - amounts[2 * axis]!
      if (at < 0) return -at - repeat
      return at < shape[axis]! ? at : 2 * shape[axis]! - 2 + repeat - at
    }),
  )
}
