import { compileGraph } from '../compile/compile.ts'
import { instantiate } from '../compile/instantiate.ts'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Graph } from '../graph/graph.ts'
import { dequantizeValues, quantizeValues } from '../graph/quantized-values.ts'
import { interpret } from '../graph/reference/interpret.ts'
import type { Values } from '../graph/reference/values.ts'
import type { Evaluate } from '../quantize/observe.ts'

/** Elements of tensors by name, for the elements of the inputs in their order. Valid until the next call. */
type Run = (inputs: readonly Values[]) => ReadonlyMap<string, Values>

function compiledRun(graph: Graph): Run {
  const model = instantiate(compileGraph(graph, { prune: false }).wasm)
  const values = new Map(model.outputs.map(({ name, data }) => [name, data as Values]))
  const inputs = new Map(model.inputs.map(({ name, data }) => [name, data]))
  return (given) => {
    graph.inputs.forEach((name, index) => {
      inputs.get(name)!.set(given[index]! as never)
    })
    model.run()
    return values
  }
}

/** Runs by the compiled engine, or by the reference interpreter where that has not got an operator. */
function runOf(graph: Graph): Run {
  try {
    return compiledRun(graph)
  } catch (error) {
    if (!isMilliwattError(error) || error.code !== 'OP_UNSUPPORTED') throw error
    return (inputs) => interpret(graph, inputs, 'tflm')
  }
}

/**
 * Computes tensors of a canonical graph as reals, from reals: what is quantised goes through its scale.
 * @param wanted names of activations; inputs may be among them
 * @throws MilliwattError INPUT_SHAPE for inputs that are neither float32 nor quantised
 */
export function evaluateGraph(graph: Graph, wanted: readonly string[]): Evaluate {
  const computed = wanted.filter((name) => !graph.inputs.includes(name))
  const run = runOf({ ...graph, outputs: computed.length > 0 ? computed : graph.outputs })
  const specs = graph.inputs.map((name) => graph.tensors.get(name)!)
  for (const { name, dtype, quantization } of specs)
    if (dtype !== 'float32' && !quantization)
      throw new MilliwattError('INPUT_SHAPE', name, `It is ${dtype} without a scale, so reals have no integers.`)
  return (inputs) => {
    const given = specs.map((spec, index) =>
      spec.quantization ? quantizeValues(spec, inputs[index]!) : inputs[index]!,
    )
    const values = run(given)
    const reals = new Map<string, Float32Array>(graph.inputs.map((name, index) => [name, inputs[index]!]))
    for (const name of computed) {
      const tensor = graph.tensors.get(name)!
      const found = values.get(name)!
      reals.set(name, tensor.quantization ? dequantizeValues(tensor, found as Int8Array) : (found as Float32Array))
    }
    return reals
  }
}
