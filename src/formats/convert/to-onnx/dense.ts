import type { Node } from '../../../graph/graph.ts'
import { int64Constant, lengthsOf, product } from '../constants.ts'
import { declare, emit, inputOf, type OnnxContext, outputOf, storedType } from './context.ts'
import { result } from './result.ts'
import { quantizeTo, real, setStored, stored } from './values.ts'
import { biasReal, weightReal } from './weights.ts'

/** Name of the rows of an input: a matrix whose columns the weights see. */
function rowsReal(context: OnnxContext, node: Node, depth: number): string {
  const x = inputOf(context, node, 0)
  const rows = product(lengthsOf(x)) / depth
  if (x.shape!.length === 2 && x.shape![1] === depth) return real(context, x, 'canonical')
  const flat = { ...x, name: `${x.name}/rows`, shape: [rows, depth] }
  const shape = context.builder.constant(int64Constant(`${x.name}/rows/shape`, [rows, depth])).name
  const name = declare(context, flat, 'canonical', storedType(context, x), '')
  emit(context, 'Reshape', [stored(context, x, 'canonical'), shape], name)
  setStored(context, flat, 'canonical', name)
  return real(context, flat, 'canonical')
}

/** FULLY_CONNECTED: Gemm with weights [out, in] as they are; other ranks than 2 are reshaped. */
export function fullyConnectedFromCanonical(context: OnnxContext, node: Node): void {
  const [x, weights, out] = [inputOf(context, node, 0), inputOf(context, node, 1), outputOf(context, node)]
  const [units, depth] = lengthsOf(weights) as [number, number]
  const inputs = [rowsReal(context, node, depth), weightReal(context, node, weights, [0, 1])]
  const bias = biasReal(context, node, x, weights)
  const gemm = (output: string) => emit(context, 'Gemm', bias ? [...inputs, bias] : inputs, output, { transB: 1 })
  if (out.shape!.length === 2) {
    result(context, node, 'canonical', gemm)
    return
  }
  const flat = { ...out, shape: [product(lengthsOf(out)) / units, units] }
  const shape = context.builder.constant(int64Constant(`${out.name}/shape`, lengthsOf(out))).name
  result(context, node, 'canonical', (output) => {
    const rows = declare(context, flat, 'canonical', 'float32', '/rows')
    gemm(rows)
    emit(context, 'Reshape', [rows, shape], output)
  })
}

/** QUANTIZE: from reals, or from integers of another scale. */
export function quantizeFromCanonical(context: OnnxContext, node: Node): void {
  quantizeTo(context, outputOf(context, node), 'canonical', real(context, inputOf(context, node, 0), 'canonical'))
}

/** DEQUANTIZE. */
export function dequantizeFromCanonical(context: OnnxContext, node: Node): void {
  setStored(context, outputOf(context, node), 'canonical', real(context, inputOf(context, node, 0), 'canonical'))
}
