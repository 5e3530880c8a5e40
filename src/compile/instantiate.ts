import { MilliwattError } from '../core/errors.ts'
import { type Manifest, type ManifestTensor, manifestSection } from './manifest.ts'
import { sizeOf } from './program.ts'
import { type WasmModule, webAssembly } from './webassembly.ts'

/** Elements of an input or output, seen in the module's own memory. */
export type TensorView = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array

/** A tensor of a running model. `data` stays valid as long as the model. */
export interface ModelTensor extends ManifestTensor {
  readonly data: TensorView
}

/**
 * A compiled model, ready. Write the inputs' data, call `run`, read the outputs' data: synchronous, nothing is
 * allocated. Inputs must be written before every run, since the arena uses their place again.
 */
export interface RunningModel {
  readonly manifest: Manifest
  readonly inputs: readonly ModelTensor[]
  readonly outputs: readonly ModelTensor[]
  /** The module's memory, for looking at values in between (`keepAll`). */
  readonly memory: ArrayBuffer
  run(): void
  /** One function a layer where the module was compiled with `layers`; null for a layer that is only another view. */
  readonly layers: readonly ((() => void) | null)[]
}

const views = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
} as const

/** Looks at a tensor in a module's memory. @throws MilliwattError BACKEND_FAILED for a type without a view */
function viewTensor(memory: ArrayBuffer, tensor: ManifestTensor): TensorView {
  const View = views[tensor.dtype as keyof typeof views]
  if (!View) throw new MilliwattError('BACKEND_FAILED', tensor.name, `${tensor.dtype} tensors cannot be viewed`)
  return new View(memory, tensor.offset, sizeOf(tensor.shape))
}

/** The manifest of a compiled module. @throws MilliwattError BACKEND_FAILED if it holds none of version 1 */
function readManifest(module: WasmModule): Manifest {
  const [section] = webAssembly.Module.customSections(module, manifestSection)
  const manifest = section ? (JSON.parse(new TextDecoder().decode(section)) as Manifest) : null
  if (manifest?.version !== 1)
    throw new MilliwattError('BACKEND_FAILED', 'compiled module', 'It holds no manifest of version 1.')
  return manifest
}

/** Makes a compiled module ready to run. Takes its bytes or a compiled WebAssembly module. */
export function instantiate(wasm: Uint8Array<ArrayBuffer> | WasmModule): RunningModel {
  const module = wasm instanceof Uint8Array ? new webAssembly.Module(wasm) : wasm
  const manifest = readManifest(module)
  const exports = new webAssembly.Instance(module).exports as {
    memory: { buffer: ArrayBuffer }
    run: () => void
    [layer: `layer ${number}`]: () => void
  }
  const memory = exports.memory.buffer
  const view = (tensor: ManifestTensor): ModelTensor => ({ ...tensor, data: viewTensor(memory, tensor) })
  return {
    manifest,
    inputs: manifest.inputs.map(view),
    outputs: manifest.outputs.map(view),
    memory,
    run: exports.run,
    layers: manifest.layers.map((_, index) => exports[`layer ${index}`] ?? null),
  }
}
