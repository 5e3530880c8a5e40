import type { Backend } from './backend.ts'
import { type OrtModule, onnxruntimeBackend } from './onnxruntime.ts'

async function loadWasm(): Promise<OrtModule> {
  const ort = await import('onnxruntime-web')
  ort.env.wasm.numThreads = 1
  return ort as unknown as OrtModule
}

/** onnxruntime compiled to WebAssembly: a dependency, so always there. */
export const onnxruntimeWeb: Backend = onnxruntimeBackend({
  name: 'onnxruntime-web',
  summary: 'onnxruntime in WebAssembly (SIMD, one thread); works wherever Node does',
  load: loadWasm,
  reason: 'The package onnxruntime-web is not installed.',
  next: 'Run "npm install onnxruntime-web".',
  processor: 'wasm',
})
