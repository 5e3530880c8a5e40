import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Values } from '../graph/reference/values.ts'
import { parseManifest } from './check-manifest.ts'
import { type Manifest, type ManifestTensor, manifestSection } from './manifest.ts'
import { sizeOf } from './program.ts'
import { type WasmModule, webAssembly } from './webassembly.ts'

/**
 * Elements of an input or output, seen in the module's own memory. Those of int64 and uint64 are a BigInt64Array and a
 * BigUint64Array in truth, which only their `dtype` tells: naming them here would make every other view unusable
 * without a cast.
 */
export type TensorView = Exclude<Values, BigInt64Array | BigUint64Array>

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
  /** Forgets what earlier runs left behind: all state is again as at the start. Without state it does nothing. */
  reset(): void
  /** One function a layer, in order; null where the module does not export it, and where there is nothing to do. */
  readonly layers: readonly ((() => void) | null)[]
}

const views = {
  int4: Int8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const

/** Looks at a tensor in a model's memory. */
export function viewTensor(memory: ArrayBuffer, tensor: ManifestTensor): TensorView {
  return new views[tensor.dtype as keyof typeof views](memory, tensor.offset, sizeOf(tensor.shape)) as TensorView
}

/** A memory that can grow would leave the views of inputs and outputs behind. */
function canGrow(memory: ExportedMemory): boolean {
  try {
    memory.grow(1)
    return true
  } catch {
    return false
  }
}

interface ExportedMemory {
  readonly buffer: unknown
  grow(pages: number): number
}

/** What a compiled module exports. @throws RangeError where it is no module of `compileGraph` */
function exportsOf(module: WasmModule): { readonly memory: ArrayBuffer; readonly functions: Functions } {
  const { exports } = new webAssembly.Instance(module)
  const memory = exports.memory as ExportedMemory | undefined
  const buffer = memory?.buffer
  if (!memory || !(buffer instanceof ArrayBuffer) || typeof exports.run !== 'function')
    throw new RangeError('it exports no memory and no function "run"')
  if (canGrow(memory)) throw new RangeError('its memory has no fixed size')
  return { memory: buffer, functions: exports as Functions }
}

type Functions = Readonly<Record<string, () => void>>

function start(module: WasmModule): RunningModel {
  const [section] = webAssembly.Module.customSections(module, manifestSection)
  if (!section) throw new RangeError('it holds no manifest')
  const { memory, functions } = exportsOf(module)
  const manifest = parseManifest(new TextDecoder().decode(section), memory.byteLength)
  const { offset, bytes } = manifest.state
  const state = new Uint8Array(memory, offset, bytes)
  const initial = state.slice()
  const view = (tensor: ManifestTensor): ModelTensor => ({ ...tensor, data: viewTensor(memory, tensor) })
  return {
    manifest,
    inputs: manifest.inputs.map(view),
    outputs: manifest.outputs.map(view),
    memory,
    run: functions.run!,
    reset: () => state.set(initial),
    layers: manifest.layers.map((_, index) => functions[`layer ${index}`] ?? null),
  }
}

/**
 * Makes a compiled module ready to run. Takes its bytes or a compiled WebAssembly module, of any origin: whatever the
 * module does stays in its own memory, but nothing bounds the time that it takes.
 * @throws MilliwattError MODEL_ILLEGAL that says what is wrong with the module or its manifest
 */
export function instantiate(wasm: Uint8Array<ArrayBuffer> | WasmModule): RunningModel {
  try {
    return start(wasm instanceof Uint8Array ? new webAssembly.Module(wasm) : wasm)
  } catch (error) {
    throw new MilliwattError('MODEL_ILLEGAL', 'compiled module', `${messageOf(error)}.`, error)
  }
}
