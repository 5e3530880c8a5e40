import type { Tensor } from '../../graph/graph.ts'
import { interpret } from '../../graph/reference/interpret.ts'
import { elementBytes, type MoveStep, sizeOf, type Value } from '../program.ts'
import { type LowerContext, outputValue, refuse, toValue } from './context.ts'

/** Inputs that hold elements, as opposed to axes, begins and sizes. */
function elementInputs({ node, graph }: LowerContext, dtype: string): Tensor[] {
  return node.inputs
    .map((name) => graph.tensors.get(name))
    .filter((tensor): tensor is Tensor => tensor !== undefined && !tensor.data && tensor.dtype === dtype)
}

/**
 * Where every element of an output comes from: the node is interpreted on numbers that name the elements. 0 stands for
 * padding.
 */
function originsOf(context: LowerContext, sources: readonly Tensor[], output: string): Int32Array {
  const { graph, node, semantics } = context
  const named = new Set([...sources.map((tensor) => tensor.name), ...node.outputs])
  const numbered = (tensor: Tensor): Tensor => {
    const { quantization: _, ...rest } = tensor
    return named.has(tensor.name) ? { ...rest, dtype: 'int32' } : tensor
  }
  const involved = [...node.inputs, ...node.outputs].flatMap((name) => graph.tensors.get(name) ?? [])
  let next = 1
  const values = sources.map((tensor) => {
    const count = sizeOf(toValue(tensor).shape)
    next += count
    return Int32Array.from({ length: count }, (_, at) => next - count + at)
  })
  const alone = {
    ...graph,
    nodes: [node],
    tensors: new Map(involved.map((tensor) => [tensor.name, numbered(tensor)])),
    inputs: sources.map((tensor) => tensor.name),
    outputs: node.outputs,
  }
  return interpret(alone, values, semantics).get(output) as Int32Array
}

/** Turns origins into copies of contiguous bytes. */
function copiesOf(origins: Int32Array, values: readonly Value[], width: number): MoveStep['copies'] {
  const starts: number[] = []
  let next = 1
  for (const value of values) {
    starts.push(next)
    next += sizeOf(value.shape)
  }
  const copies: { input: number; from: number; to: number; bytes: number }[] = []
  let last = -2
  origins.forEach((origin, at) => {
    const input = starts.findLastIndex((start) => start <= origin)
    const previous = copies.at(-1)
    if (origin > 0 && origin === last + 1 && previous?.input === input) previous.bytes += width
    else if (origin > 0) copies.push({ input, from: (origin - starts[input]!) * width, to: at * width, bytes: width })
    last = origin > 0 ? origin : -2
  })
  return copies
}

/**
 * Any operator that only moves elements (pad, concatenation, slice, transpose, …): a list of copies, taken from the
 * reference interpreter. One step an output.
 */
export function lowerMove(context: LowerContext): MoveStep[] {
  const first = outputValue(context)
  const sources = elementInputs(context, first.dtype)
  const values = sources.map(toValue)
  if (values.length === 0) throw refuse(context, 'all its inputs are constants')
  if (values.some((value) => value.scale !== first.scale || value.zeroPoint !== first.zeroPoint))
    throw refuse(context, 'its inputs and output differ in scale or zero point')
  return context.node.outputs.map((name) => {
    const output = toValue(context.graph.tensors.get(name)!)
    const origins = originsOf(context, sources, name)
    return {
      kind: 'move',
      name: context.node.name || name,
      op: context.node.op,
      inputs: values,
      output,
      macs: 0,
      fill: origins.includes(0) ? output.zeroPoint & 255 : null,
      copies: copiesOf(origins, values, elementBytes(output.dtype)),
    }
  })
}
