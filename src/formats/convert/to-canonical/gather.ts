import { constantIntegers, type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { int32Constant } from '../constants.ts'
import { type CanonicalContext, emit, newTensor, valueAt } from './context.ts'
import { toSame } from './layout.ts'

/** Indices as they are; constant ones count from the start. */
function indicesOf(context: CanonicalContext, node: Node, length: number) {
  const name = node.inputs[1] ?? ''
  const places = constantIntegers(context.source.tensors.get(name))
  if (!places) return toSame(context, valueAt(context, node, 1))
  const shape = context.source.tensors.get(name)!.shape as readonly number[]
  const positive = places.map((place) => (place < 0 ? place + length : place))
  return { tensor: context.builder.constant(int32Constant('indices', positive, shape)) as Tensor, shape }
}

/** Gather along one axis, also of a constant table by computed indices. */
export function gatherToCanonical(context: CanonicalContext, node: Node): void {
  const x = toSame(context, valueAt(context, node, 0))
  const given = numberAttribute(node, 'axis', 0)
  const axis = given < 0 ? given + x.shape.length : given
  const indices = indicesOf(context, node, x.shape[axis]!)
  const shape = x.shape.toSpliced(axis, 1, ...indices.shape)
  const tensor = newTensor(context, node.outputs[0]!, shape, x.tensor)
  emit(context, 'gather', [x.tensor, indices.tensor], [tensor], { axis, batchDims: 0 })
  context.values.set(node.outputs[0]!, { tensor, layout: 'same', real: x.real, shape })
}
