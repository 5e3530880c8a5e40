import type { CManifest } from '../compile/c/render.ts'
import { type ModelTensor, viewTensor } from '../compile/instantiate.ts'
import type { ManifestTensor } from '../compile/manifest.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Koffi } from './koffi.ts'

/** A model in a shared library with an arena of its own. Inputs must be written before every run. */
export interface NativeModel {
  readonly inputs: readonly ModelTensor[]
  readonly outputs: readonly ModelTensor[]
  /** Synchronous; nothing is allocated. @throws MilliwattError MODEL_DISPOSED after `close` */
  run(): void
  /** Forgets what earlier runs left behind. @throws MilliwattError MODEL_DISPOSED after `close` */
  reset(): void
  readonly manifest: CManifest
  /** One function a layer, in order; null where there is nothing to do. */
  readonly layers: readonly ((() => void) | null)[]
  /** Calls the library for nothing. */
  nothing(): void
  /** Gives the arena back. */
  close(): void
}

/** Memory whose address is a multiple of `alignment`: the buffer and where it begins there. */
function alignedMemory(koffi: Koffi, bytes: number, alignment: number): Uint8Array {
  const room = new Uint8Array(bytes + alignment)
  const beyond = Number(koffi.address(room) % BigInt(alignment))
  return room.subarray((alignment - beyond) % alignment).subarray(0, bytes)
}

type Call = (memory: Uint8Array) => void
type LayerCall = (memory: Uint8Array, layer: number) => void

function noted<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new MilliwattError('BACKEND_FAILED', 'native', messageOf(error), error)
  }
}

/** Opens a built model. @throws MilliwattError BACKEND_FAILED with what the system said of the library */
export function openNative(koffi: Koffi, library: string, manifest: CManifest): NativeModel {
  const [call, reset, layer] = noted(() => {
    const loaded = koffi.load(library)
    const of = (name: string, more = '') => loaded.func(`void ${manifest.name}_${name}(void *arena${more})`)
    return [of('run'), of('reset'), of('run_layer', ', int32_t layer')]
  }) as [Call, Call, LayerCall]
  let arena: Uint8Array | null = alignedMemory(koffi, manifest.arenaBytes, manifest.alignment)
  const { buffer, byteOffset } = arena
  const view = (tensor: ManifestTensor): ModelTensor => {
    return { ...tensor, data: viewTensor(buffer as ArrayBuffer, { ...tensor, offset: byteOffset + tensor.offset }) }
  }
  const onArena = (function_: Call) => () => {
    if (!arena) throw new MilliwattError('MODEL_DISPOSED', 'native')
    function_(arena)
  }
  reset(arena)
  let count = 0
  const layers = manifest.layers.map(({ kernel }) => {
    if (kernel === 'alias') return null
    const index = count++
    return onArena((memory) => layer(memory, index))
  })
  return {
    manifest,
    layers,
    nothing: onArena((memory) => layer(memory, -1)),
    inputs: manifest.inputs.map(view),
    outputs: manifest.outputs.map(view),
    run: onArena(call),
    reset: onArena(reset),
    close: () => {
      arena = null
    },
  }
}
