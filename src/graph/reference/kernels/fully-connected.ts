import { input, type Kernel, numeric, output } from '../kernel.ts'
import { productsOf } from './products.ts'

/** FULLY_CONNECTED: rows of the input by weights [out, in]. */
export const fullyConnected: Kernel = (call) => {
  const [x, weights, out] = [input(call, 0), input(call, 1), output(call)]
  const [units, depth] = weights.shape as [number, number]
  const products = productsOf(call, { x, weights, bias: call.inputs[2] ?? null, out }, true)
  const data = numeric(call, out)
  const rows = x.data.length / depth
  for (let row = 0; row < rows; row++)
    for (let unit = 0; unit < units; unit++) {
      let sum = 0
      for (let c = 0; c < depth; c++) sum = products.add(sum, row * depth + c, unit * depth + c)
      data[row * units + unit] = products.finish(sum, unit)
    }
}
