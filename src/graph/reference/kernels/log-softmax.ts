import { input, isFloat, type Kernel, numeric, output, unsupported } from '../kernel.ts'

/** LOG_SOFTMAX of floats over the last axis: x − max − log Σ exp(x − max), float32 after every step. */
export const logSoftmax: Kernel = (call) => {
  const x = input(call, 0)
  if (!isFloat(x)) throw unsupported(call, `on ${x.tensor.dtype} is missing`)
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  const depth = x.shape.at(-1) ?? 1
  for (let start = 0; start < source.length; start += depth) {
    const row = Array.from(source.subarray(start, start + depth))
    const most = Math.max(...row)
    const sum = row.reduce((total, value) => Math.fround(total + Math.fround(Math.exp(Math.fround(value - most)))), 0)
    const log = Math.fround(Math.log(sum))
    for (const [at, value] of row.entries()) data[start + at] = Math.fround(Math.fround(value - most) - log)
  }
}
