import { type Backend, type Executable, segmentFor, type TensorValue } from '../../src/backends/backend.ts'
import type { Device } from '../../src/core/device.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Semantics } from '../../src/graph/reference/kernel.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { largestDifference, randomNumbers, randomValues } from '../formats/convert-support.ts'

/** This machine, one host for all tests of a file. */
export const host = nodeHost()

/** The processor. */
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }

/** A segment on a backend. */
async function prepareOn(backend: Backend, segment: Segment, device: Device): Promise<Executable> {
  return backend.prepare(segmentFor(segment, backend), device, host)
}

function randomInputs(graph: Graph, random: () => number): Readonly<Record<string, TensorValue>> {
  return Object.fromEntries(
    graph.inputs.map((name) => {
      const tensor = graph.tensors.get(name)!
      return [
        name,
        { dtype: tensor.dtype, shape: tensor.shape as readonly number[], data: randomValues(tensor, random) },
      ]
    }),
  )
}

/** Operators in int8 that TensorFlow Lite computes itself as TensorFlow Lite Micro does, not by XNNPACK. */
const ownKernels: Readonly<Record<string, readonly string[]>> = {
  'tfjs-tflite': ['average_pool_2d', 'relu6'],
  litert: ['average_pool_2d', 'relu6'],
  'tflite-c': ['average_pool_2d', 'relu6', 'leaky_relu'],
}

/** What the interpreter gives, with some operators in TensorFlow Lite Micro's arithmetic. */
function interpretMixed(graph: Graph, inputs: readonly Values[], semantics: Semantics, tflm: readonly string[]) {
  const values = new Map(graph.inputs.map((name, index) => [name, inputs[index]!]))
  for (const node of graph.nodes) {
    const names = node.inputs.filter((name) => values.has(name))
    const given = names.map((name) => values.get(name)!)
    const step: Graph = { ...graph, nodes: [node], inputs: names, outputs: node.outputs }
    const results = interpret(step, given, tflm.includes(node.op) ? 'tflm' : semantics)
    for (const name of node.outputs) values.set(name, results.get(name)!)
  }
  return values
}

/**
 * The largest difference, in the output's own unit (steps of integers), between a backend and the reference
 * interpreter in the semantics that the backend declares, over random inputs.
 */
export async function differenceOn(
  backend: Backend,
  segment: Segment,
  inputs: number,
  device: Device = cpu,
): Promise<number> {
  const { graph } = segmentIn(segment, 'canonical')
  const semantics = backend.semantics(segment)!
  const own = ownKernels[backend.name]
  const random = randomNumbers(5)
  await using executable = await prepareOn(backend, segment, device)
  let worst = 0
  for (let index = 0; index < inputs; index++) {
    const given = randomInputs(graph, random)
    const values = graph.inputs.map((name) => given[name]!.data as Values)
    const expected = own ? interpretMixed(graph, values, semantics, own) : interpret(graph, values, semantics)
    const actual = await executable.run(given)
    for (const name of graph.outputs)
      worst = Math.max(worst, largestDifference(expected.get(name)!, actual[name]!.data as Values))
  }
  return worst
}
