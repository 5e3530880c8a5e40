import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { dataTypeCode } from '../../onnx/tensor.ts'
import { lengthsOf } from '../constants.ts'
import { declare, emit, inputOf, type OnnxContext, outputOf, storedType, tensorOf, unsupported } from './context.ts'
import { listConstant } from './move.ts'
import { moved, result } from './result.ts'
import { real, setStored, stored } from './values.ts'

const axisOf = (node: Node, rank: number): number => {
  const axis = numberAttribute(node, 'axis', 0)
  return axis < 0 ? axis + rank : axis
}

/** GATHER along one axis. */
export function gatherFromCanonical(context: OnnxContext, node: Node): void {
  if (numberAttribute(node, 'batchDims', 0) !== 0) throw unsupported(node, 'with batches is missing')
  const x = inputOf(context, node, 0)
  const inputs = [stored(context, x, 'canonical'), stored(context, inputOf(context, node, 1), 'canonical')]
  const axis = axisOf(node, lengthsOf(x).length)
  moved(context, node, 'canonical', (output) => emit(context, 'Gather', inputs, output, { axis }))
}

/** PACK: every part gets the new axis, then they are joined. */
export function packFromCanonical(context: OnnxContext, node: Node): void {
  const out = outputOf(context, node)
  const axis = axisOf(node, lengthsOf(out).length)
  const shape = listConstant(context, node, 'shape', lengthsOf(out).with(axis, 1))
  const parts = node.inputs.map((_, index) => {
    const part = inputOf(context, node, index)
    const name = context.builder.fresh(`${part.name}/part`)
    emit(context, 'Reshape', [stored(context, part, 'canonical'), shape], name)
    return name
  })
  moved(context, node, 'canonical', (output) => emit(context, 'Concat', parts, output, { axis }))
}

/** UNPACK: split along the axis, which then goes. */
export function unpackFromCanonical(context: OnnxContext, node: Node): void {
  const x = inputOf(context, node, 0)
  const axis = axisOf(node, lengthsOf(x).length)
  const outputs = node.outputs.map((name) => tensorOf(context, node, name))
  const parts = outputs.map(({ name }) => context.builder.fresh(`${name}/part`))
  context.builder.node({ op: 'Split', inputs: [stored(context, x, 'canonical')], outputs: parts, attributes: { axis } })
  const shape = listConstant(context, node, 'shape', lengthsOf(x).toSpliced(axis, 1))
  outputs.forEach((tensor, index) => {
    const name = declare(context, tensor, 'canonical', storedType(context, tensor), '')
    emit(context, 'Reshape', [parts[index]!, shape], name)
    setStored(context, tensor, 'canonical', name)
  })
}

/** DEPTH_TO_SPACE and SPACE_TO_DEPTH. */
export const blocksFromCanonical =
  (op: string) =>
  (context: OnnxContext, node: Node): void => {
    const input = stored(context, inputOf(context, node, 0), 'nchw')
    const blocksize = numberAttribute(node, 'blockSize', 1)
    moved(context, node, 'nchw', (output) => emit(context, op, [input], output, { blocksize }))
  }

/** CAST between plain numbers. */
export function castFromCanonical(context: OnnxContext, node: Node): void {
  const [x, out] = [inputOf(context, node, 0), outputOf(context, node)]
  const to = dataTypeCode(out.dtype)
  if (to === null || x.quantization || out.quantization) throw unsupported(node, `to ${out.dtype} is missing`)
  const input = stored(context, x, 'canonical')
  moved(context, node, 'canonical', (output) => emit(context, 'Cast', [input], output, { to }))
}

/** Reals of a matrix, its last two axes swapped where the node says so. */
function matrix(context: OnnxContext, x: Tensor, swapped: boolean): string {
  const name = real(context, x, 'canonical')
  if (!swapped) return name
  const axes = lengthsOf(x).map((_, axis) => axis)
  const turned = context.builder.fresh(`${x.name}/turned`)
  emit(context, 'Transpose', [name], turned, { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] })
  return turned
}

/** BATCH_MATMUL. */
export function batchMatmulFromCanonical(context: OnnxContext, node: Node): void {
  const inputs = ['adjX', 'adjY'].map((flag, index) =>
    matrix(context, inputOf(context, node, index), numberAttribute(node, flag, 0) === 1),
  )
  result(context, node, 'canonical', (output) => emit(context, 'MatMul', inputs, output))
}
