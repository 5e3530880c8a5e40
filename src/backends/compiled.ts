import { compileGraph } from '../compile/compile.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { instantiate, type ModelTensor, type RunningModel, type TensorView } from '../compile/instantiate.ts'
import { isCompiled } from '../compile/lower/lower.ts'
import type { Semantics } from '../compile/program.ts'
import type { WasmModule } from '../compile/webassembly.ts'
import { webAssembly } from '../compile/webassembly.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Graph } from '../graph/graph.ts'
import { originOf, type Segment } from '../graph/segment.ts'
import { type Backend, type Executable, segmentSpecs, type TensorValue } from './backend.ts'

/** Modules by graph, so that a model which is prepared again is not compiled again. */
const modules = new WeakMap<Graph, WasmModule>()

/** A .tflite file means TensorFlow Lite's kernels; everything else the float scales of onnxruntime. */
export function semanticsOf(segment: Segment): Semantics {
  return originOf(segment) === 'tflite' ? 'tflm' : 'fp32'
}

function moduleOf(segment: Segment): WasmModule {
  const known = modules.get(segment.graph)
  if (known) return known
  const { wasm } = compileGraph(segment.graph, { semantics: semanticsOf(segment), simd: hostSimd() })
  const module = new webAssembly.Module(wasm)
  modules.set(segment.graph, module)
  return module
}

function write(tensor: ModelTensor, value: TensorValue | undefined): void {
  if (value?.dtype !== tensor.dtype || value.data.length !== tensor.data.length) {
    const got = value ? `${value.dtype} of ${value.data.length}` : 'nothing'
    const wanted = `${tensor.dtype} of ${tensor.data.length} elements`
    throw new MilliwattError('INPUT_SHAPE', tensor.name, `It wants ${wanted}, got ${got}.`)
  }
  tensor.data.set(value.data as TensorView)
}

/** A model whose tensors are views of its own memory, behind the interface of all engines. */
export function executableOf(model: Pick<RunningModel, 'inputs' | 'outputs' | 'run'>, segment: Segment): Executable {
  return {
    ...segmentSpecs(segment),
    run: async (inputs) => {
      for (const tensor of model.inputs) write(tensor, inputs[tensor.name])
      model.run()
      const outputs: Record<string, TensorValue> = {}
      for (const { name, dtype, shape, data } of model.outputs) outputs[name] = { dtype, shape, data: data.slice() }
      return outputs
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** milliwatt's own engine: the model compiled to one WebAssembly module. */
export const compiled: Backend = {
  name: 'compiled',
  summary: 'the model as one WebAssembly module of its own, bit-exact int8; nothing to install',
  form: 'canonical',
  available: async () =>
    webAssembly
      ? { ok: true, engine: `milliwatt compiler (${hostSimd()})` }
      : { ok: false, reason: 'This host has no WebAssembly.', next: 'Use a host that has it.' },
  supports: (node, device) => {
    if (device.kind !== 'cpu') return { ok: false, reason: `compiled models run on a cpu, not on a ${device.kind}` }
    if (!isCompiled(node))
      return { ok: false, reason: `the compiler does not have ${node.domain || 'ai.onnx'}:${node.op}` }
    return { ok: true }
  },
  semantics: semanticsOf,
  exact: true,
  prepare: async (segment) => executableOf(instantiate(moduleOf(segment)), segment),
}
