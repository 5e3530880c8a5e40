import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { dataTypeOf } from '../../onnx/tensor.ts'
import { int32Constant } from '../constants.ts'
import { type CanonicalContext, emit, newTensor, unsupported, valueAt } from './context.ts'
import { toSame } from './layout.ts'

/** ArgMax and ArgMin: the first of equals, as int64. */
export const argToCanonical =
  (op: string) =>
  (context: CanonicalContext, node: Node): void => {
    if (numberAttribute(node, 'select_last_index', 0) === 1) throw unsupported(node, 'of the last of equals is missing')
    const x = toSame(context, valueAt(context, node, 0))
    const given = numberAttribute(node, 'axis', 0)
    const axis = given < 0 ? given + x.shape.length : given
    const keep = numberAttribute(node, 'keepdims', 1) === 1
    const rest = x.shape.filter((_, index) => index !== axis)
    const shape = keep ? x.shape.map((length, index) => (index === axis ? 1 : length)) : rest
    const list = context.builder.constant(int32Constant('axis', [axis], []))
    const found = newTensor(context, keep ? `${node.outputs[0]}/flat` : node.outputs[0]!, rest, { dtype: 'int64' })
    emit(context, op, [x.tensor, list], [found], { outputType: 'int64' })
    const tensor = keep ? newTensor(context, node.outputs[0]!, shape, found) : found
    if (keep) emit(context, 'reshape', [found, context.builder.constant(int32Constant('shape', shape))], [tensor])
    context.values.set(node.outputs[0]!, { tensor, layout: 'same', real: false, shape })
  }

/** Cast: nothing to do for the type that is there; CAST for plain numbers. */
export function castToCanonical(context: CanonicalContext, node: Node): void {
  const value = valueAt(context, node, 0)
  const dtype = dataTypeOf(numberAttribute(node, 'to', 0))
  const isFloat = value.real || value.tensor.dtype === 'float32'
  if ((isFloat && dtype === 'float32') || value.tensor.dtype === dtype) {
    context.values.set(node.outputs[0]!, value)
    return
  }
  if (value.tensor.quantization) throw unsupported(node, 'of quantised integers is missing')
  const output = newTensor(context, node.outputs[0]!, value.tensor.shape as readonly number[], { dtype })
  emit(context, 'cast', [value.tensor], [output], { inDataType: value.tensor.dtype, outDataType: dtype })
  context.values.set(node.outputs[0]!, { ...value, tensor: output, real: false })
}
