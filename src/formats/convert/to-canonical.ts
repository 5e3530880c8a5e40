import { isMilliwattError, MilliwattError, messageOf } from '../../core/errors.ts'
import { type Dimension, elementCount, type Graph } from '../../graph/graph.ts'
import { openShapeAdvice } from '../../graph/open-shape.ts'
import { inferShapes } from '../../graph/shapes.ts'
import { checkGraph } from '../../graph/spec.ts'
import { graphBuilder } from './graph-builder.ts'
import { renameOutputs } from './rename-outputs.ts'
import { type CanonicalContext, unsupported } from './to-canonical/context.ts'
import { expandComposites } from './to-canonical/expand-composites.ts'
import { expandQOperators } from './to-canonical/expand-q-operators.ts'
import { fixDimensions } from './to-canonical/fix-dimensions.ts'
import { foldBatchNorm } from './to-canonical/fold-batch-norm.ts'
import { foldConstants } from './to-canonical/fold-constants.ts'
import { foldDense } from './to-canonical/fold-dense.ts'
import { foldPads } from './to-canonical/fold-pads.ts'
import { foldReshapes } from './to-canonical/fold-reshapes.ts'
import { toSame } from './to-canonical/layout.ts'
import { toCanonicalRules } from './to-canonical/list.ts'
import { addInput, outputTensor } from './to-canonical/quantizers.ts'
import { wiringOf } from './to-canonical/wiring.ts'

/** How to read an ONNX graph. */
export interface ToCanonicalOptions {
  /** Lengths of dimensions that the file only names: `{ batch: 1 }`. */
  readonly dimensions?: Readonly<Record<string, number>>
}

type Pass = (graph: Graph) => Graph

/** Runs passes in order, each result checked. */
function runPasses(graph: Graph, passes: readonly Pass[]): Graph {
  return passes.reduce((current, pass) => checkGraph(pass(current), graph.name), graph)
}

function knownShape(graph: Graph, name: string): readonly number[] {
  const shape: readonly Dimension[] | null = graph.tensors.get(name)?.shape ?? null
  if (shape && elementCount(shape) !== null) return shape as readonly number[]
  const advice = shape ? openShapeAdvice(shape) : 'export the model with shapes.'
  const open = `The shape of input "${name}" is open: [${shape ?? 'unknown'}]: ${advice}`
  throw new MilliwattError('MODEL_ILLEGAL', graph.name, open)
}

function ranks(graph: Graph): ReadonlyMap<string, number> {
  return new Map([...inferShapes(graph)].map(([name, shape]) => [name, shape.length]))
}

/** Node by node: every value gets a canonical tensor; layouts and reals are made where a node wants them. */
function translate(graph: Graph): Graph {
  const builder = graphBuilder('tflite', [...graph.inputs, ...graph.outputs])
  const context: CanonicalContext = {
    source: graph,
    builder,
    wiring: wiringOf(graph),
    opset: graph.opsets[''] ?? 13,
    values: new Map(),
    constants: new Map(),
    done: new Set(),
    made: new Map(),
  }
  for (const name of graph.inputs) addInput(context, graph.tensors.get(name)!, knownShape(graph, name))
  for (const node of graph.nodes) {
    if (context.done.has(node)) continue
    const rule = node.domain === '' ? toCanonicalRules[node.op] : undefined
    if (!rule) throw unsupported(node)
    rule(context, node)
  }
  const outputs = graph.outputs.map((name) => {
    const value = context.values.get(name)
    if (!value) throw new MilliwattError('MODEL_ILLEGAL', graph.name, `Output "${name}" is a constant.`)
    return outputTensor(context, toSame(context, value), graph.tensors.get(name)).name
  })
  const built = builder.build({ name: graph.name, inputs: graph.inputs, outputs, opsets: { tflite: 3 } })
  return renameOutputs(built, graph.outputs, { op: 'reshape', domain: 'tflite' })
}

/** The newest version of the standard operator set whose operators are known. */
const newestOpset = 26

function checkOpset(graph: Graph): Graph {
  const version = graph.opsets[''] ?? 0
  if (version <= newestOpset) return graph
  const detail = `Its operator set has version ${version}; milliwatt knows those up to ${newestOpset}.`
  throw new MilliwattError('OP_UNSUPPORTED', graph.name || 'graph', detail)
}

/** Passes and translation; rules may trust ranks that a damaged file does not keep. */
function convert(graph: Graph, dimensions: Readonly<Record<string, number>>): Graph {
  const prepared = runPasses(checkOpset(graph), [
    (current) => fixDimensions(current, dimensions),
    expandQOperators,
    foldConstants,
    expandComposites,
    (current) => foldBatchNorm(current, ranks(current)),
  ])
  return runPasses(translate(prepared), [foldPads, foldDense, foldReshapes])
}

/**
 * Reads a graph of ONNX operators into canonical form: QDQ and QOperator forms become quantisation on tensors (uint8
 * activations become int8 with the same reals), NCHW becomes NHWC inside, normalisations, pads and activations go into
 * the convolutions. Inputs and outputs keep names, types and shapes.
 * @throws MilliwattError OP_UNSUPPORTED naming the operator that has no canonical form, MODEL_ILLEGAL for open shapes
 */
export function toCanonical(graph: Graph, { dimensions = {} }: ToCanonicalOptions = {}): Graph {
  try {
    return convert(graph, dimensions)
  } catch (error) {
    if (isMilliwattError(error)) throw error
    throw new MilliwattError('MODEL_ILLEGAL', graph.name, `Conversion from ONNX: ${messageOf(error)}.`, error)
  }
}
