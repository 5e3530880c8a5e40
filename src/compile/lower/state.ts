import type { Graph } from '../../graph/graph.ts'
import { emptyValues } from '../../graph/reference/values.ts'
import type { LoopsStep } from '../loops/loops.ts'
import { type Semantics, type State, sizeOf, type Value } from '../program.ts'
import { type LowerContext, refuse, tensorAt, toValue } from './context.ts'
import { copyLoops } from './loops/move.ts'
import { recurrentStates } from './loops/recurrent/sequence.ts'
import { signalStates } from './loops/signal/list.ts'
import { constantElements } from './loops/source.ts'

/** What a variable is called; handles of one variable share it. */
function variableName(graph: Graph, handle: string): string {
  const made = graph.nodes.find((node) => node.op === 'var_handle' && node.outputs[0] === handle)
  const { container, sharedName } = made?.attributes ?? {}
  return made ? `variable ${container}/${sharedName}` : `variable ${handle}`
}

/** The tensor whose type and shape a variable has: what the first node that uses it reads or assigns. */
function variableValue(graph: Graph, handle: string): Value | null {
  const name = variableName(graph, handle)
  for (const { op, inputs, outputs } of graph.nodes) {
    const used = (op === 'read_variable' || op === 'assign_variable') && variableName(graph, inputs[0]!) === name
    const tensor = used ? graph.tensors.get(op === 'read_variable' ? outputs[0]! : inputs[1]!) : undefined
    if (tensor) return { ...toValue(tensor), name }
  }
  return null
}

/** What a variable holds before the first run, where the file says so. */
function initialOf(graph: Graph, name: string): Uint8Array | null {
  for (const { op, outputs, attributes } of graph.nodes) {
    const { initial } = attributes
    if (op !== 'var_handle' || typeof initial !== 'object' || !('tensor' in initial)) continue
    if (variableName(graph, outputs[0]!) === name) return initial.tensor.data ?? null
  }
  return null
}

/** Zeros: the zero point of a quantised value. */
function zeros({ dtype, shape, zeroPoint, name }: Value): Uint8Array {
  const values = emptyValues(dtype, sizeOf(shape), name)
  if (zeroPoint !== 0) values.fill(zeroPoint as never)
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** All that a graph keeps from one run to the next: variable tensors, variables that are read and assigned, and what operators hide. */
export function statesOf(graph: Graph, semantics: Semantics): readonly State[] {
  const tensors = [...graph.tensors.values()]
    .filter((tensor) => tensor.variable)
    .map((tensor) => ({ value: toValue(tensor), initial: tensor.data ?? zeros(toValue(tensor)) }))
  const variables = new Map<string, State>()
  for (const { op, inputs } of graph.nodes) {
    if (op !== 'read_variable' && op !== 'assign_variable') continue
    const value = variableValue(graph, inputs[0]!)
    if (value) variables.set(value.name, { value, initial: initialOf(graph, value.name) ?? zeros(value) })
  }
  const hidden = graph.nodes.flatMap((node) => {
    const custom = node.attributes.custom === 1 && Object.hasOwn(signalStates, node.op)
    return (custom ? signalStates[node.op]! : recurrentStates)({ graph, node, semantics })
  })
  return [...tensors, ...variables.values(), ...hidden]
}

function stateAt(context: LowerContext, other: Value): Value {
  const value = variableValue(context.graph, context.node.inputs[0] ?? '')
  if (!value) throw refuse(context, 'its variable is not known')
  if (value.dtype !== other.dtype || sizeOf(value.shape) !== sizeOf(other.shape))
    throw refuse(context, `its variable is ${value.dtype} [${value.shape}], not ${other.dtype} [${other.shape}]`)
  return value
}

/** read_variable: a copy of what the variable holds now. */
export function lowerReadVariable(context: LowerContext): LoopsStep {
  const output = toValue(context.graph.tensors.get(context.node.outputs[0]!)!)
  return copyLoops(context, stateAt(context, output), output)
}

/** assign_variable: a copy into the variable. */
export function lowerAssignVariable(context: LowerContext): LoopsStep {
  const tensor = tensorAt(context, 1)
  const value = toValue(tensor)
  return copyLoops(context, constantElements(tensor) ?? value, stateAt(context, value))
}

/** var_handle only names a variable. */
export function lowerVarHandle(): readonly LoopsStep[] {
  return []
}
