import { input, type Kernel, numeric, output, sameQuantization, unsupported } from '../kernel.ts'
import { eachPair } from './broadcast.ts'

const choose =
  (better: (a: number, b: number) => number): Kernel =>
  (call) => {
    const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
    if (call.semantics === 'fp32' && (!sameQuantization(a, out) || !sameQuantization(b, out)))
      throw unsupported(call, 'of tensors with different quantisation is missing')
    const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
    eachPair(call, (i, j, at) => {
      data[at] = better(x[i]!, y[j]!)
    })
  }

/** MAXIMUM. TFLite compares steps and never rescales; in `fp32` the tensors share their quantisation. */
export const maximum: Kernel = choose(Math.max)

/** MINIMUM, as MAXIMUM. */
export const minimum: Kernel = choose(Math.min)
