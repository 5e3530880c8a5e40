import type { Tensor } from '../../graph/graph.ts'
import { interpret } from '../../graph/reference/interpret.ts'
import { elementBytes, type MoveStep, sizeOf, type Value } from '../program.ts'
import { type LowerContext, optionalTensor, outputValue, refuse, toValue } from './context.ts'

/** Inputs that hold elements, as opposed to axes, begins and sizes. */
function elementInputs({ node, graph }: LowerContext, dtype: string): Tensor[] {
  return node.inputs
    .map((name) => graph.tensors.get(name))
    .filter((tensor): tensor is Tensor => tensor !== undefined && !tensor.data && tensor.dtype === dtype)
}

/** Operators whose inputs are all elements; the others take axes, begins and sizes as well. */
const gathers: readonly string[] = ['concatenation', 'pack']

/** Refuses what a list of copies cannot say: elements that are constants, or places that are computed. */
function requireFixedPlaces(context: LowerContext, sources: readonly Tensor[]): void {
  const { node, graph } = context
  const names = sources.map((tensor) => tensor.name)
  const others = node.inputs.filter((name) => name !== '' && !names.includes(name))
  if (gathers.includes(node.op) && others.length > 0) throw refuse(context, 'of constants is not compiled yet')
  const computed = others.find((name) => !graph.tensors.get(name)?.data)
  if (computed !== undefined) throw refuse(context, `"${computed}" is not constant`)
}

/** A pad without its third input, the value: padding is the zero point, and others are refused. */
function withoutPadValue(context: LowerContext, output: Value): LowerContext {
  const value = context.node.op.startsWith('pad') ? optionalTensor(context, 2) : null
  if (!value) return context
  const zero = output.dtype === 'float32' ? 0 : output.zeroPoint & 255
  const bytes = value.data ?? new Uint8Array(0)
  if (bytes.length !== elementBytes(output.dtype) || bytes.some((byte, at) => byte !== (at === 0 ? zero : 0)))
    throw refuse(context, 'its padding is not zero')
  return { ...context, node: { ...context.node, inputs: context.node.inputs.slice(0, 2) } }
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

/** Most elements that are moved one by one, and most copies in one table. */
const mostElements = 2 ** 24
const mostCopies = 2 ** 20

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
export function lowerMove(whole: LowerContext): MoveStep[] {
  const first = outputValue(whole)
  const context = withoutPadValue(whole, first)
  const sources = elementInputs(context, first.dtype)
  const values = sources.map(toValue)
  if (values.length === 0) throw refuse(context, 'all its inputs are constants')
  requireFixedPlaces(context, sources)
  if ([...values, first].some(({ shape }) => sizeOf(shape) > mostElements))
    throw refuse(context, `it moves more than ${mostElements} elements`)
  if (values.some((value) => value.scale !== first.scale || value.zeroPoint !== first.zeroPoint))
    throw refuse(context, 'its inputs and output differ in scale or zero point')
  if (elementBytes(first.dtype) > 1 && first.zeroPoint !== 0)
    throw refuse(context, `${first.dtype} with a zero point is not compiled yet`)
  return context.node.outputs.map((name) => {
    const output = toValue(context.graph.tensors.get(name)!)
    const origins = originsOf(context, sources, name)
    const copies = copiesOf(origins, values, elementBytes(output.dtype))
    if (copies.length > mostCopies)
      throw refuse(context, `it needs ${copies.length} copies; at most ${mostCopies} are compiled`)
    return {
      kind: 'move',
      name: context.node.name || name,
      op: context.node.op,
      inputs: values,
      output,
      macs: 0,
      fill: origins.includes(0) ? output.zeroPoint & 255 : null,
      copies,
    }
  })
}
