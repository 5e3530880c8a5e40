import { numberAttribute } from '../../graph.ts'
import { type Call, input, type Kernel, numeric, output } from '../kernel.ts'
import { productsOf } from './products.ts'

/** Rows, columns and steps of a matrix in the last two axes, transposed or not. */
function matrixOf(shape: readonly number[], transposed: boolean): readonly [number, number, number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number]
  return transposed ? [columns, rows, 1, columns] : [rows, columns, columns, 1]
}

const flag = (call: Call, name: string) => numberAttribute(call.node, name, 0) === 1

/** BATCH_MATMUL of the last two axes; a batch of one serves all. Its factor is a float32 product, as a dense layer's. */
export const batchMatmul: Kernel = (call) => {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const products = productsOf(call, { x: a, weights: b, bias: null, out }, true)
  const [rows, depth, rowStep, depthStep] = matrixOf(a.shape, flag(call, 'adjX'))
  const [, columns, innerStep, columnStep] = matrixOf(b.shape, flag(call, 'adjY'))
  const data = numeric(call, out)
  const startOf = (length: number, size: number, batch: number) => (length === size ? 0 : batch * size)
  for (let at = 0; at < data.length; at++) {
    const [batch, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns]
    const first = startOf(a.data.length, rows * depth, batch) + row * rowStep
    const second = startOf(b.data.length, depth * columns, batch) + column * columnStep
    let sum = 0
    for (let i = 0; i < depth; i++) sum = products.add(sum, first + i * depthStep, second + i * innerStep)
    data[at] = products.finish(sum, 0)
  }
}
