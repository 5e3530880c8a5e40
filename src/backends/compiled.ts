import { compileGraph } from '../compile/compile.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { isCompiled } from '../compile/lower/lower.ts'
import { nodeProblem } from '../compile/problem.ts'
import type { Semantics } from '../compile/program.ts'
import type { WasmModule } from '../compile/webassembly.ts'
import { webAssembly } from '../compile/webassembly.ts'
import { isMilliwattError } from '../core/errors.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { originOf, type Segment } from '../graph/segment.ts'
import { isStateful } from '../graph/stateful.ts'
import { type Backend, type Executable, segmentSpecs } from './backend.ts'
import { loweredWork } from './lowered-work.ts'
import { moduleExecutable } from './module-executable.ts'

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

/** Why a node of a segment cannot be compiled; a segment that compiles as a whole is not looked at node by node. */
function problemIn(segment: Segment, node: Node): string | null {
  try {
    moduleOf(segment)
    return null
  } catch (error) {
    if (isMilliwattError(error)) return nodeProblem(segment.graph, node, semanticsOf(segment))
    throw error
  }
}

/** The model again with every layer exported. */
function layeredModule(segment: Segment): WasmModule {
  const options = { semantics: semanticsOf(segment), simd: hostSimd(), layers: true }
  return new webAssembly.Module(compileGraph(segment.graph, options).wasm)
}

const open = (module: WasmModule, segment: Segment): Executable =>
  moduleExecutable(module, {
    ...segmentSpecs(segment),
    stateful: isStateful(segment.graph),
    layered: () => (segment.graph.nodes.length > 0 ? layeredModule(segment) : null),
  })

/** milliwatt's own engine: the model compiled to one WebAssembly module. */
export const compiled: Backend = {
  name: 'compiled',
  summary: 'the model as one WebAssembly module of its own, bit-exact int8; nothing to install',
  form: 'canonical',
  available: async () =>
    webAssembly
      ? { ok: true, engine: `milliwatt compiler (${hostSimd()})` }
      : { ok: false, reason: 'This host has no WebAssembly.', next: 'Use a host that has it.' },
  supports: (node, device, segment) => {
    if (device.kind !== 'cpu') return { ok: false, reason: `compiled models run on a cpu, not on a ${device.kind}` }
    if (!isCompiled(node))
      return { ok: false, reason: `the compiler does not have ${node.domain || 'ai.onnx'}:${node.op}` }
    const problem = segment ? problemIn(segment, node) : null
    return problem === null ? { ok: true } : { ok: false, reason: problem }
  },
  semantics: semanticsOf,
  work: (segment) => loweredWork(segment.graph, semanticsOf(segment)),
  exact: true,
  warmsUpByModel: true,
  prepare: async (segment) => open(moduleOf(segment), segment),
  open: (shared, segment) => open(shared as WasmModule, segment),
}
