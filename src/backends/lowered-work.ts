import { lowerGraph } from '../compile/lower/lower.ts'
import { pruneProgram } from '../compile/passes/prune.ts'
import type { Semantics, Step, Value } from '../compile/program.ts'
import { elementBytes, sizeOf } from '../compile/program.ts'
import { graphWork, type NodeWork } from '../cost/node-work.ts'
import type { Graph } from '../graph/graph.ts'

const bytesOf = (value: Value): number => sizeOf(value.shape) * elementBytes(value.dtype)

/** What is left of a node's work when channels that are proved constant are left out. */
function pruned(work: NodeWork, step: Step): NodeWork {
  const inputBytes = step.inputs.reduce((sum, value) => sum + bytesOf(value), 0)
  const outputBytes = bytesOf(step.output)
  if (step.kind !== 'conv' && step.kind !== 'depthwise') return { ...work, inputBytes, outputBytes }
  const { inputChannels, outputChannels } = step.geometry
  const weightBytes = step.weights.length + 4 * outputChannels
  return { ...work, macs: step.macs, inputChannels, outputChannels, weightBytes, inputBytes, outputBytes }
}

/** The work of every node as milliwatt's compiler does it. @throws MilliwattError OP_UNSUPPORTED, MODEL_ILLEGAL */
export function loweredWork(graph: Graph, semantics: Semantics): readonly NodeWork[] {
  const { steps } = pruneProgram(lowerGraph(graph, semantics))
  const byName = new Map(steps.map((step) => [step.name, step]))
  return graphWork(graph).map((work, index) => {
    const step = byName.get(graph.nodes[index]!.name)
    return step ? pruned(work, step) : work
  })
}
