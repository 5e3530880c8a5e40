import type { Tensor } from '../../graph/graph.ts'
import { interpret } from '../../graph/reference/interpret.ts'
import { constantValues, emptyValues } from '../../graph/reference/values.ts'
import type { ConstantData, LoopsStep } from '../loops/loops.ts'
import { elementBytes, type MoveStep, sizeOf, type Value } from '../program.ts'
import { isConstant, type LowerContext, refuse, tensorAt, toValue } from './context.ts'
import { type Arrangement, moveLoops, type Run } from './loops/move.ts'

/** Operators whose inputs are all elements; in the others it is the first, and in pads the value as well. */
const gathers: readonly string[] = ['concatenation', 'pack']

function elementInputs(context: LowerContext): readonly Tensor[] {
  const { node } = context
  if (gathers.includes(node.op)) return node.inputs.map((_, index) => tensorAt(context, index))
  const first = tensorAt(context, node.op === 'split' ? 1 : 0)
  return node.op.startsWith('pad') && node.inputs[2] ? [first, tensorAt(context, 2)] : [first]
}

/** Refuses what an arrangement cannot say: places that are computed, and elements that would change on their way. */
function requireSameElements(context: LowerContext, sources: readonly Tensor[], output: Value): void {
  const { node, graph } = context
  const names = sources.map((tensor) => tensor.name)
  const others = node.inputs.filter((name) => name !== '' && !names.includes(name))
  const computed = others.find((name) => !isConstant(graph.tensors.get(name)))
  if (computed !== undefined) throw refuse(context, `"${computed}" is not constant`)
  for (const source of sources) {
    const { dtype, scale, zeroPoint } = toValue(source)
    if (dtype !== output.dtype) throw refuse(context, `"${source.name}" is ${dtype}, not ${output.dtype}`)
    if (node.op === 'concatenation' && (scale !== output.scale || zeroPoint !== output.zeroPoint))
      throw refuse(context, 'its inputs and output differ in scale or zero point')
  }
}

/**
 * Where every element of an output comes from: the node is interpreted on numbers that name the elements. 0 stands for
 * padding.
 */
function originsOf(context: LowerContext, sources: readonly Tensor[], output: string): Int32Array {
  const { graph, node, semantics } = context
  const named = new Set([...sources.map((tensor) => tensor.name), ...node.outputs])
  const numbered = (tensor: Tensor): Tensor => {
    const { quantization: _, data: __, variable: ___, ...rest } = tensor
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

/** Most elements that are moved one by one. */
const mostElements = 2 ** 24

/** Runs of neighbouring elements, and the output before they are copied. */
function arrangementOf(origins: Int32Array, sources: readonly Tensor[], output: Value): Arrangement {
  const starts: number[] = []
  let next = 1
  for (const source of sources) {
    starts.push(next)
    next += sizeOf(toValue(source).shape)
  }
  const image = emptyValues(output.dtype, origins.length, output.name)
  if (output.zeroPoint !== 0) image.fill(output.zeroPoint as never)
  const constants = sources.map((tensor) =>
    isConstant(tensor) ? constantValues(tensor, sizeOf(toValue(tensor).shape)) : null,
  )
  const runs: (Run & { length: number })[] = []
  let moved = 0
  origins.forEach((origin, at) => {
    if (origin === 0) return
    const input = starts.findLastIndex((start) => start <= origin)
    const [from, constant] = [origin - starts[input]!, constants[input]]
    const last = runs.at(-1)
    if (constant) image[at] = constant[from]! as never
    else {
      moved++
      if (last?.input === input && last.from + last.length === from && last.to + last.length === at) last.length++
      else runs.push({ input, from, to: at, length: 1 })
    }
  })
  return { inputs: sources.map(toValue), output, image: moved < origins.length ? (image as ConstantData) : null, runs }
}

/** Bytes of a run from which copying it as a whole pays. */
const longBytes = 16

/** Long runs as copies of bytes; null where they are short, or what lies between them is not one byte again and again. */
function copiesOf({ inputs, output, image, runs }: Arrangement, context: LowerContext): MoveStep | null {
  const width = elementBytes(output.dtype)
  const bytes = image ? new Uint8Array(image.buffer, image.byteOffset, image.byteLength) : null
  const moved = runs.reduce((sum, run) => sum + run.length, 0)
  if (moved * width < longBytes * runs.length || bytes?.some((byte) => byte !== bytes[0])) return null
  const used = inputs.map((_, index) => runs.some((run) => run.input === index))
  return {
    kind: 'move',
    name: context.node.name || output.name,
    op: context.node.op,
    inputs: inputs.filter((_, index) => used[index]),
    output,
    macs: 0,
    fill: bytes?.[0] ?? null,
    copies: runs.map(({ input, from, to, length }) => ({
      input: used.slice(0, input).filter(Boolean).length,
      from: from * width,
      to: to * width,
      bytes: length * width,
    })),
  }
}

/**
 * Any operator that only moves elements (pad, concatenation, slice, transpose, …), constants among them: an arrangement
 * that is taken from the reference interpreter. One step an output.
 */
export function lowerMove(context: LowerContext): readonly (MoveStep | LoopsStep)[] {
  const sources = elementInputs(context)
  const sizes = [...sources, ...context.node.outputs.map((name) => context.graph.tensors.get(name)!)].map(toValue)
  if (sizes.some(({ shape }) => sizeOf(shape) > mostElements))
    throw refuse(context, `it moves more than ${mostElements} elements`)
  return context.node.outputs.map((name) => {
    const output = toValue(context.graph.tensors.get(name)!)
    requireSameElements(context, sources, output)
    const arrangement = arrangementOf(originsOf(context, sources, name), sources, output)
    return copiesOf(arrangement, context) ?? moveLoops(context, arrangement)
  })
}
