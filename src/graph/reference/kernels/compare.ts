import {
  type Call,
  input,
  isFloat,
  type Kernel,
  numeric,
  type Operand,
  output,
  sameQuantization,
  unsupported,
} from '../kernel.ts'
import { eachPair } from './broadcast.ts'

/** Elements as they compare: reals, or steps of one quantisation. */
function comparable(call: Call, a: Operand, b: Operand): void {
  if (!isFloat(a) && !sameQuantization(a, b))
    throw unsupported(call, 'of tensors with different quantisation is missing')
}

const compare =
  (holds: (a: number, b: number) => boolean): Kernel =>
  (call) => {
    const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
    comparable(call, a, b)
    const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
    eachPair(call, (i, j, at) => {
      data[at] = holds(x[i]!, y[j]!) ? 1 : 0
    })
  }

/** Comparisons and logic of two tensors, by canonical name; the result is boolean. */
export const compareKernels: Readonly<Record<string, Kernel>> = {
  equal: compare((a, b) => a === b),
  greater: compare((a, b) => a > b),
  greater_equal: compare((a, b) => a >= b),
  less: compare((a, b) => a < b),
  less_equal: compare((a, b) => a <= b),
  logical_and: compare((a, b) => a !== 0 && b !== 0),
  logical_or: compare((a, b) => a !== 0 || b !== 0),
  not_equal: compare((a, b) => a !== b),
}
