import { input, type Kernel, numeric, output, sameQuantization, unsupported } from '../kernel.ts'
import { eachPair } from './broadcast.ts'

const choose =
  (better: (a: number, b: number) => number): Kernel =>
  (call) => {
    const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
    if (!sameQuantization(a, out) || !sameQuantization(b, out))
      throw unsupported(call, 'of tensors with different quantisation is missing')
    const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
    eachPair(call, (i, j, at) => {
      data[at] = better(x[i]!, y[j]!)
    })
  }

/** MAXIMUM of two tensors that share their quantisation. */
export const maximum: Kernel = choose(Math.max)

/** MINIMUM of two tensors that share their quantisation. */
export const minimum: Kernel = choose(Math.min)
