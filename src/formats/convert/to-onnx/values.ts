import { MilliwattError } from '../../../core/errors.ts'
import type { Tensor } from '../../../graph/graph.ts'
import {
  constantIn,
  constantReal,
  declare,
  emit,
  type Layout,
  type OnnxContext,
  quantizers,
  storedTensor,
  storedType,
  toNchw,
  toNhwc,
} from './context.ts'

const keyOf = (tensor: Tensor, layout: Layout, form: 'stored' | 'real') => `${form}|${layout}|${tensor.name}`

/** Tells whether a value lies in a layout without a transpose. */
export function hasLayout(context: OnnxContext, tensor: Tensor, layout: Layout): boolean {
  return context.values.has(keyOf(tensor, layout, 'stored'))
}

/** Notes the ONNX value that holds a tensor's elements in a layout. */
export function setStored(context: OnnxContext, tensor: Tensor, layout: Layout, name: string): void {
  context.values.set(keyOf(tensor, layout, 'stored'), name)
}

function once(context: OnnxContext, key: string, make: () => string): string {
  const known = context.values.get(key)
  if (known !== undefined) return known
  const name = make()
  context.values.set(key, name)
  return name
}

function transposed(context: OnnxContext, tensor: Tensor, layout: Layout): string {
  const from: Layout = layout === 'nchw' ? 'canonical' : 'nchw'
  const source = context.values.get(keyOf(tensor, from, 'stored'))
  if (source === undefined) throw new MilliwattError('MODEL_ILLEGAL', tensor.name, 'It is read before it is made.')
  const name = declare(context, tensor, layout, storedType(context, tensor), '')
  emit(context, 'Transpose', [source], name, { perm: layout === 'nchw' ? toNchw : toNhwc })
  return name
}

/** Name of the elements of a tensor in its stored type; constants are permuted here, the rest by Transpose. */
export function stored(context: OnnxContext, tensor: Tensor, layout: Layout): string {
  return once(context, keyOf(tensor, layout, 'stored'), () => {
    if (!tensor.data) return transposed(context, tensor, layout)
    const { quantization: _, ...plain } = constantIn(storedTensor(context, tensor), layout)
    return context.builder.constant(plain).name
  })
}

/** Name of a tensor's reals: the elements of a float tensor, or DequantizeLinear of the stored ones. */
export function real(context: OnnxContext, tensor: Tensor, layout: Layout): string {
  if (!tensor.quantization) return stored(context, tensor, layout)
  return once(context, keyOf(tensor, layout, 'real'), () => {
    if (tensor.data) return constantReal(context, constantIn(storedTensor(context, tensor), layout))
    const source = stored(context, tensor, layout)
    const name = declare(context, tensor, layout, 'float32', '/real')
    emit(context, 'DequantizeLinear', [source, ...quantizers(context, storedTensor(context, tensor))], name)
    return name
  })
}

/** Adds QuantizeLinear of reals to a quantised tensor and notes its stored form. */
export function quantizeTo(context: OnnxContext, tensor: Tensor, layout: Layout, reals: string): void {
  const name = declare(context, tensor, layout, storedType(context, tensor), '')
  emit(context, 'QuantizeLinear', [reals, ...quantizers(context, storedTensor(context, tensor))], name)
  setStored(context, tensor, layout, name)
}
