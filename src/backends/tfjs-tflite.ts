import type { Backend } from './backend.ts'
import { openTflite, tfliteVersion } from './tfjs-tflite-module.ts'
import { tfliteBackend } from './tflite-engine.ts'

const name = 'tfjs-tflite'

/** TensorFlow Lite with XNNPACK in WebAssembly, an optional peer: one thread, no shim, a module shared by all models. */
export const tfjsTflite: Backend = tfliteBackend({
  name,
  summary: 'TensorFlow Lite with XNNPACK in WebAssembly (optional peer)',
  form: 'tflite',
  customOperators: new Set(),
  available: async (host) => {
    const version = await tfliteVersion(host)
    if (version) return { ok: true, engine: `tfjs-tflite ${version}` }
    return {
      ok: false,
      reason: 'The optional package @tensorflow/tfjs-tflite is not installed.',
      next: 'Run "npm install @tensorflow/tfjs-tflite@0.0.1-alpha.10 --legacy-peer-deps".',
    }
  },
  open: (host, segment) => openTflite(host, segment.source.bytes, name),
})
