import { numberAttribute } from '../../graph.ts'
import { type Call, input, type Kernel, output, unsupported } from '../kernel.ts'
import { toNumbers, type Values } from '../values.ts'
import { eachIndex, stridesOf } from './broadcast.ts'

/** First index along an axis: masked or negative begins, cut to the axis. */
function firstOf(length: number, begin: number, stride: number, masked: boolean): number {
  if (masked) return stride > 0 ? 0 : length - 1
  const from = begin < 0 ? begin + length : begin
  return stride > 0 ? Math.min(length, Math.max(0, from)) : Math.min(length - 1, Math.max(-1, from))
}

function axisPlan(
  call: Call,
): readonly { readonly first: number; readonly stride: number; readonly shrunk: boolean }[] {
  const { shape } = input(call, 0)
  const [begins, strides] = [toNumbers(input(call, 1).data), toNumbers(input(call, 3).data)]
  const mask = (name: string, axis: number) => (numberAttribute(call.node, name, 0) & (1 << axis)) !== 0
  return shape.map((length, axis) => {
    const given = axis < begins.length
    const stride = given ? strides[axis]! : 1
    const shrunk = given && mask('shrinkAxisMask', axis)
    const masked = !given || (mask('beginMask', axis) && !shrunk)
    return { first: firstOf(length, given ? begins[axis]! : 0, stride, masked), stride, shrunk }
  })
}

/** STRIDED_SLICE without ellipsis and new axes; the output's shape tells where it ends. */
export const stridedSlice: Kernel = (call) => {
  for (const name of ['ellipsisMask', 'newAxisMask'])
    if (numberAttribute(call.node, name, 0) !== 0) throw unsupported(call, `with ${name} is missing`)
  const [x, out] = [input(call, 0), output(call)]
  const plan = axisPlan(call)
  const strides = stridesOf(x.shape)
  const kept = plan.flatMap(({ shrunk }, axis) => (shrunk ? [] : [axis]))
  const start = plan.reduce((sum, { first }, axis) => sum + first * strides[axis]!, 0)
  const [source, target] = [x.data, out.data] as unknown as [Values & number[], Values & number[]]
  eachIndex(out.shape, (index, at) => {
    const offset = kept.reduce((sum, axis, i) => sum + index[i]! * plan[axis]!.stride * strides[axis]!, 0)
    target[at] = source[start + offset]!
  })
}
