import { add, int, mul } from '../../loops/expressions.ts'
import type { Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { attribute, type LowerContext, refuse } from '../context.ts'
import { productsOf } from './products.ts'
import { optionalSource, type Source, sourceAt, targetAt } from './source.ts'

/** fully_connected of any types: rows by weights [out, in], which may be computed. */
export function lowerFullyConnectedLoops(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, weights, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
  const [channels, depth] = weights.value.shape as [number, number]
  const rows = x.size / depth
  if (!Number.isInteger(rows) || rows * channels !== out.size)
    throw refuse(context, 'its weights do not fit its input and output')
  const bias = optionalSource(w, context, 2)
  const products = productsOf(w, context, { x, weights, bias, out, channels, floatProduct: true })
  w.loop(rows, (row) => {
    w.loop(channels, (channel) => {
      const sum = products.start()
      const [from, weight] = [w.let(mul(row, depth)), w.let(mul(channel, depth))]
      w.loop(depth, (c) => products.take(sum, add(from, c), add(weight, c)))
      out.store(add(mul(row, channels), channel), products.finish(sum, channel))
    })
  })
  return w.step(context.node, out.value, `fully_connected ${x.value.dtype}`, rows * channels * depth)
}

/** How a matrix of the last two axes is walked, and where a batch begins. */
interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly rowStep: number
  readonly columnStep: number
  start(batch: Expression): Expression
}

function matrixOf({ value, size }: Source, transposed: boolean): Matrix {
  const [rows, columns] = value.shape.slice(-2) as [number, number]
  const start = (batch: Expression) => (size === rows * columns ? int(0) : mul(batch, rows * columns))
  return transposed
    ? { rows: columns, columns: rows, rowStep: 1, columnStep: columns, start }
    : { rows, columns, rowStep: columns, columnStep: 1, start }
}

/** batch_matmul of any types; a batch of one serves all. Its factor is a float32 product, as a dense layer's. */
export function lowerBatchMatmul(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, weights, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
  const a = matrixOf(x, attribute(context, 'adjX', 0) === 1)
  const b = matrixOf(weights, attribute(context, 'adjY', 0) === 1)
  const batches = out.size / (a.rows * b.columns)
  if (a.columns !== b.rows || !Number.isInteger(batches)) throw refuse(context, 'its matrices do not fit')
  const products = productsOf(w, context, { x, weights, bias: null, out, channels: 1, floatProduct: true })
  const emitElement = (batch: Expression, row: Expression, column: Expression) => {
    const sum = products.start()
    const first = w.let(add(a.start(batch), mul(row, a.rowStep)))
    const second = w.let(add(b.start(batch), mul(column, b.columnStep)))
    w.loop(a.columns, (i) => products.take(sum, add(first, mul(i, a.columnStep)), add(second, mul(i, b.rowStep))))
    const at = add(mul(add(mul(batch, a.rows), row), b.columns), column)
    out.store(at, products.finish(sum, int(0)))
  }
  w.loop(batches, (batch) => {
    w.loop(a.rows, (row) => {
      w.loop(b.columns, (column) => emitElement(batch, row, column))
    })
  })
  return w.step(context.node, out.value, `batch_matmul ${x.value.dtype}`, out.size * a.columns)
}
