import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { lengthsOf, permuteConstant, product } from '../constants.ts'
import { compute } from './compute.ts'
import { type CanonicalContext, constantOf, emit, unsupported, valueAt } from './context.ts'
import { biasOf, floatWeights, integerBias } from './conv.ts'
import { toSame } from './layout.ts'
import { soleConsumer } from './wiring.ts'

interface Dense {
  /** Constant weights [out, in]. */
  readonly weights: Tensor
  readonly bias: Tensor | null
  readonly result: string
}

/** A bias may have leading ones; TFLite wants a list. */
function flat(bias: Tensor | null): Tensor | null {
  return bias && { ...bias, shape: [product(lengthsOf(bias))] }
}

function addDense(context: CanonicalContext, node: Node, { weights, bias, result }: Dense): void {
  const x = toSame(context, valueAt(context, node, 0))
  const shape = [...x.shape.slice(0, -1), lengthsOf(weights)[0]!]
  compute(context, node, {
    inputs: [x],
    layout: 'same',
    shape,
    stored: shape,
    result,
    fuse: true,
    quantizable: weights.quantization !== undefined,
    write: ([input], output, activation, integers) => {
      const matrix = integers ? weights : floatWeights(weights)
      const ready = bias && (integers ? integerBias(bias, x, weights) : floatWeights(bias))
      const operands = [input!, context.builder.constant(matrix), ...(ready ? [context.builder.constant(ready)] : [])]
      const keepNumDims = shape.length === 2 ? 0 : 1
      emit(context, 'fully_connected', operands, [output], {
        activation,
        weightsFormat: 0,
        keepNumDims,
        asymmetricQuantizeInputs: 0,
      })
    },
  })
}

/** Constant weights as [out, in]. */
function weightsOf(context: CanonicalContext, node: Node, transposed: boolean): Tensor {
  const constant = constantOf(context, node.inputs[1])
  if (!constant) throw unsupported(node, 'with weights that are no constant is missing')
  if (constant.shape?.length !== 2) throw unsupported(node, 'with weights that are no matrix is missing')
  return transposed ? constant : permuteConstant(constant, [1, 0])
}

/** Gemm with constant weights: FULLY_CONNECTED. */
export function gemmToCanonical(context: CanonicalContext, node: Node): void {
  const number = (name: string, fallback: number) => numberAttribute(node, name, fallback)
  const plain = number('alpha', 1) === 1 && number('beta', 1) === 1 && number('transA', 0) === 0
  if (!plain) throw unsupported(node, 'with alpha, beta or transA is missing')
  const weights = weightsOf(context, node, number('transB', 0) === 1)
  addDense(context, node, { weights, bias: flat(biasOf(context, node, node.inputs[2])), result: node.outputs[0]! })
}

/** The Add of a constant list that follows a product alone: its bias. */
function addedBias(context: CanonicalContext, node: Node, units: number): readonly [Node, Tensor] | null {
  const next = soleConsumer(context.wiring, node.outputs[0]!)
  if (next?.op !== 'Add') return null
  const other = next.inputs[0] === node.outputs[0] ? next.inputs[1] : next.inputs[0]
  const bias = constantOf(context, other)
  if (!bias || lengthsOf(bias).at(-1) !== units || product(lengthsOf(bias)) !== units) return null
  return bias.dtype === 'float32' || bias.dtype === 'int32' ? [next, bias] : null
}

/** MatMul of two computed values: BATCH_MATMUL. Batches are equal, or one side has a single one. */
function batchMatMul(context: CanonicalContext, node: Node): void {
  const operands = [0, 1].map((index) => toSame(context, valueAt(context, node, index)))
  const [a, b] = operands.map((value) => value.shape) as [readonly number[], readonly number[]]
  const [x, y] = [a.slice(0, -2), b.slice(0, -2)]
  const fits = x.join() === y.join() || product(x) === 1 || product(y) === 1
  if (a.length < 2 || b.length < 2 || !fits) throw unsupported(node, 'of these batches is missing')
  const batch = product(x) > 1 || (product(y) === 1 && x.length >= y.length) ? x : y
  const shape = [...batch, a.at(-2)!, b.at(-1)!]
  compute(context, node, {
    inputs: operands,
    layout: 'same',
    shape,
    stored: shape,
    write: (inputs, output) => emit(context, 'batch_matmul', inputs, [output], { adjX: 0, adjY: 0 }),
  })
}

/** MatMul by a constant matrix, with the Add of a bias after it: FULLY_CONNECTED. */
export function matMulToCanonical(context: CanonicalContext, node: Node): void {
  if (constantOf(context, node.inputs[1])?.shape?.length !== 2) {
    batchMatMul(context, node)
    return
  }
  const weights = weightsOf(context, node, false)
  const added = addedBias(context, node, lengthsOf(weights)[0]!)
  if (added) context.done.add(added[0])
  const [add, bias] = added ?? [node, null]
  addDense(context, node, { weights, bias: flat(bias), result: add.outputs[0]! })
}
