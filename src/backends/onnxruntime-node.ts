import type { Host } from '../core/host.ts'
import type { Backend } from './backend.ts'
import { type OrtModule, onnxruntimeBackend } from './onnxruntime.ts'

async function loadNative(host: Host): Promise<OrtModule | null> {
  const loaded = (await host.optionalPackage('onnxruntime-node')) as (OrtModule & { default?: OrtModule }) | null
  return loaded?.default?.InferenceSession ? loaded.default : loaded
}

/**
 * Native onnxruntime, an optional peer: several times faster than WebAssembly, tens of megabytes larger. The
 * install flag keeps its install script from downloading CUDA libraries.
 */
export const onnxruntimeNode: Backend = onnxruntimeBackend({
  name: 'onnxruntime-node',
  summary: 'native onnxruntime (optional peer)',
  load: loadNative,
  reason: 'The optional package onnxruntime-node is not installed.',
  next: 'Run "npm install onnxruntime-node --onnxruntime-node-install=skip".',
  providers: { cpu: 'cpu' },
})
