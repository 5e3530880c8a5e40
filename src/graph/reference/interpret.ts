import { isMilliwattError, MilliwattError, messageOf } from '../../core/errors.ts'
import { checkShapes } from '../check-shapes.ts'
import { type Dimension, dataTypeBits, elementCount, type Graph, type Node, type Tensor } from '../graph.ts'
import { maxRunElements } from '../limits.ts'
import { openShapeAdvice } from '../open-shape.ts'
import { inferShapes } from '../shapes.ts'
import type { Kernel, Operand, Semantics, Variables } from './kernel.ts'
import { customKernels, kernels } from './kernels/list.ts'
import { constantValues, emptyValues, fits, type Values } from './values.ts'

type Shapes = ReadonlyMap<string, readonly Dimension[]>

function operandOf(graph: Graph, shapes: Shapes, name: string, values: Values | null): Operand {
  const tensor: Tensor = graph.tensors.get(name) ?? { name, dtype: 'float32', shape: null }
  const shape = shapes.get(name)
  const length = elementCount(shape ?? null)
  if (!shape || length === null)
    throw new MilliwattError(
      'MODEL_ILLEGAL',
      name,
      `The shape of tensor "${name}" is open: [${shape ?? 'unknown'}]${shape ? `: ${openShapeAdvice(shape)}` : '.'}`,
    )
  if (length > maxRunElements)
    throw new MilliwattError(
      'MODEL_ILLEGAL',
      name,
      `Tensor "${name}" has ${length} elements; at most ${maxRunElements} are run.`,
    )
  const data = values ?? (tensor.data ? constantValues(tensor, length) : emptyValues(tensor.dtype, length, name))
  return { tensor, shape: shape as readonly number[], data }
}

function inputOperand(graph: Graph, shapes: Shapes, name: string, given: Values | undefined): Operand {
  const operand = operandOf(graph, shapes, name, given ?? null)
  const length = elementCount(operand.shape)!
  if (given && given.length === length && fits(given, operand.tensor.dtype, name)) return operand
  const got = given ? `${given.constructor.name} of ${given.length}` : 'nothing'
  throw new MilliwattError('INPUT_SHAPE', name, `It wants ${length} elements of ${operand.tensor.dtype}, got ${got}.`)
}

/** State begins as zeros: the zero point of a quantised tensor. Kernels change it in place. */
function stateOperand(graph: Graph, shapes: Shapes, name: string, state: State): Operand {
  const operand = operandOf(graph, shapes, name, state.get(name)?.slice() ?? null)
  const zero = operand.tensor.quantization?.zeroPoints[0] ?? 0
  if (!state.has(name) && !operand.tensor.data && zero !== 0) operand.data.fill(zero as never)
  state.set(name, operand.data)
  return operand
}

/** What a streaming model keeps between runs, by name of the tensor or variable. */
export type State = Map<string, Values>

/** Variables by what their handles name, so that two handles of one variable meet. They begin with `initial`. */
function variablesIn(graph: Graph, state: State): Variables {
  const keys = new Map<string, string>()
  for (const { op, outputs, attributes } of graph.nodes) {
    if (op !== 'var_handle') continue
    const key = `${attributes.container}/${attributes.sharedName}`
    keys.set(outputs[0]!, key)
    const { initial } = attributes
    if (typeof initial !== 'object' || !('tensor' in initial) || state.has(key)) continue
    state.set(key, constantValues(initial.tensor, elementCount(initial.tensor.shape) ?? 0))
  }
  const keyOf = (handle: string) => keys.get(handle) ?? handle
  return { get: (handle) => state.get(keyOf(handle)), set: (handle, values) => void state.set(keyOf(handle), values) }
}

interface Run {
  readonly graph: Graph
  readonly shapes: Shapes
  readonly known: Map<string, Operand>
  readonly semantics: Semantics
  readonly variables: Variables
}

function kernelOf(node: Node): Kernel | undefined {
  if (node.domain !== 'tflite') return undefined
  const known = node.attributes.custom === 1 ? customKernels : kernels
  return Object.hasOwn(known, node.op) ? known[node.op] : undefined
}

function runNode({ graph, shapes, known, semantics, variables }: Run, node: Node): void {
  const kernel = kernelOf(node)
  if (!kernel)
    throw new MilliwattError('OP_UNSUPPORTED', node.name || node.op, `Reference interpreter: ${node.op} is missing.`)
  const inputs = node.inputs.map((name) => (name === '' ? null : (known.get(name) ?? null)))
  const outputs = node.outputs.map((name) => operandOf(graph, shapes, name, null))
  try {
    kernel({ node, semantics, inputs, outputs, variables })
  } catch (error) {
    // Kernels trust constants that a damaged file does not keep.
    if (isMilliwattError(error)) throw error
    throw new MilliwattError('MODEL_ILLEGAL', node.name || node.op, `${node.op}: ${messageOf(error)}.`, error)
  }
  for (const out of outputs) known.set(out.tensor.name, out)
}

function startingOperands(graph: Graph, shapes: Shapes, inputs: readonly Values[], state: State): Map<string, Operand> {
  const known = new Map<string, Operand>()
  for (const tensor of graph.tensors.values()) {
    if (tensor.variable) known.set(tensor.name, stateOperand(graph, shapes, tensor.name, state))
    else if (tensor.data && dataTypeBits[tensor.dtype] > 0)
      known.set(tensor.name, operandOf(graph, shapes, tensor.name, null))
  }
  graph.inputs.forEach((name, index) => {
    known.set(name, inputOperand(graph, shapes, name, inputs[index]))
  })
  return known
}

/**
 * Runs a canonical graph slowly and exactly: the oracle for every faster engine.
 * @param inputs elements of the graph's inputs in their order, in the tensors' own types
 * @param state what a streaming model keeps: give the same map to every run, an empty one to begin
 * @returns elements of every tensor by name, constants included
 * @throws MilliwattError OP_UNSUPPORTED naming the operator, INPUT_SHAPE, MODEL_ILLEGAL for shapes that are open or do not fit
 */
export function interpret(
  graph: Graph,
  inputs: readonly Values[],
  semantics: Semantics,
  state: State = new Map(),
): ReadonlyMap<string, Values> {
  const shapes = inferShapes(checkShapes(graph, graph.name || 'graph'))
  const known = startingOperands(graph, shapes, inputs, state)
  const run: Run = { graph, shapes, known, semantics, variables: variablesIn(graph, state) }
  for (const node of graph.nodes) runNode(run, node)
  return new Map([...known].map(([name, { data }]) => [name, data]))
}
