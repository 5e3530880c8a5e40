import type { Host } from '../core/host.ts'
import type { Backend } from './backend.ts'
import { type OrtModule, onnxruntimeBackend } from './onnxruntime.ts'
import { providerDevices } from './onnxruntime-devices.ts'

const name = 'onnxruntime-node'

/** What the package exports besides the common API. */
interface NativeModule extends OrtModule {
  /** Providers that the binary has. */
  listSupportedBackends?(): readonly { readonly name: string }[]
}

async function loadNative(host: Host): Promise<NativeModule | null> {
  const loaded = (await host.optionalPackage(name)) as (NativeModule & { default?: NativeModule }) | null
  return loaded?.default?.InferenceSession ? loaded.default : loaded
}

/** Folder of the package's own binaries; null when it is not where its versions since 1.22 have it. */
function binaryFolder(host: Host): string | null {
  const binding = `bin/napi-v6/${host.platform}/${host.architecture}/onnxruntime_binding.node`
  const path = host.packagePath(`${name}/${binding}`)
  return path && host.files.dirname(path)
}

/**
 * Native onnxruntime, an optional peer: several times faster than WebAssembly, tens of megabytes larger. The
 * install flag keeps its install script from downloading CUDA libraries. Its execution providers reach GPUs and NPUs.
 */
export const onnxruntimeNode: Backend = onnxruntimeBackend({
  name,
  summary: 'native onnxruntime (optional peer)',
  load: loadNative,
  reason: 'The optional package onnxruntime-node is not installed.',
  next: 'Run "npm install onnxruntime-node --onnxruntime-node-install=skip".',
  processor: 'cpu',
  devices: async (host) => {
    // What fails here is told by `available`.
    const supported = (await loadNative(host).catch(() => null))?.listSupportedBackends?.() ?? []
    return providerDevices(
      host,
      name,
      supported.map((provider) => provider.name),
      binaryFolder(host),
    )
  },
})
