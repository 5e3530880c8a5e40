import type { CManifest } from '../compile/c/render.ts'
import { type ModelTensor, viewTensor } from '../compile/instantiate.ts'
import type { ManifestTensor } from '../compile/manifest.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Koffi } from './koffi.ts'
import type { StampedRun } from './profile-layers.ts'

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
  /** Runs once and gives what every layer that has something to do took by a clock in the library. */
  stamped(): StampedRun
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
type StampedCall = (memory: Uint8Array, layers: number, stamps: BigInt64Array) => void

function noted<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new MilliwattError('BACKEND_FAILED', 'native', messageOf(error), error)
  }
}

/** Opens a built model. @throws MilliwattError BACKEND_FAILED with what the system said of the library */
export function openNative(koffi: Koffi, library: string, manifest: CManifest): NativeModel {
  const [call, reset, layer, stamp] = noted(() => {
    const loaded = koffi.load(library)
    const of = (name: string, more = '') => loaded.func(`void ${manifest.name}_${name}(void *arena${more})`)
    return [
      of('run'),
      of('reset'),
      of('run_layer', ', int32_t layer'),
      of('run_stamped', ', int32_t layers, int64_t *stamps'),
    ]
  }) as [Call, Call, LayerCall, StampedCall]
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
  const stamps = new BigInt64Array(count + 2)
  const secondsAt = (index: number) => Number(stamps[index + 1]! - stamps[index]!) * 1e-9
  const runStamped = onArena((memory) => stamp(memory, count, stamps))
  return {
    manifest,
    layers,
    stamped: () => {
      runStamped()
      return { layersS: Array.from({ length: count }, (_, index) => secondsAt(index)), clockS: secondsAt(count) }
    },
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
